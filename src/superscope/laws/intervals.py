"""Intervals: BCa from resamples, Student's from a standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from superscope.laws.formula import Floats

LEVEL = 0.95
LEAST_RESAMPLES = 100  # fewer have no ends to speak of


@dataclass(frozen=True)
class Interval:
    """A 95 % interval.

    Attributes
    ----------
    low, high
        Its ends; None where the data set none.
    """

    low: float | None
    high: float | None

    def __contains__(self, value: object) -> bool:
        """Whether a number lies between the ends."""
        if not isinstance(value, (int, float)):
            return False
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


def student(degrees_of_freedom: float, level: float = LEVEL) -> float:
    """Return Student's quantile of the upper end of an interval of this level."""
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, degrees_of_freedom))


def widened(units: int, level: float = LEVEL) -> float:
    """Return the quantile of an interval's ends for a bootstrap of few units.

    The bootstrap's variance is too small by the factor (U − 1)/U, and U units know their own
    variance only as Student's t does (Hesterberg 2015, the expanded percentile interval).
    """
    return student(units - 1, level) * math.sqrt(units / (units - 1))


def bca(bootstrap: Floats, value: float, jackknife: Floats, z: float) -> Interval:
    """Return the bias-corrected and accelerated interval (Efron 1987).

    Parameters
    ----------
    bootstrap
        The parameter in each resample, shape (R,).
    value
        In all the data.
    jackknife
        Without each unit in turn, shape (U,).
    z
        Standard normal quantile of the interval's ends, made wider for few units.
    """
    from scipy.special import ndtr, ndtri

    draws = np.sort(bootstrap[np.isfinite(bootstrap)])
    jackknife = jackknife[np.isfinite(jackknife)]
    if len(draws) < LEAST_RESAMPLES:
        return Interval(None, None)
    if draws[0] == draws[-1]:
        return Interval(value, value)
    below = (np.sum(draws < value) + 0.5 * np.sum(draws == value)) / len(draws)
    bias = float(ndtri(np.clip(below, 0.5 / len(draws), 1 - 0.5 / len(draws))))
    from_mean = jackknife.mean() - jackknife
    squares = float(np.sum(from_mean**2))
    acceleration = float(np.sum(from_mean**3)) / (6 * squares**1.5) if squares > 0 else 0.0

    def end(z: float) -> float:
        moved = bias + z
        shrunk = 1 - acceleration * moved
        level = ndtr(bias + moved / shrunk) if shrunk > 0 else float(z > 0)
        return float(np.quantile(draws, level))

    return Interval(end(-z), end(z))


def linear_interval(
    value: float, error: float, degrees_of_freedom: int, low: float, high: float
) -> Interval:
    """Return Student's interval from a standard error, cut at the parameter's bounds."""
    if degrees_of_freedom < 1 or not math.isfinite(error):
        return Interval(None, None)
    half = student(degrees_of_freedom) * error
    return Interval(max(value - half, low), min(value + half, high))


def one_sided(bootstrap: Floats, value: float, low: float, z: float) -> Interval:
    """Return the interval of a parameter at a bound: percentiles on the side that is open.

    BCa takes the estimate for the middle of its distribution, and here it is the end.
    """
    from scipy.stats import norm

    draws = bootstrap[np.isfinite(bootstrap)]
    if not len(draws):
        return Interval(None, None)
    level = float(norm.cdf(z))
    if value == low:
        return Interval(value, float(np.quantile(draws, level)))
    return Interval(float(np.quantile(draws, 1 - level)), value)
