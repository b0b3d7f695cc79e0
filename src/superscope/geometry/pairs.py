"""Statistics over pairs of rows: over all pairs in one tiled sweep, or over a sample."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.device import device_named
from superscope.geometry import stages
from superscope.geometry.listing import Listing
from superscope.geometry.rescore import overlaps_of, rescored
from superscope.geometry.tiles import ALIKE, BINS, Keep, Tiles, TileSums, bin_edges
from superscope.geometry.unit_rows import Float64, UnitRows
from superscope.progress import Progress, silent
from superscope.result import Result
from superscope.text import counted, number

TILE_ROWS, TILE_COLUMNS = 4096, 512
SAMPLES = 1 << 18

# Largest error of an overlap: 4 units of rounding, from two factors and their product.
ROUNDING = {"float32": 0.0, "bfloat16": 4 * 2.0**-8, "float16": 4 * 2.0**-11}


@dataclass(frozen=True)
class Pair:
    """Two rows and their overlap.

    Attributes
    ----------
    first, second
        Their vocabulary ids.
    overlap
        c of the two.
    first_text, second_text
        Their texts, if known.
    """

    first: int
    second: int
    overlap: float
    first_text: str | None = None
    second_text: str | None = None


@dataclass(frozen=True, eq=False)
class PairStatistics(Result):
    """Statistics of c over distinct pairs.

    Attributes
    ----------
    method
        ``exact``: every pair once; ``sample``: pairs drawn uniformly with replacement.
    pairs
        Number of pairs.
    mean_absolute, std_absolute, mean_square
        Mean and standard deviation of |c|, mean of c².
    mean_absolute_se, std_absolute_se, mean_square_se
        Their standard errors; 0 when exact.
    histogram
        Counts of c in equal bins on [−1, 1], int64, shape (1000,).
    largest
        Largest |c| of these pairs: the coherence if exact, otherwise a lower bound of it.
    top
        The pairs with the largest |c|: those of two words first, or of what could be words, and
        largest first. Of equal rows only the first is listed.
    folded
        Number of pairs that are not listed because a row of theirs equals an earlier one.
    neighbors, neighbor_overlaps
        Ids of the nearest rows of every row by c, nearest first, and their overlaps,
        shape (V, K), int32 and float32; None if they were not computed (only with ``exact``).
    """

    DERIVED = ("coherence",)

    method: str
    pairs: int
    mean_absolute: float
    std_absolute: float
    mean_square: float
    mean_absolute_se: float
    std_absolute_se: float
    mean_square_se: float
    histogram: npt.NDArray[np.int64]
    largest: float
    top: tuple[Pair, ...]
    neighbors: npt.NDArray[np.int32] | None = None
    neighbor_overlaps: npt.NDArray[np.float32] | None = None
    folded: int = 0

    @property
    def coherence(self) -> float | None:
        """max |c| over all pairs; None for a sample."""
        return self.largest if self.method == "exact" else None

    @property
    def bin_edges(self) -> Float64:
        """Edges of `histogram`, shape (1001,)."""
        return bin_edges()

    def __repr__(self) -> str:
        return (
            f"PairStatistics({self.method}: {counted(self.pairs, 'pair')}, "
            f"mean |c| = {number(self.mean_absolute)}, largest |c| = {number(self.largest)})"
        )


def sampled(
    rows: UnitRows, *, samples: int, top: int, seed: int, listing: Listing | None = None
) -> PairStatistics:
    """Return unbiased estimates from `samples` pairs drawn uniformly with replacement.

    `listing` says which pairs to list; by default all.
    """
    listing = Listing.of_all(rows.features) if listing is None else listing
    generator = np.random.default_rng(seed)
    first = generator.integers(rows.features, size=samples)
    second = generator.integers(rows.features - 1, size=samples)
    second += second >= first  # every ordered pair of distinct rows is equally likely
    overlaps = overlaps_of(rows, first, second).astype(np.float64)
    absolute = np.abs(overlaps)
    ids = np.stack((np.minimum(first, second), np.maximum(first, second)), axis=1)
    shown = listing.first[ids].all(axis=1)
    _, distinct = np.unique(ids @ (rows.features, 1), return_index=True)
    distinct = distinct[shown[distinct]]
    order = np.lexsort((-absolute[distinct], ~listing.words[ids[distinct]].all(axis=1)))
    best = ids[distinct[order[:top]]]
    std = float(absolute.std(ddof=1))
    fourth = float(np.mean((absolute - absolute.mean()) ** 4))
    # Delta method: var(s²) ≈ (μ₄ − σ⁴)/S and s = √s².
    std_se = math.sqrt(max(0.0, fourth - std**4) / samples) / (2 * std) if std > 0 else 0.0
    square = overlaps**2
    counts, _ = np.histogram(np.clip(overlaps, -1, 1), bins=BINS, range=(-1, 1))
    return PairStatistics(
        method="sample",
        pairs=samples,
        mean_absolute=float(absolute.mean()),
        std_absolute=std,
        mean_square=float(square.mean()),
        mean_absolute_se=std / math.sqrt(samples),
        std_absolute_se=std_se,
        mean_square_se=float(square.std(ddof=1)) / math.sqrt(samples),
        histogram=counts.astype(np.int64),
        largest=min(1.0, float(absolute.max())),
        top=_named(rows, best, listing),
        folded=int((~shown).sum()),
    )


def exact(
    rows: UnitRows,
    *,
    neighbors: int = 0,
    top: int = 20,
    device: str = "cpu",
    dtype: str = "float32",
    listing: Listing | None = None,
    progress: Progress = silent,
) -> PairStatistics:
    """Return the statistics of all V(V−1)/2 pairs from one tiled sweep.

    Parameters
    ----------
    rows
        Unit rows.
    neighbors, top
        How many nearest rows of each row, and how many top pairs, to keep.
    device, dtype
        Where and in which precision tiles are multiplied. In lower precision than float32,
        extra candidates for neighbors and top pairs are stored and compared again in float32.
        Where the candidates are too close to be sure, all rows are searched in float32.
    listing
        Which pairs to list, and in which order; by default all, by their overlap.
    progress
        Called after each tile.

    Raises
    ------
    UsageError
        The device does not exist here.
    """
    pairs = _pairs_of(rows.features)
    listing = Listing.of_all(rows.features) if listing is None else listing
    near, error = min(neighbors, rows.features - 1), ROUNDING[dtype]
    listed = listing.listed(top)
    shown = _pairs_of(int(listed.sum()))
    keep = Keep(listed, near, max(1, min(top, shown)))
    wide = keep
    if error:  # in low precision the nearest are only candidates
        wide = Keep(
            listed,
            min(4 * near + 24, rows.features - 1) if near else 0,
            max(1, min(max(4 * top, 4096), shown)),
            min(4096, pairs),
        )
    sums = _sweep(rows, wide, device, dtype, progress)
    mean, square = sums.absolute / pairs, sums.square / pairs
    best, peak = (_named(rows, ids, listing) for ids in (sums.top_ids, sums.peak_ids))
    if _unsure(best, keep.top, sums.top, shown, error) or _unsure(peak, 1, sums.peak, pairs, error):
        exactly = _sweep(rows, replace(keep, neighbors=0), device, "float32", progress)
        best, peak = (_named(rows, ids, listing) for ids in (exactly.top_ids, exactly.peak_ids))
    return PairStatistics(
        method="exact",
        pairs=pairs,
        mean_absolute=mean,
        std_absolute=math.sqrt(max(0.0, square - mean**2)),
        mean_square=square,
        mean_absolute_se=0.0,
        std_absolute_se=0.0,
        mean_square_se=0.0,
        histogram=sums.counts,
        largest=max(abs(pair.overlap) for pair in peak),
        top=_with_words(rows, best, listing, top)[:top],
        folded=pairs - _pairs_of(int(listing.first.sum())),
        **_nearest(rows, sums, min(neighbors, rows.features - 1), error),
    )


def _pairs_of(count: int) -> int:
    return count * (count - 1) // 2


def _unsure(
    found: tuple[Pair, ...], wanted: int, bars: npt.NDArray[np.float32], pairs: int, error: float
) -> bool:
    """Whether a pair outside the list may be a top pair: those in it are so close."""
    if not error or len(bars) >= pairs:
        return False
    least = sorted((abs(pair.overlap) for pair in found), reverse=True)[wanted - 1]
    return bool(least < bars[-1] + error)


def _with_words(
    rows: UnitRows, best: tuple[Pair, ...], listing: Listing, top: int
) -> tuple[Pair, ...]:
    """Return the top pairs with all pairs of words, where these are too few to fill the list."""
    words = _named(rows, listing.pairs_of_words(top), listing)
    known = {(pair.first, pair.second) for pair in words}
    return (*words, *(pair for pair in best if (pair.first, pair.second) not in known))


def _sweep(rows: UnitRows, keep: Keep, device: str, dtype: str, progress: Progress) -> TileSums:
    """Compute every tile on and above the diagonal once, and add it to the sums."""
    count = rows.features
    corners = [
        (row0, column0)
        for row0 in range(0, count, TILE_ROWS)
        for column0 in range(row0, count, TILE_COLUMNS)
    ]
    tiles = _tiles(keep, device, dtype)
    for done, (row0, column0) in enumerate(corners, start=1):
        if row0 == column0:
            band = tiles.load(rows.block(row0, min(row0 + TILE_ROWS, count)))
        column1 = min(column0 + TILE_COLUMNS, count)
        if column1 - row0 <= len(band):
            # On the diagonal, rows after the last column have no pair in this tile.
            columns = band[column0 - row0 : column1 - row0]
            tile = tiles.product(band[: column1 - row0], columns)
        else:
            tile = tiles.product(band, tiles.load(rows.block(column0, column1)))
        tiles.add(tile, row0, column0)
        progress(stages.PAIRS, done, len(corners))
    return tiles.result()


def _tiles(keep: Keep, device: str, dtype: str) -> Tiles:
    """Return the object that multiplies and sums tiles: numba on the CPU, torch elsewhere."""
    # Imported here because both take seconds, and the Gram matrix alone needs neither.
    if device == "cpu" and dtype == "float32":
        from superscope.geometry.tiles_cpu import CpuTiles

        return CpuTiles(keep)
    from superscope.geometry import tiles_torch

    where, kind = device_named(device), tiles_torch.DTYPES[dtype]
    if where.type == "cpu":
        return tiles_torch.LowCpuTiles(keep, kind)
    return tiles_torch.TorchTiles(keep, where, kind)


def _named(rows: UnitRows, positions: npt.NDArray[np.int64], listing: Listing) -> tuple[Pair, ...]:
    """Return pairs of rows with ids, texts and float32 overlaps: words first, then by |c|."""
    head = rows.head
    overlaps = overlaps_of(rows, positions[:, 0], positions[:, 1])
    words = listing.words[positions[:, 0]] & listing.words[positions[:, 1]]
    found = []
    for (i, j), c, word in zip(positions.tolist(), overlaps.tolist(), words.tolist(), strict=True):
        first, second = head.id_of(i), head.id_of(j)
        overlap = math.copysign(1.0, c) if abs(c) > ALIKE else c
        found.append((word, Pair(first, second, overlap, head.token(first), head.token(second))))
    found.sort(key=lambda p: (not p[0], -abs(p[1].overlap), p[1].first, p[1].second))
    return tuple(pair for _, pair in found)


def _nearest(rows: UnitRows, sums: TileSums, keep: int, error: float) -> dict[str, Any]:
    """Return ids and overlaps of the nearest rows, compared in float32."""
    if not keep:
        return {}
    near, positions = sums.near, sums.near_ids
    if error:
        near, positions = rescored(rows, near, positions, keep, error)
    ids = positions if rows.head.ids is None else rows.head.ids[positions]
    overlaps = np.clip(near, -1, 1, out=near)
    return {"neighbors": ids.astype(np.int32, copy=False), "neighbor_overlaps": overlaps}
