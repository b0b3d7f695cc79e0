"""How large the noise of points is, and on which input its size depends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from superscope.laws.formula import Floats

UNEVEN = 0.01  # p-value below which noise depends on an input
LEAST_POINTS = 12  # fewer do not show on what noise depends


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
    """

    column: str
    place: int
    size: float
    power: float
    middle: float

    def at(self, inputs: Floats) -> Floats:
        """Return the sizes at inputs (N, k), offsets subtracted."""
        return np.asarray(self.size * (inputs[:, self.place] / self.middle) ** self.power)

    @staticmethod
    def of(columns: Sequence[str], inputs: Floats, residuals: Floats, leverage: Floats) -> Noise:
        """Return the noise that residuals show.

        The logarithm of a squared residual is linear in the logarithm of the input that its rank
        goes with most (Harvey 1976). Where none does, the noise has one size.

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
        """
        from scipy.stats import spearmanr

        squares = residuals**2 / (1 - leverage)
        even = Noise("", 0, float(np.sqrt(np.mean(squares))), 0.0, 1.0)
        varied = [i for i, x in enumerate(inputs.T) if np.ptp(x) > 0]
        if len(squares) < LEAST_POINTS or not varied or not np.ptp(squares) > 0:
            return even
        chance, place = min((float(spearmanr(inputs[:, i], squares).pvalue), i) for i in varied)
        if not chance * len(columns) < UNEVEN:
            return even
        logs = np.log(inputs[:, place])
        design = np.column_stack([np.ones(len(logs)), logs - logs.mean()])
        least = 1e-3 * float(np.median(squares)) + 1e-300
        slope = np.linalg.lstsq(design, np.log(np.maximum(squares, least)), rcond=None)[0][1]
        relative = np.exp(slope * design[:, 1])
        size = float(np.sqrt(np.mean(squares / relative)))
        return Noise(columns[place], place, size, float(slope / 2), float(np.exp(logs.mean())))
