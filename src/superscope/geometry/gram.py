"""Statistics that the m × m Gram matrix G = ŴᵀŴ gives exactly, without a loop over pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.device import multiplier
from superscope.geometry import stages
from superscope.geometry.shards import WHOLE, Shards
from superscope.geometry.unit_rows import Float64, UnitRows, blocks
from superscope.progress import Progress, silent


@dataclass(frozen=True, eq=False)
class Gram:
    """The Gram matrix of unit rows, and statistics from it.

    Attributes
    ----------
    matrix
        G, float64, shape (m, m).
    total
        Σ ŵ_i, float64, shape (m,).
    features
        V, the number of rows.
    """

    matrix: Float64
    total: Float64
    features: int

    @property
    def trace(self) -> float:
        """Σ ‖ŵ_i‖², which is V up to the rounding of unit rows to float32."""
        return float(np.trace(self.matrix))

    @property
    def square_norm(self) -> float:
        """‖G‖_F², the sum of c² over all ordered pairs, including each row with itself."""
        return float(np.vdot(self.matrix, self.matrix))

    @property
    def mean_square_overlap(self) -> float:
        """Mean of c² over distinct pairs; 0 for a single row."""
        # A row with itself gives ‖ŵ_i‖⁴ = 1 + 2(‖ŵ_i‖² − 1) to first order in the rounding.
        itself = 2 * self.trace - self.features
        return min(1.0, max(0.0, (self.square_norm - itself) / self._ordered_pairs))

    @property
    def mean_overlap(self) -> float:
        """Mean of c over distinct pairs; 0 for a single row."""
        return (float(np.vdot(self.total, self.total)) - self.trace) / self._ordered_pairs

    @property
    def _ordered_pairs(self) -> int:
        return max(1, self.features * (self.features - 1))

    def spectrum(self, rows: UnitRows) -> Float64:
        """Return the squared singular values of Ŵ, descending, shape (m,).

        Where all the rows are in this process and fewer than m, they are those of the smaller ŴŴᵀ,
        and zeros.
        """
        matrix = self.matrix
        if rows.features == self.features < rows.width:
            unit = rows.block(0, rows.features).astype(np.float64)
            matrix = unit @ unit.T
        spectrum: Float64 = np.maximum(np.linalg.eigvalsh(matrix)[::-1], 0.0)
        return np.pad(spectrum, (0, rows.width - len(spectrum)))

    def token_interference(
        self, rows: UnitRows, device: str = "cpu", progress: Progress = silent
    ) -> Float64:
        """Return the mean of c_ij² over j ≠ i for every row i of these, shape (rows,)."""
        multiply = multiplier(device)
        # (ŵᵀ G ŵ − ‖ŵ‖⁴)/(V − 1), with G scaled so that float32 products keep its digits.
        precision = _precision(self.features, rows.width)
        matrix = (self.matrix / self.features).astype(precision)
        result = np.empty(rows.features)
        for start, stop in blocks(rows.features, rows.width):
            unit = rows.block(start, stop).astype(precision, copy=False)
            square = np.einsum("ij,ij->i", unit, unit).astype(np.float64)
            result[start:stop] = np.einsum("ij,ij->i", multiply(unit, matrix), unit)
            result[start:stop] -= square * square / self.features
            progress(stages.INTERFERENCE, stop, rows.features)
        return np.maximum(0.0, result * (self.features / max(1, self.features - 1)))


def gram(
    rows: UnitRows, device: str = "cpu", progress: Progress = silent, shards: Shards = WHOLE
) -> Gram:
    """Return the Gram matrix of unit rows, computed on `device` in blocks in O(V m²).

    Products are float32 (float64 for V ≤ 2m and narrow heads), sums over blocks float64.
    Sums of rows add over processes.
    """
    matrix = np.zeros((rows.width, rows.width))
    total = np.zeros(rows.width)
    features = int(shards.sum(np.array([float(rows.features)]))[0])
    precision, multiply = _precision(features, rows.width), multiplier(device)
    for start, stop in blocks(rows.features, rows.width):
        unit = rows.block(start, stop).astype(precision, copy=False)
        matrix += multiply(unit.T, unit)
        total += unit.sum(axis=0, dtype=np.float64)
        progress(stages.GRAM, stop, rows.features)
    return Gram(shards.sum(matrix), shards.sum(total), features)


def _precision(features: int, width: int) -> np.dtype[np.floating]:
    # ‖G‖_F² = V + (sum of overlaps), and only that sum matters. For V > 2m the Welch floor makes
    # it at least as large as V; for fewer rows it may be lost in float32's rounding. In narrow
    # heads the rounding adds up over more rows, and float64 costs little.
    single = features > 2 * width and width > 128
    return np.dtype(np.float32 if single else np.float64)
