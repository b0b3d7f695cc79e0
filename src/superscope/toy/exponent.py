"""Exponents: how steeply a loss falls with width."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Exponent:
    """A power law loss ∝ m^(−value), fitted by least squares on logarithms.

    Attributes
    ----------
    value
        Minus the slope d log loss / d log m.
    low, high
        Its 95 % interval (Student's t); NaN where two points leave nothing to judge by.
    log_amplitude
        log loss at m = 1.
    r_squared
        Share of the variance of log loss that the law explains; NaN where it has none.
    points
        How many were fitted.
    """

    value: float
    low: float
    high: float
    log_amplitude: float
    r_squared: float
    points: int

    def loss(self, width: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the law's loss at some widths."""
        return np.exp(self.log_amplitude - self.value * np.log(np.asarray(width, np.float64)))


def fit_exponent(widths: npt.ArrayLike, losses: npt.ArrayLike) -> Exponent | None:
    """Fit loss ∝ m^(−a) through positive losses; None with fewer than two different widths."""
    from scipy.stats import t

    m, loss = np.asarray(widths, np.float64), np.asarray(losses, np.float64)
    usable = np.isfinite(loss) & (loss > 0)
    x, y = np.log(m[usable]), np.log(loss[usable])
    if len(np.unique(x)) < 2:
        return None
    from_mean = x - x.mean()
    spread = float(from_mean @ from_mean)
    slope = float(from_mean @ y) / spread
    log_amplitude = float(y.mean() - slope * x.mean())
    unexplained = float(np.sum(np.square(y - log_amplitude - slope * x)))
    total = float(np.sum(np.square(y - y.mean())))
    freedom = len(x) - 2
    half = math.nan
    if freedom:
        half = float(t.ppf(0.975, freedom)) * math.sqrt(unexplained / freedom / spread)
    return Exponent(
        value=-slope,
        low=-slope - half,
        high=-slope + half,
        log_amplitude=log_amplitude,
        r_squared=1 - unexplained / total if total else math.nan,
        points=len(x),
    )
