"""Rows of which it is known, or seems, that they were never trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.errors import FormatError
from superscope.geometry.unit_rows import Float32, Float64, blocks, row_norms
from superscope.heads import Head
from superscope.lens.indicators import distances_from, principal_axes

Int64 = npt.NDArray[np.int64]

FEWEST = 3  # rows that make a reference
_MOST = 512  # rows of a reference that are compared with each other
_NEVER = (0xC0, 0xC1, *range(0xF5, 0x100))
_BYTES = frozenset(f"<0x{b:02X}>" for b in _NEVER) | frozenset(rf"\x{b:02x}" for b in _NEVER)
_TILE, _WINDOW, _DENSE = 256, 64, 5  # rows compared at once, in common, and near each other


@dataclass(frozen=True, eq=False)
class Reference:
    """Rows from whose mean distances are taken.

    Attributes
    ----------
    kind
        What they are, in words.
    ids
        Their ids, int64.
    known
        Whether they are known to be unused. Other tokens may spell those that their own text does
        not give, control tokens may be in use, and so may a dense group.
    """

    kind: str
    ids: Int64
    known: bool = True


def references(head: Head) -> Iterator[Reference]:
    """Yield the kinds of known-unused rows of a head that has a tokenizer, the surest first."""
    if head.tokens is None:
        return
    ids = head.kept_ids
    texts = [head.token(i) for i in ids.tolist()]
    of = _kinds(head, ids)
    for what, rows, known in (
        ("bytes that UTF-8 never has", [text in _BYTES for text in texts], True),
        ("ids that the tokenizer does not have", [text is None for text in texts], True),
        ("tokens that their own text does not give", [k == "unreachable" for k in of], False),
        ("control tokens", [k == "special" for k in of], False),
    ):
        if sum(rows) >= FEWEST:
            yield Reference(what, ids[np.array(rows)], known)


def _kinds(head: Head, ids: Int64) -> list[str]:
    """Return what the tokenizer says of each id; nothing if it cannot be read."""
    try:
        kinds = () if head.tokenizer is None else head.tokenizer.kinds
    except FormatError:
        return []
    return [str(kinds[i]) if i < len(kinds) else "absent" for i in ids.tolist()]


def close_together(rows: Float32) -> npt.NDArray[np.intp]:
    """Return which rows, shape (n, m), are the densest third, with those that are as near.

    A reference may hold rows that were trained after all; these are then not among them.
    """
    some = rows[np.unique(np.linspace(0, len(rows) - 1, _MOST).astype(np.intp))]
    less = some - some.mean(axis=0, dtype=np.float64)
    squares = np.einsum("ij,ij->i", less, less)
    d = np.sqrt(np.maximum(squares[:, None] + squares - 2 * (less @ less.T), 0))
    kth = np.sort(d, axis=1)[:, max(FEWEST - 1, len(some) // 3)]
    middle = int(np.argmin(kth))
    # Rows of independent noise are all as far from each other, to within a few per cent.
    return np.flatnonzero(row_norms(rows - some[middle]) <= 1.25 * float(kth[middle]))


def densest(head: Head) -> npt.NDArray[np.intp]:
    """Return the positions of rows that lie nearest to each other, or none.

    Rows that were never trained differ from each other by little or nothing, so that they follow
    each other in the order of norms, or of projections on the first components. Each row is
    compared with those about it in these orders only.
    """
    if head.features <= 2 * _DENSE:
        return np.empty(0, np.intp)
    axes, bounds = principal_axes(head, 2), list(blocks(head.features, head.width))
    keys = np.concatenate([_keys(head.block(a, b), axes) for a, b in bounds], axis=1)
    best, at = np.inf, 0
    for key in keys:
        order = np.argsort(key, kind="stable")
        for start in range(0, head.features, _TILE - _WINDOW):
            kth = _to_kth(head.take(order[start : start + _TILE]))
            row = int(np.argmin(kth))
            if kth[row] < best:
                best, at = float(kth[row]), int(order[start + row])
    distances = distances_from(head, head.take(np.array([at]))[0].astype(np.float64))
    return np.flatnonzero(distances <= 1.25 * np.partition(distances, _DENSE)[_DENSE])


def _to_kth(rows: Float32) -> Float32:
    """Return the distance of each row to the fifth nearest of these rows; inf if they are few."""
    if len(rows) <= _DENSE:
        return np.full(len(rows), np.inf, np.float32)
    less = rows - rows.mean(axis=0)  # else the squares of long rows hide small differences
    squares = np.einsum("ij,ij->i", less, less)
    near = squares[:, None] + squares - 2 * (less @ less.T)
    return np.sqrt(np.maximum(np.partition(near, _DENSE, axis=1)[:, _DENSE], 0))


def _keys(rows: Float32, axes: Float64) -> Float64:
    return np.stack([row_norms(rows), *(rows @ axes).T])
