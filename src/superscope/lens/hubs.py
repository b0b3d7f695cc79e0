"""How many rows have a row among their nearest: many, if it is a hub."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32, UnitRows
from superscope.lens.products import products_of

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
        for start, stop, c in products_of(rows, rows.take(batch)):
            here = np.flatnonzero((batch >= start) & (batch < stop))
            c[batch[here] - start, here] = -2  # a row is no neighbor of itself
            c[left_out[start:stop]] = -2
            nearer += (c > toward).sum(axis=0)
        have = int((nearer < keep).sum())
        count, asked = count + have, asked + len(batch)
        if not have:
            break
    return InDegree(count, asked, keep)
