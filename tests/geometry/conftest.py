"""The plain computation that every statistic is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from superscope.geometry.unit_rows import UnitRows, centered, prepare
from superscope.heads import Head


@dataclass(frozen=True)
class Brute:
    """All overlaps of a matrix in float64, by definition."""

    overlaps: np.ndarray  # (V, V)

    @property
    def pairs(self) -> np.ndarray:
        """Overlaps of the distinct pairs."""
        return self.overlaps[np.triu_indices(len(self.overlaps), 1)]

    @property
    def token_interference(self) -> np.ndarray:
        squares = self.overlaps**2
        np.fill_diagonal(squares, 0)
        return squares.sum(axis=1) / (len(squares) - 1)

    @property
    def others(self) -> np.ndarray:
        """Overlaps with a row itself put last."""
        others = self.overlaps.copy()
        np.fill_diagonal(others, -3)
        return others


@pytest.fixture
def brute() -> Callable[..., Brute]:
    def compute(matrix: np.ndarray, center: np.ndarray | None = None) -> Brute:
        wide = np.asarray(matrix, np.float64)
        wide = wide if center is None else wide - center
        unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
        return Brute(unit @ unit.T)

    return compute


@pytest.fixture
def unit_rows() -> Callable[..., UnitRows]:
    """Unit rows of a matrix, raw or mean-centered, as the measurement makes them."""

    def make(matrix: np.ndarray, center: str = "none") -> UnitRows:
        prepared = prepare(Head.from_array(np.asarray(matrix, np.float32)))
        return prepared.raw if center == "none" else centered(prepared, prepared.mean)

    return make
