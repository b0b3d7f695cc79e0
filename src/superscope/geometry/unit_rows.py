"""The rows of a head as unit vectors, raw or centered, in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from superscope.device import usable_cores
from superscope.errors import HeadDataError
from superscope.geometry.shards import WHOLE, Shards
from superscope.heads import Head

Float64 = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]
Made = TypeVar("Made")


_TINY, _HUGE = 1e-30, 1e30  # norms within these bounds are safe in float32


def block_rows(width: int) -> int:
    """Return the number of rows in a block: a few MB, enough for efficient products."""
    return max((3 << 19) // width, min(width, 4096), 1)


def blocks(features: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of consecutive blocks of rows."""
    step = block_rows(width)
    for start in range(0, features, step):
        yield start, min(start + step, features)


def of_blocks(
    head: Head, work: Callable[[int, int, Float32], Made]
) -> Iterator[tuple[int, int, Made]]:
    """Yield the bounds of each block of rows and what `work` makes of it, in order.

    The cores share the blocks where the rows are in memory: a pass is bound by the time to read
    them, which a thread waits for.
    """

    def of(bounds: tuple[int, int]) -> tuple[int, int, Made]:
        start, stop = bounds
        return start, stop, work(start, stop, head.block(start, stop))

    bounds = list(blocks(head.features, head.width))
    cores = usable_cores() if head.resident else 1
    if cores == 1 or len(bounds) < 2 * cores:
        yield from map(of, bounds)
        return
    with ThreadPoolExecutor(cores) as threads:
        yield from threads.map(of, bounds)


@dataclass(frozen=True, eq=False)
class UnitRows:
    """Unit vectors ŵ_i of the rows of a head, after subtracting `center`.

    Attributes
    ----------
    head
        The head without its zero rows.
    inverse_norms
        1/‖w_i − center‖, float64, shape (V,).
    center
        The vector subtracted from every row, float32, shape (m,); None for raw rows.
    """

    head: Head
    inverse_norms: Float64
    center: Float32 | None

    @property
    def features(self) -> int:
        return self.head.features

    @property
    def width(self) -> int:
        return self.head.width

    def block(self, start: int, stop: int) -> Float32:
        """Return unit rows `start` to `stop`, float32, shape ``(stop - start, m)``."""
        return self._unit(self.head.block(start, stop), self.inverse_norms[start:stop])

    def take(self, positions: npt.NDArray[np.int64]) -> Float32:
        """Return the unit rows at `positions`, float32."""
        return self._unit(self.head.take(positions), self.inverse_norms[positions])

    def _unit(self, rows: Float32, inverse: Float64) -> Float32:
        if inverse.max(initial=0.0) > 1 / _TINY or inverse.min(initial=1.0) < 1 / _HUGE:
            # With such extreme norms, inverses and differences leave float32's normal range.
            wide = rows.astype(np.float64)
            if self.center is not None:
                wide -= self.center
            wide *= inverse[:, None]
            return wide.astype(np.float32)
        factor = inverse.astype(np.float32)[:, None]
        if self.center is None:
            return rows * factor
        unit = rows - self.center
        unit *= factor
        return unit


@dataclass(frozen=True, eq=False)
class Prepared:
    """A head ready to be measured.

    Attributes
    ----------
    raw
        The unit rows.
    norms
        Row norms, float64, shape (V,).
    every_norm
        Those of the rows of all processes.
    zero_ids
        Ids of rows that are exactly zero and were dropped.
    mean
        Mean row, float64, shape (m,).
    """

    raw: UnitRows
    norms: Float64
    every_norm: Float64
    zero_ids: npt.NDArray[np.int64]
    mean: Float64


def prepare(head: Head, shards: Shards = WHOLE) -> Prepared:
    """Find norms, zero rows and the mean row in one pass.

    Raises
    ------
    HeadDataError
        A row is not finite, or all rows are zero.
    """
    total = head.features
    norms = np.empty(total)
    mean = np.zeros(head.width)

    def found(_: int, __: int, rows: Float32) -> tuple[Float64, Float64]:
        with np.errstate(invalid="ignore"):  # rejected below
            return row_norms(rows), rows.sum(axis=0, dtype=np.float64)

    for start, stop, (lengths, summed) in of_blocks(head, found):
        norms[start:stop] = lengths
        mean += summed
    every = shards.join(norms)
    refuse_non_finite(head, every)
    if not every.any():
        raise HeadDataError(f"{_name(head)}: all {len(every):,} rows are zero")
    zero = np.flatnonzero(norms == 0)
    zero_ids = np.array([head.id_of(i) + shards.first for i in zero.tolist()], np.int64)
    if len(zero):
        kept = np.flatnonzero(norms > 0)
        head = head.keeping(head.kept_ids[kept], head.provenance.rows)
        norms = norms[kept]
    raw = UnitRows(head, 1.0 / norms, None)
    every = every[every > 0]
    return Prepared(raw, norms, every, shards.join(zero_ids), shards.sum(mean) / len(every))


def refuse_non_finite(head: Head, norms: Float64) -> None:
    """Raise unless all norms are finite.

    Raises
    ------
    HeadDataError
        The message gives the ids of the first rows that are not.
    """
    bad = np.flatnonzero(~np.isfinite(norms))
    if len(bad):
        shown = ", ".join(str(head.id_of(i)) for i in bad[:10].tolist())
        more = f" and {len(bad) - 10:,} more" if len(bad) > 10 else ""
        raise HeadDataError(f"{_name(head)}: non-finite numbers in the rows of ids {shown}{more}")


def centered(prepared: Prepared, center: Float64) -> UnitRows:
    """Return the unit rows of W − center, without rows that become zero.

    A row that differs from the center only by float32 rounding counts as zero.
    """
    head = prepared.raw.head
    subtracted = center.astype(np.float32)
    norms = np.empty(head.features)

    def found(start: int, stop: int, rows: Float32) -> Float64:
        # The difference of two numbers near float32's limit may exceed it.
        wide = prepared.norms[start:stop].max() > _HUGE
        return row_norms((rows.astype(np.float64) if wide else rows) - subtracted)

    for start, stop, lengths in of_blocks(head, found):
        norms[start:stop] = lengths
    rounding = 2.0**-22 * (prepared.norms + float(np.linalg.norm(center)))
    kept = np.flatnonzero(norms > rounding)
    if len(kept) < len(norms):
        head = head.keeping(head.kept_ids[kept], head.provenance.rows)
    return UnitRows(head, 1.0 / norms[kept], subtracted)


def row_norms(rows: Float32 | Float64) -> Float64:
    """Return the norm of each row, accumulated in float64."""
    with np.errstate(invalid="ignore", over="ignore"):
        norms: Float64 = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    return norms


def _name(head: Head) -> str:
    provenance = head.provenance
    return f"{provenance.model}: {provenance.tensor}" if provenance.tensor else provenance.model
