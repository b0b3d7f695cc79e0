"""How large the noise of points is, and on which input its size depends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.laws.formula import Floats

UNEVEN = 0.01  # p-value below which noise depends on an input
SINGULAR = 1e-10  # singular value below which columns depend, as a share of the largest
MOST_TAKEN = 1 - 1e-6  # leverage of a point that the law passes through
STEEPEST = 6.0  # power of the variance
LEAST_POINTS = 12  # fewer points or runs do not show on what noise depends


@dataclass(frozen=True)
class Noise:
    """Standard deviation of points' noise: one number, or a power of an input.

    Attributes
    ----------
    column
        The input; empty where the size does not seem to depend on any.
    place
        Its number among the inputs.
    size, power, middle
        size · (x / middle)^power.
    least
        The smallest among the points: beyond them noise is taken to grow, but not to vanish.
    power_error
        Standard error of the power.
    """

    column: str
    place: int
    size: float
    power: float
    middle: float
    least: float
    power_error: float

    def at(self, inputs: Floats) -> Floats:
        """Return the sizes at inputs (N, k), offsets subtracted."""
        found = self.size * (inputs[:, self.place] / self.middle) ** self.power
        return np.asarray(np.maximum(found, self.least), np.float64)

    def log_errors(self, inputs: Floats) -> Floats:
        """Return standard errors of the sizes' logarithms at inputs (N, k), from the power's."""
        return np.abs(self.power_error * np.log(inputs[:, self.place] / self.middle))

    @staticmethod
    def of(
        columns: Sequence[str],
        inputs: Floats,
        residuals: Floats,
        leverage: Floats,
        unit: npt.NDArray[np.int64],
    ) -> Noise:
        """Return the noise that residuals show.

        The logarithm of the variance is linear in that of the input with which the rank of squared
        residuals goes most (Harvey 1976), by maximum likelihood. Where none does, the noise has one
        size. Points of a run may share their noise: of an input that is constant in each, a run
        counts once.

        Parameters
        ----------
        columns
            The inputs' names.
        inputs
            Shape (n, k), offsets subtracted.
        residuals
            Shape (n,), each times the square root of its weight.
        leverage
            Share of each point's variance that the fit took up, shape (n,).
        unit
            Each point's resampling unit, shape (n,).
        """
        left = 1 - leverage
        squares = residuals**2 / left
        size = float(np.sqrt(np.sum(residuals**2) / np.sum(left)))
        even = Noise("", 0, size, 0.0, 1.0, 0.0, 0.0)
        if not np.ptp(squares) > 0:
            return even
        tried = [(_chance(x, squares, unit), i) for i, x in enumerate(inputs.T)]
        chance, place = min(tried)
        if not chance * len(columns) < UNEVEN:
            return even
        logs = np.log(inputs[:, place])
        slope = _slope(logs - logs.mean(), squares)
        relative = np.exp(slope * (logs - logs.mean()))
        size = float(np.sqrt(np.sum(residuals**2 / relative) / np.sum(left)))
        smallest = size * float(np.sqrt(relative.min()))
        error = float(np.sqrt(0.5 / np.sum((logs - logs.mean()) ** 2)))
        middle = float(np.exp(logs.mean()))
        return Noise(columns[place], place, size, slope / 2, middle, smallest, error)


def constant_within(x: Floats, unit: npt.NDArray[np.int64]) -> bool:
    """Whether an input (n,) is one number in each unit."""
    one = np.empty(int(unit.max()) + 1)
    one[unit] = x
    return bool((one[unit] == x).all())


def leverage(columns: Floats) -> Floats:
    """Return the share of each point's variance that a fit takes up, shape (n,).

    `columns`, (n, P), are derivatives by the parameters that are free, weighed as the points are.
    """
    return np.asarray(np.minimum((basis(columns) ** 2).sum(axis=1), MOST_TAKEN), np.float64)


def basis(columns: Floats) -> Floats:
    """Return an orthonormal basis of columns of any length, (n, rank)."""
    length = np.linalg.norm(columns, axis=0)
    columns = columns[:, length > 0] / length[length > 0]
    if not columns.shape[1]:
        return columns
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u[:, s > SINGULAR * s[0]])


def _slope(logs: Floats, squares: Floats) -> float:
    """Return the power of the variance: Σ log s² + r²/s² is least for Gaussian residuals."""
    from scipy.optimize import minimize_scalar

    def loss(slope: float) -> float:
        return float(np.log(np.mean(squares * np.exp(-slope * logs))))  # logs have the mean 0

    return float(minimize_scalar(loss, bounds=(-STEEPEST, STEEPEST), method="bounded").x)


def _chance(x: Floats, squares: Floats, unit: npt.NDArray[np.int64]) -> float:
    """Return the p-value of squared residuals' rank correlation with an input; 1 where unknown."""
    from scipy.stats import spearmanr

    if constant_within(x, unit):
        _, first, own, counts = np.unique(unit, True, True, True)
        x, squares = x[first], np.bincount(own, squares) / counts
    if len(x) < LEAST_POINTS or not np.ptp(x) > 0:
        return 1.0
    return float(spearmanr(x, squares).pvalue)
