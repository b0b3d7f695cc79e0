"""The exponent of a power law without a floor: a straight line through logarithms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.arrays import real_numbers
from superscope.laws.formula import Floats
from superscope.laws.intervals import student


@dataclass(frozen=True)
class Exponent:
    """A power law y ∝ x^(−value), fitted by least squares on logarithms.

    Attributes
    ----------
    value
        Minus the slope d log y / d log x.
    low, high
        Its 95 % interval (Student's t); NaN where two points leave no degree of freedom.
    log_amplitude
        log y at x = 1.
    r_squared
        Share of the variance of log y that the law explains; NaN where it has none.
    points
        How many were fitted.
    """

    value: float
    low: float
    high: float
    log_amplitude: float
    r_squared: float
    points: int

    def loss(self, width: npt.ArrayLike) -> Floats:
        """Return the law's y at some x."""
        return np.exp(self.log_amplitude - self.value * np.log(np.asarray(width, np.float64)))


@checked
def fit_exponent(widths: npt.ArrayLike, losses: npt.ArrayLike) -> Exponent | None:
    """Fit loss ∝ width^(−a) through positive losses.

    Least squares of log loss on log width, with Student's interval. A law with a floor is
    :func:`superscope.laws.fit`'s to fit.

    Parameters
    ----------
    widths, losses
        Shape (N,) each; losses that are not positive and finite are left out.

    Returns
    -------
    Exponent or None
        None with fewer than two different widths.

    Examples
    --------
    >>> from superscope import laws
    >>> round(laws.fit_exponent([10, 20, 40], [1.0, 0.51, 0.25]).value, 2)
    1.0
    """
    m, loss = real_numbers(widths, "widths"), real_numbers(losses, "losses")
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
    degrees_of_freedom = len(x) - 2
    half = math.nan
    if degrees_of_freedom:
        error = math.sqrt(unexplained / degrees_of_freedom / spread)
        half = student(degrees_of_freedom) * error
    return Exponent(
        value=-slope,
        low=-slope - half,
        high=-slope + half,
        log_amplitude=log_amplitude,
        r_squared=1 - unexplained / total if total else math.nan,
        points=len(x),
    )
