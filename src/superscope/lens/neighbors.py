"""The rows nearest to a row, or to each of many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32, Float64, UnitRows
from superscope.lens.products import overlaps
from superscope.progress import Progress, silent

Int64 = npt.NDArray[np.int64]

SHORT = 0.01  # share of the rows, the shortest, without which neighbors are given too
_BYTES = 1 << 27  # of overlaps at once
_BLOCK = 64  # overlaps of which the greatest is taken first


def nearest(own: Float32, keep: int, left_out: npt.NDArray[np.bool_]) -> Int64:
    """Return the positions of the greatest overlaps, greatest first.

    Parameters
    ----------
    own
        Overlaps of the row with all, shape (V,).
    keep
        How many; fewer where there are not so many.
    left_out
        Rows that are no neighbors, shape (V,): the row itself, and equal ones.
    """
    keep = min(keep, len(own) - int(np.count_nonzero(left_out)))
    if not keep:
        return np.empty(0, np.int64)
    values = np.where(left_out, np.float32(-np.inf), own)
    # The least of the greatest of `keep` blocks is a bound that few others reach.
    greatest = values[: len(values) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).max(axis=1)
    bound = np.partition(greatest, -keep)[-keep] if len(greatest) >= keep else -np.inf
    able = np.flatnonzero(values >= bound)
    values = values[able]
    best = np.flatnonzero(values >= -np.partition(-values, keep - 1)[keep - 1])
    return able[best[np.argsort(-values[best], kind="stable")][:keep]]


def shortest(norms: Float64) -> npt.NDArray[np.bool_]:
    """Return which rows are among the shortest hundredth."""
    few = int(SHORT * len(norms))
    short = np.zeros(len(norms), bool)
    short[np.argsort(norms, kind="stable")[:few]] = True
    return short


@dataclass(frozen=True, eq=False)
class NearestRows:
    """The rows nearest to some tokens.

    Attributes
    ----------
    targets
        Tokens, ascending, those without a direction left out, int64, shape (t,).
    neighbors
        Ids of the k rows nearest to each, nearest first; an equal row is one of them. int64,
        shape (t, k).
    overlaps
        c of each of them, float64, shape (t, k).
    interference
        Mean of c² of each token with every other row, float64, shape (t,).
    """

    targets: Int64
    neighbors: Int64
    overlaps: Float64
    interference: Float64


def nearest_rows(
    rows: UnitRows, targets: Int64, keep: int, progress: Progress = silent
) -> NearestRows:
    """Find the rows nearest to some tokens: one product with all rows, in pieces.

    Parameters
    ----------
    rows
        V unit rows.
    targets
        Ids of tokens, ascending.
    keep
        How many neighbors.
    progress
        Called with the tokens that are done.
    """
    ids = rows.head.kept_ids
    places = np.searchsorted(ids, targets)
    places[places == len(ids)] = 0
    targets, places = targets[ids[places] == targets], places[ids[places] == targets]
    keep = min(keep, rows.features - 1)
    found = np.empty((len(targets), keep), np.int64)
    values, square = np.empty((len(targets), keep)), np.empty(len(targets))
    itself, wide = np.zeros(rows.features, bool), np.empty(rows.features)
    step = max(1, _BYTES // (4 * rows.features))
    for start in range(0, len(targets), step):
        batch = places[start : start + step]
        for k, c in enumerate(overlaps(rows, rows.take(batch)), start):
            itself[places[k]] = True
            best = nearest(c, keep, itself)
            itself[places[k]] = False
            found[k], values[k] = ids[best], c[best]
            c[places[k]] = 0
            wide[:] = c
            square[k] = np.einsum("i,i->", wide, wide) / (rows.features - 1)  # "@" wakes threads
        progress("nearest rows", min(start + step, len(targets)), len(targets))
    return NearestRows(targets, found, values, square)
