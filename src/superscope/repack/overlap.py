"""Overlaps of the rows of a narrow head, from its factors: no pair is formed, and not W_r."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.heads.narrow_head import Block, NarrowHead
from superscope.repack.full_head import PIECE

Float64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_ROUNDING = 1e-14  # of the mean squared norm: a row that is shorter is zero but for rounding


@dataclass(frozen=True)
class RowOverlap:
    """Mean of c² over distinct pairs of rows of a head, with its shift; None below two rows.

    Attributes
    ----------
    raw, centered
        Of the rows as they are, and less their mean: as :func:`superscope.measure` has them.
    """

    raw: float | None
    centered: float | None


def row_overlap(head: NarrowHead) -> RowOverlap:
    """Return the mean square overlap of the rows of W_r, raw and mean-centered.

    A block's rows are A B; with Bᵀ = Q R their coordinates are the rows of A Rᵀ, whose unit vectors
    have a Gram matrix g, r × r. So G = Σ Q g Qᵀ over blocks, and the mean is that of definitions
    §2. Products and sums are float64.

    Parameters
    ----------
    head
        A head of factors.

    Returns
    -------
    RowOverlap
        Mean c², raw and centered.
    """
    shift = np.zeros(head.width) if head.shift is None else head.shift.astype(np.float64)
    kept = [_with_direction(block, shift) for block in head.blocks]
    mean = np.zeros(head.width)
    for block, some in zip(head.blocks, kept, strict=True):
        mean += block.rows.sum(axis=0, dtype=np.float64, where=some[:, None]) @ block.columns
    mean /= max(1, sum(int(some.sum()) for some in kept))
    return RowOverlap(_mean_square(head, kept, shift), _mean_square(head, kept, -mean))


def _with_direction(block: Block, shift: Float64) -> Bools:
    """Return which rows of W_r are not zero, shape (b,)."""
    if shift.any():
        return np.ones(len(block.rows), np.bool_)
    there: Bools = np.asarray(block.rows.any(axis=1))
    return there


def _mean_square(head: NarrowHead, kept: Sequence[Bools], added: Float64) -> float | None:
    """Return the mean of c² of kept rows, `added` to each of W_r without its shift."""
    rows, gram = 0, np.zeros((head.width, head.width))
    least = _least(head, added)
    for block, some in zip(head.blocks, kept, strict=True):
        basis, part = _basis(block, added)
        small = np.zeros((basis.shape[1],) * 2)
        for where, points in _pieces(block, part):
            squares = np.einsum("ij,ij->i", points, points)
            used = (squares > least) & some[where]
            unit = points[used] / np.sqrt(squares[used])[:, None]
            small += unit.T @ unit
            rows += len(unit)
        gram += basis @ small @ basis.T
    if rows < 2:
        return None
    return min(1.0, max(0.0, (float(np.vdot(gram, gram)) - rows) / (rows * (rows - 1))))


def _least(head: NarrowHead, added: Float64) -> float:
    """Return the squared norm at or below which a row is zero."""
    total = head.vocabulary * float(added @ added)
    for block in head.blocks:
        lengths = np.einsum("ij,ij->j", block.rows, block.rows, dtype=np.float64)
        total += float(lengths @ np.einsum("ij,ij->i", block.columns, block.columns))
    return _ROUNDING * total / head.vocabulary


def _basis(block: Block, added: Float64) -> tuple[Float64, Float64]:
    """Return orthonormal columns, (m, k), and what turns [A, 1] into coordinates on them."""
    stacked = np.vstack([block.columns, added]).astype(np.float64)
    basis, triangle = np.linalg.qr(stacked.T)
    return basis, triangle.T


def _pieces(block: Block, part: Float64) -> Iterator[tuple[slice, Float64]]:
    """Yield the rows of a block by their coordinates, a piece at a time."""
    size = max(1, PIECE // len(part))
    for start in range(0, len(block.rows), size):
        some = block.rows[start : start + size].astype(np.float64)
        yield slice(start, start + size), some @ part[:-1] + part[-1]
