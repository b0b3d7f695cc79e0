"""The sums of one sweep over all tiles of overlaps, on any device."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.geometry.unit_rows import Float32

ALIKE = 1 - 2.0**-20  # rows that overlap more are parallel but for float32's rounding
BINS = 1000  # of the overlap histogram, even on [−1, 1]


@dataclass(frozen=True, eq=False)
class TileSums:
    """Sums over all distinct pairs.

    Attributes
    ----------
    absolute, square
        Σ|c| and Σc².
    counts
        Histogram of c, int64, shape (BINS,).
    near, near_ids
        Overlap and position of the nearest rows of every row, nearest first,
        shape (V, K). Empty places have overlap −2.
    top, top_ids
        The highest |c| of pairs of listed rows, highest first, shape (≤ T,), and the positions of
        those pairs, shape (≤ T, 2).
    peak, peak_ids
        The same of all pairs, shapes (≤ P,) and (≤ P, 2).
    """

    absolute: float
    square: float
    counts: npt.NDArray[np.int64]
    near: npt.NDArray[np.float32]
    near_ids: npt.NDArray[np.int32]
    top: npt.NDArray[np.float32]
    top_ids: npt.NDArray[np.int64]
    peak: npt.NDArray[np.float32]
    peak_ids: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Keep:
    """What a sweep keeps besides sums.

    Attributes
    ----------
    listed
        Rows whose pairs may be among the top pairs, bool, shape (V,).
    neighbors
        Number of nearest rows of every row.
    top, peaks
        Number of top pairs, of listed rows and of all; at least 1.
    """

    listed: npt.NDArray[np.bool_]
    neighbors: int = 0
    top: int = 1
    peaks: int = 1

    @property
    def features(self) -> int:
        """V."""
        return len(self.listed)


class Tiles(ABC):
    """Computes the tiles of one sweep and the sums over them.

    A tile holds the overlaps of some unit rows (its rows) with some others (its columns).
    """

    @abstractmethod
    def load(self, unit: Float32) -> Any:
        """Return unit rows in the form that `product` takes; it can be sliced by rows."""

    @abstractmethod
    def product(self, rows: Any, columns: Any) -> Any:
        """Return the tile of loaded rows and columns; the next product overwrites it."""

    @abstractmethod
    def add(self, tile: Any, row0: int, column0: int) -> None:
        """Add the overlaps of rows from `row0` with the later rows among those from `column0`."""

    @abstractmethod
    def result(self) -> TileSums:
        """Return the sums over all tiles; no tile can be added afterwards."""


def bin_edges() -> npt.NDArray[np.float64]:
    """Return the edges of the overlap histogram, shape (BINS + 1,)."""
    return np.linspace(-1.0, 1.0, BINS + 1)
