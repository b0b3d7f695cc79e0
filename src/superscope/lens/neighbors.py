"""The rows nearest to a few rows: one product with all rows, and no pass over all pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32, Float64, UnitRows, of_blocks
from superscope.progress import Progress, silent

Int64 = npt.NDArray[np.int64]

SHORT = 0.01  # share of the rows, the shortest, without which neighbors are given too
_BATCH = 64  # rows asked at once whether they have a token among their neighbors
_ASKED = 4096  # rows asked at most
_WORK = 1 << 34  # multiplications for all that are asked: about half a second of two cores
_ALIKE = 1e-6  # overlaps this close are the same


@dataclass(frozen=True)
class InDegree:
    """How many rows have a token among their own k nearest: large for a hub.

    On average it is k. The rows nearest to the token are asked first, until a batch of 64 has none,
    or 4,096 are asked, or that takes 2³⁴ multiplications: 64 rows of 262,144 × 640. So the count
    is a lower bound.

    Attributes
    ----------
    count
        Rows asked that have it.
    asked
        Rows asked.
    nearest
        k.
    """

    count: int
    asked: int
    nearest: int


def overlaps(rows: UnitRows, wanted: Float32, progress: Progress = silent) -> Float32:
    """Return the overlaps of some unit vectors with every row, float32, shape (t, V).

    Unit rows are not formed, because that takes longer than the product. An overlap is off by
    1e-7 times the share of a row that is left after centering.

    Parameters
    ----------
    rows
        V unit rows.
    wanted
        Unit vectors, float32, shape (t, m).
    progress
        Called with the rows that are done.
    """
    found = np.empty((len(wanted), rows.features), np.float32)
    for start, stop, c in _products(rows, wanted):
        found[:, start:stop] = c.T
        progress("overlaps", stop, rows.features)
    return np.clip(found, -1, 1, out=found)


def overlaps_of(asked: Sequence[tuple[UnitRows, int]]) -> list[Float32]:
    """Return the overlaps of one row with all, under several centerings, each of shape (V,).

    Where the centerings leave the same rows, one product with them serves all.

    Parameters
    ----------
    asked
        The unit rows under a centering, and the position of the row among them.
    """
    units = [rows.take(np.array([place])) for rows, place in asked]
    if any(rows.head is not asked[0][0].head or not _safe(rows) for rows, _ in asked):
        return [overlaps(rows, u)[0] for (rows, _), u in zip(asked, units, strict=True)]
    turned = np.ascontiguousarray(np.concatenate(units).T)
    shifts = np.array(
        [
            0.0 if rows.center is None else float(rows.center @ turned[:, k])
            for k, (rows, _) in enumerate(asked)
        ],
        np.float32,
    )
    scales = np.stack([rows.inverse_norms for rows, _ in asked], axis=1).astype(np.float32)

    def products(start: int, stop: int, some: Float32) -> Float32:
        c: Float32 = some @ turned
        c -= shifts
        c *= scales[start:stop]
        return c

    head = asked[0][0].head
    found = np.concatenate([c for _, _, c in of_blocks(head, products)])
    return [np.clip(found[:, k], -1, 1) for k in range(len(asked))]


def _safe(rows: UnitRows) -> bool:
    """Return whether products with rows as they are stay in float32's normal range."""
    return bool(rows.inverse_norms.min() > 1e-15 and rows.inverse_norms.max() < 1e15)


def _products(rows: UnitRows, wanted: Float32) -> Iterator[tuple[int, int, Float32]]:
    """Yield the bounds of blocks of rows, and their overlaps with unit vectors, shape (rows, t)."""
    inverse, turned = rows.inverse_norms, np.ascontiguousarray(wanted.T)
    safe = _safe(rows)
    shift = np.float32(0) if rows.center is None else rows.center @ turned

    def products(start: int, stop: int, some: Float32) -> Float32:
        if not safe:
            return rows.block(start, stop) @ turned
        c: Float32 = some @ turned
        c -= shift
        c *= inverse[start:stop, None].astype(np.float32)
        return c

    yield from of_blocks(rows.head, products)


def nearest(overlaps: Float32, keep: int, left_out: npt.NDArray[np.bool_]) -> Int64:
    """Return the positions of the greatest overlaps, greatest first.

    Parameters
    ----------
    overlaps
        Of one row with all, shape (V,).
    keep
        How many; fewer where there are not so many.
    left_out
        Rows that are no neighbors, shape (V,): the row itself, and equal ones.
    """
    allowed = np.flatnonzero(~left_out)
    keep = min(keep, len(allowed))
    if not keep:
        return np.empty(0, np.int64)
    values = overlaps[allowed]
    best = np.flatnonzero(values >= -np.partition(-values, keep - 1)[keep - 1])
    order = best[np.argsort(-values[best], kind="stable")][:keep]
    return allowed[order]


def shortest(norms: Float64) -> npt.NDArray[np.bool_]:
    """Return which rows are among the shortest hundredth."""
    few = int(SHORT * len(norms))
    short = np.zeros(len(norms), bool)
    short[np.argsort(norms, kind="stable")[:few]] = True
    return short


def in_degree(
    rows: UnitRows, position: int, own: Float32, keep: int, left_out: npt.NDArray[np.bool_]
) -> InDegree:
    """Count the rows that have one row among their `keep` nearest.

    Parameters
    ----------
    rows
        V unit rows.
    position
        The row that is looked for.
    own
        Its overlaps with all rows, shape (V,).
    keep
        How many nearest rows of each row count.
    left_out
        Rows that neither are asked nor are nearest to any, shape (V,): those equal to another.
    """
    left_out = left_out.copy()
    left_out[position] = False
    keep = min(keep, int((~left_out).sum()) - 1)
    order = np.argsort(-own, kind="stable")
    order = order[(order != position) & ~left_out[order]]
    count = asked = 0
    most = min(_ASKED, max(1, _WORK // (_BATCH * rows.features * rows.width)) * _BATCH)
    while asked < min(most, len(order)):
        batch = order[asked : asked + _BATCH]
        toward = own[batch] + _ALIKE
        nearer = np.zeros(len(batch), np.int64)
        for start, stop, c in _products(rows, rows.take(batch)):
            here = np.flatnonzero((batch >= start) & (batch < stop))
            c[batch[here] - start, here] = -2  # a row is no neighbor of itself
            c[left_out[start:stop]] = -2
            nearer += (c > toward).sum(axis=0)
        have = int((nearer < keep).sum())
        count, asked = count + have, asked + len(batch)
        if not have:
            break
    return InDegree(count, asked, keep)
