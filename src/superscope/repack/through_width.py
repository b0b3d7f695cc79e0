"""A law that costs nothing at the full width: excess = A (r^(−α) − m^(−α))."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.laws import Estimate
from superscope.laws.intervals import student

Float64 = npt.NDArray[np.float64]

LEAST, MOST = 0.01, 8.0  # exponents that are tried


@dataclass(frozen=True)
class ThroughWidth:
    """Excess = A (r^(−α) − m^(−α)): the loss of width r over that of width m, on one power law.

    The full head is then one more point of the law, and not its floor. Least squares of log
    excess; intervals are by profile over α, with Student's quantile.

    Attributes
    ----------
    amplitude
        A, nats per token.
    exponent
        α, with its 95 % interval.
    doubled
        A (m^(−α) − (2m)^(−α)): what twice the width would gain on this law.
    width
        m.
    scatter
        Standard deviation of log excess about the law.
    """

    amplitude: float
    exponent: Estimate
    doubled: Estimate
    width: int
    scatter: float

    def excess(self, ranks: npt.ArrayLike) -> Float64:
        """Return the law's excess at ranks, nats per token."""
        r = np.asarray(ranks, np.float64)
        return np.asarray(self.amplitude * _fall(r, self.exponent.value, self.width), np.float64)


def through_width(ranks: Sequence[int], excess: Sequence[float], width: int) -> ThroughWidth | None:
    """Fit the law to costs above 0 of ranks below the width; None with fewer than three."""
    if len(ranks) < 3:
        return None
    from scipy.optimize import brentq, minimize_scalar

    r, logs = np.array(ranks, np.float64), np.log(np.array(excess, np.float64))
    freedom = len(r) - 2

    def away(exponent: float) -> Float64:
        return np.asarray(logs - np.log(_fall(r, exponent, width)), np.float64)

    def squares(exponent: float) -> float:
        return float(away(exponent).var()) * len(r)

    tried = np.geomspace(LEAST, MOST, 60)
    k = int(np.argmin([squares(a) for a in tried]))
    around = float(tried[max(0, k - 1)]), float(tried[min(len(tried) - 1, k + 1)])
    best = float(minimize_scalar(squares, bounds=around, method="bounded").x)
    bound = squares(best) * (1 + student(freedom) ** 2 / freedom)

    def end(limit: float) -> float | None:
        if squares(limit) <= bound:
            return None
        return float(brentq(lambda a: squares(a) - bound, best, limit))

    def gain(exponent: float | None) -> float | None:
        if exponent is None:
            return None
        amplitude = math.exp(away(exponent).mean())
        return amplitude * float(_fall(float(width), exponent, 2 * width))

    low, high = end(LEAST), end(MOST)
    amplitude, doubled = math.exp(away(best).mean()), gain(best)
    assert doubled is not None
    return ThroughWidth(
        amplitude,
        Estimate(best, low, high),
        Estimate(doubled, gain(high), gain(low)),  # a steeper law has less left beyond m
        width,
        math.sqrt(squares(best) / freedom),
    )


def _fall(narrow: Float64 | float, exponent: Float64 | float, wide: int) -> Float64:
    powers = np.power(narrow, -np.asarray(exponent)) - np.power(float(wide), -np.asarray(exponent))
    return np.asarray(powers, np.float64)
