"""One pass over a tile of overlaps in the CPU's caches, compiled by numba.

A tile is the product of some unit rows (its rows) with some others (its columns).
Threads share a tile, but each writes only to its own memory: first each takes a band
of rows, for sums, histogram, top pairs and the rows' neighbors; then a band of
columns, for the columns' neighbors.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from superscope.compiled import njit
from superscope.device import usable_cores
from superscope.geometry.tiles import ALIKE, BINS, Keep, Tiles, TileSums
from superscope.geometry.unit_rows import Float32


class Tile(NamedTuple):
    """Overlaps of consecutive rows with consecutive columns, and the first row and column."""

    overlaps: Any
    row0: Any
    column0: Any


class Nearest(NamedTuple):
    """The nearest rows of every row, nearest first."""

    overlaps: Any
    ids: Any


class Top(NamedTuple):
    """The pairs with the largest overlaps, largest first."""

    overlaps: Any
    ids: Any


class Tops(NamedTuple):
    """The top pairs of listed rows, those of all rows, and which rows are listed."""

    among: Any
    every: Any
    listed: Any


# Functions with given types are compiled, or loaded from numba's cache, on import.
_MATRIX, _IDS = types.float32[:, ::1], types.int32[:, ::1]
_TILE = types.NamedTuple((_MATRIX, types.int64, types.int64), Tile)
_NEAREST = types.NamedTuple((_MATRIX, _IDS), Nearest)
_TOP = types.NamedTuple((types.float32[::1], types.int64[:, ::1]), Top)
_TOPS = types.NamedTuple((_TOP, _TOP, types.boolean[::1]), Tops)
_INT, _NUMBER = types.int64, types.float32

_MARGIN = 16  # bins beyond ±1, for overlaps that exceed it by rounding, at most that of bfloat16
_ALIKE = np.float32(ALIKE)
_CHUNK = 64  # columns checked together: one vectorized comparison tells whether any matters


@njit(types.void(_NEAREST, _INT, _NUMBER, _INT))
def _insert(nearest, row, value, other):  # type: ignore  # pragma: no cover
    """Insert a value into a row's list, which is sorted descending; the last is dropped."""
    values, ids = nearest.overlaps, nearest.ids
    at = values.shape[1] - 1
    while at > 0 and values[row, at - 1] < value:
        values[row, at] = values[row, at - 1]
        ids[row, at] = ids[row, at - 1]
        at -= 1
    values[row, at] = value
    ids[row, at] = other


@njit(types.void(_TOP, _NUMBER, _INT, _INT))
def _insert_pair(pairs, value, row, column):  # type: ignore  # pragma: no cover
    """Insert a pair into the list of top pairs, unless the last one in it ranks higher.

    The list is sorted by value, highest first, then by row and column, so that the choice
    among many identical rows does not depend on rounding or threads.
    """
    top, top_ids = pairs.overlaps, pairs.ids
    value = np.float32(1) if value > _ALIKE else value
    at = len(top)
    while at > 0 and (
        top[at - 1] < value
        or (
            top[at - 1] == value
            and (
                top_ids[at - 1, 0] > row
                or (top_ids[at - 1, 0] == row and top_ids[at - 1, 1] > column)
            )
        )
    ):
        at -= 1
    if at == len(top):
        return
    for k in range(len(top) - 1, at, -1):
        top[k] = top[k - 1]
        top_ids[k, 0] = top_ids[k - 1, 0]
        top_ids[k, 1] = top_ids[k - 1, 1]
    top[at] = value
    top_ids[at, 0] = row
    top_ids[at, 1] = column


@njit(types.void(_TOPS, types.float32[::1], _NUMBER, _INT, _INT))
def _insert_pairs(tops, overlaps, bar, row, column0):  # type: ignore  # pragma: no cover
    """Insert the overlaps of a row, from a column on, that are not below a bar."""
    row_listed = tops.listed[row]
    for k in range(len(overlaps)):
        value = abs(overlaps[k])
        if value >= bar:
            _insert_pair(tops.every, value, row, column0 + k)
            if row_listed and tops.listed[column0 + k]:
                _insert_pair(tops.among, value, row, column0 + k)


@njit(types.void(_TILE, _INT, _INT, types.float64[::1], types.int64[:, ::1], _NEAREST, _TOPS))
def _by_rows(  # type: ignore  # noqa: PLR0917  # pragma: no cover
    tile, begin, end, sums, counts, nearest, tops
):
    """Add rows `begin` to `end` of a tile: only pairs whose column comes after their row."""
    every, row0, column0 = tile.overlaps, tile.row0, tile.column0
    near, listed = nearest.overlaps, tops.listed
    among, all_rows = tops.among.overlaps, tops.every.overlaps
    columns = every.shape[1]
    keep = near.shape[1]
    one = np.float32(1)
    scale = np.float32(BINS / 2)
    margin = np.float32(_MARGIN)
    bins = np.empty(_CHUNK, np.int32)
    for i in range(begin, end):
        row = row0 + i
        absolute = 0.0
        square = 0.0
        for c0 in range(max(0, row + 1 - column0), columns, _CHUNK):
            overlaps = every[i, c0 : min(c0 + _CHUNK, columns)]
            size = len(overlaps)
            near_bar = near[row, keep - 1] if keep else one + one
            top_bar = min(all_rows[len(all_rows) - 1], _ALIKE)
            if listed[row]:
                top_bar = min(top_bar, among[len(among) - 1])
            part_absolute = np.float32(0)
            part_square = np.float32(0)
            nearer = 0
            larger = 0
            # Counting values above a bar vectorizes; finding the maximum does not.
            for k in range(size):
                c = overlaps[k]
                part_absolute += abs(c)
                part_square += c * c
                nearer += c > near_bar
                larger += abs(c) >= top_bar
            for k in range(size):
                bins[k] = np.int32((overlaps[k] + one) * scale + margin)
            absolute += part_absolute  # type: ignore[assignment]
            square += part_square  # type: ignore[assignment]
            # Counting into four histograms in turn avoids waiting for writes to one address.
            whole = size & ~3
            for k in range(0, whole, 4):
                counts[0, np.uint32(bins[k])] += 1
                counts[1, np.uint32(bins[k + 1])] += 1
                counts[2, np.uint32(bins[k + 2])] += 1
                counts[3, np.uint32(bins[k + 3])] += 1
            for k in range(whole, size):
                counts[0, np.uint32(bins[k])] += 1
            if nearer:
                for k in range(size):
                    if overlaps[k] > near[row, keep - 1]:
                        _insert(nearest, row, overlaps[k], column0 + c0 + k)
            if larger:
                _insert_pairs(tops, overlaps, top_bar, row, column0 + c0)
        sums[0] += absolute
        sums[1] += square


@njit(types.void(_TILE, _INT, _INT, _NEAREST))
def _by_columns(tile, begin, end, nearest):  # type: ignore  # pragma: no cover
    """Add the pairs of columns `begin` to `end` to the columns' lists of neighbors."""
    every, row0, column0, near = tile.overlaps, tile.row0, tile.column0, nearest.overlaps
    keep = near.shape[1]
    bar = np.empty(end - begin, np.float32)  # an overlap must exceed this to enter a list
    for j in range(begin, end):
        bar[j - begin] = near[column0 + j, keep - 1]
    for i in range(every.shape[0]):
        row = row0 + i
        for c0 in range(max(begin, row + 1 - column0), end, _CHUNK):
            overlaps = every[i, c0 : min(c0 + _CHUNK, end)]
            bars = bar[c0 - begin : c0 - begin + len(overlaps)]
            nearer = 0
            for k in range(len(overlaps)):
                nearer += overlaps[k] > bars[k]
            if nearer:
                for k in range(len(overlaps)):
                    if overlaps[k] > bars[k]:
                        _insert(nearest, column0 + c0 + k, overlaps[k], row)
                        bars[k] = near[column0 + c0 + k, keep - 1]


class CpuTiles(Tiles):
    """Tiles in float32, multiplied by numpy.

    Parameters
    ----------
    keep
        Which nearest rows and top pairs to keep.
    threads
        Number of threads that share a tile; by default all usable cores.
    """

    def __init__(self, keep: Keep, threads: int | None = None):
        self._threads = count = threads or usable_cores()
        self._pool = ThreadPoolExecutor(count)
        self._sums = np.zeros((count, 2))
        self._counts = np.zeros((count, 4, BINS + 2 * _MARGIN), np.int64)
        self._among = _empty(count, keep.top)
        self._every = _empty(count, keep.peaks)
        self._listed = keep.listed
        self._nearest = Nearest(
            np.full((keep.features, keep.neighbors), -2, np.float32),
            np.zeros((keep.features, keep.neighbors), np.int32),
        )
        self._memory = np.empty(0, np.float32)  # reused for every tile

    def load(self, unit: Float32) -> Any:
        return unit

    def product(self, rows: Any, columns: Any) -> Float32:
        size = len(rows) * len(columns)
        if self._memory.size < size:
            self._memory = np.empty(size, np.float32)
        tile = self._memory[:size].reshape(len(rows), len(columns))
        np.matmul(rows, columns.T, out=tile)
        return tile

    def add(self, tile: Float32, row0: int, column0: int) -> None:
        count = self._threads
        placed = Tile(tile, row0, column0)

        def by_rows(thread: int) -> None:
            begin, end = _band(tile.shape[0], thread, count)
            among = Top(self._among.overlaps[thread], self._among.ids[thread])
            every = Top(self._every.overlaps[thread], self._every.ids[thread])
            _by_rows(
                placed, begin, end, self._sums[thread], self._counts[thread], self._nearest,
                Tops(among, every, self._listed),
            )  # fmt: skip

        def by_columns(thread: int) -> None:
            begin, end = _band(tile.shape[1], thread, count)
            _by_columns(placed, begin, end, self._nearest)

        list(self._pool.map(by_rows, range(count)))
        if self._nearest.overlaps.shape[1]:
            list(self._pool.map(by_columns, range(count)))

    def result(self) -> TileSums:
        self._pool.shutdown()
        top, top_ids = _merged(self._among)
        peak, peak_ids = _merged(self._every)
        return TileSums(
            absolute=float(self._sums[:, 0].sum()),
            square=float(self._sums[:, 1].sum()),
            counts=_folded(self._counts.sum(axis=(0, 1))),
            near=self._nearest.overlaps,
            near_ids=self._nearest.ids,
            top=top,
            top_ids=top_ids,
            peak=peak,
            peak_ids=peak_ids,
        )


def _empty(threads: int, pairs: int) -> Top:
    return Top(np.full((threads, pairs), -1, np.float32), np.zeros((threads, pairs, 2), np.int64))


def _merged(top: Top) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Return the top pairs of all threads, highest first."""
    overlaps, ids = top.overlaps.reshape(-1), top.ids.reshape(-1, 2)
    order = np.lexsort((ids[:, 1], ids[:, 0], -overlaps))
    order = order[overlaps[order] >= 0][: top.overlaps.shape[1]]
    return overlaps[order], ids[order]


def _folded(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the histogram with the counts beyond ±1 added to its end bins."""
    inside = counts[_MARGIN:-_MARGIN].copy()
    inside[0] += counts[:_MARGIN].sum()
    inside[-1] += counts[-_MARGIN:].sum()
    return inside


def _band(length: int, thread: int, threads: int) -> tuple[int, int]:
    return length * thread // threads, length * (thread + 1) // threads
