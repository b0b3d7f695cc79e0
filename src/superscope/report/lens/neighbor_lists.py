"""The lists of nearest rows in a page: of every token, or of as many as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.pairs import exact
from superscope.geometry.unit_rows import UnitRows
from superscope.lens import Lens
from superscope.lens.neighbors import nearest_rows
from superscope.progress import Progress

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]

MOST_BYTES = 5 << 20  # of the lists in the page
_BASE64 = 4 / 3


@dataclass(frozen=True, eq=False)
class NeighborLists:
    """The lists of nearest rows that a page holds.

    Attributes
    ----------
    of
        Ids of the tokens that have a list, ascending, shape (n,).
    ids, overlaps
        Ids of the nearest rows of each, nearest first, and c with them, shape (n, k).
    complete
        Whether every row that can be compared has a list.
    """

    of: Int64
    ids: Int64
    overlaps: Float32
    complete: bool


def lists_that_fit(
    lens: Lens, rows: UnitRows, keep: int, first: Sequence[int], progress: Progress
) -> NeighborLists:
    """Return the nearest rows of all rows in one pass over all pairs, or of those that fit.

    Parameters
    ----------
    lens
        Whose tokens they are.
    rows
        Unit rows that may be near, no two equal.
    keep
        Nearest rows of each.
    first
        Ids that have a list in any case.
    progress
        Called with what is done.
    """
    keep = min(keep, rows.features - 1)
    ids = rows.head.kept_ids
    most = int(MOST_BYTES / (_BASE64 * keep * (bytes_of(lens.head.stored.shape[0]) + 1)))
    if rows.features <= most:
        found = exact(rows, neighbors=keep, top=1, progress=progress)
        assert found.neighbors is not None
        assert found.neighbor_overlaps is not None
        return NeighborLists(ids, found.neighbors.astype(np.int64), found.neighbor_overlaps, True)
    chosen = _chosen(lens, ids, most, first)
    near = nearest_rows(rows, ids[chosen], keep, progress)
    return NeighborLists(near.targets, near.neighbors, near.overlaps.astype(np.float32), False)


def bytes_of(rows: int) -> int:
    """Return the bytes in which a page holds the number of a row."""
    return 2 if rows < 1 << 16 else 4


def _chosen(lens: Lens, ids: Int64, most: int, first: Sequence[int]) -> Int64:
    """Return the places of the rows that have a list.

    These are the ones named, then by turns the most frequent (without frequencies those of the
    least ids, which tokenizers give to what is frequent) and those of the greatest interference.
    """
    table = lens.tokens().set_index("id")["interference_centered"].reindex(ids).fillna(0.0)
    packed = np.argsort(-table.to_numpy(np.float64), kind="stable")
    frequent = np.arange(len(ids))
    if lens.frequencies is not None:
        frequent = np.argsort(-lens.frequencies[ids], kind="stable")
    turns = np.stack([frequent, packed], axis=1).ravel()
    order = np.concatenate([np.flatnonzero(np.isin(ids, list(first))), turns])
    _, at = np.unique(order, return_index=True)
    return np.sort(order[np.sort(at)[:most]]).astype(np.int64)
