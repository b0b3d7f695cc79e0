"""Intervals of a law's parameters and of what follows from them.

BCa from resamples, Student's from a standard error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from superscope.laws.formula import Floats
from superscope.text import alike, rounded

LEVEL = 0.95
NORMAL = 1.959964  # standard deviations to either side that hold 95 % of a normal quantity
SIGNIFICANT = 0.05  # a p-value below it contradicts what was tested
LEAST_RESAMPLES = 100  # fewer give unreliable ends
STUDENT_DRAWS = 4000  # parameters drawn where a law has no resamples
LARGEST_LOG = 100.0  # a larger amplitude has no meaning
NO_LIMITS = "no limits"


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

    def __str__(self) -> str:
        """Return it in words: ``0.8 to 1.5``, ``below 0.4``."""
        if self.high is None:
            return NO_LIMITS if self.low is None else f"above {alike(self.low)[0]}"
        if self.low is None:
            return f"below {alike(self.high)[0]}"
        return " to ".join(alike(self.low, self.high))

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
    quantiles = bca_quantiles(bootstrap, value, jackknife)
    if quantiles is None:
        return Interval(None, None)
    low, high = map(float, quantiles(np.array([-z, z])))
    return Interval(low, high)


def bca_quantiles(
    bootstrap: Floats, value: float, jackknife: Floats
) -> Callable[[Floats], Floats] | None:
    """Return the ends of one-sided BCa intervals by standard normal quantile.

    None for too few resamples; see :func:`bca`.
    """
    from scipy.special import ndtr, ndtri

    resampled = np.sort(bootstrap[np.isfinite(bootstrap)])
    jackknife = jackknife[np.isfinite(jackknife)]
    if len(resampled) < LEAST_RESAMPLES:
        return None
    if resampled[0] == resampled[-1]:
        return lambda z: np.full(np.shape(z), value)
    below = (np.sum(resampled < value) + 0.5 * np.sum(resampled == value)) / len(resampled)
    bias = float(ndtri(np.clip(below, 0.5 / len(resampled), 1 - 0.5 / len(resampled))))
    from_mean = jackknife.mean() - jackknife
    squares = float(np.sum(from_mean**2))
    acceleration = float(np.sum(from_mean**3)) / (6 * squares**1.5) if squares > 0 else 0.0

    def ends(z: Floats) -> Floats:
        moved = bias + z
        shrunk = 1 - acceleration * moved
        inside = shrunk > 0
        levels = ndtr(bias + moved / np.where(inside, shrunk, 1.0))
        return np.asarray(np.quantile(resampled, np.where(inside, levels, z > 0)), np.float64)

    return ends


def linear_interval(
    value: float, error: float, degrees_of_freedom: int, low: float, high: float
) -> Interval:
    """Return Student's interval from a standard error, cut at the parameter's bounds."""
    if degrees_of_freedom < 1 or not math.isfinite(error):
        return Interval(None, None)
    half = student(degrees_of_freedom) * error
    return Interval(max(value - half, low), min(value + half, high))


def logarithmic_interval(
    value: float, error: float, degrees_of_freedom: int, low: float, high: float
) -> Interval:
    """Return Student's interval of a positive parameter, symmetric in its logarithm."""
    if degrees_of_freedom < 1 or not math.isfinite(error):
        return Interval(None, None)
    half = min(student(degrees_of_freedom) * error / value, LARGEST_LOG)
    return Interval(max(value * math.exp(-half), low), min(value * math.exp(half), high))


def one_sided(bootstrap: Floats, value: float, low: float, z: float) -> Interval:
    """Return the interval of a parameter at a bound: percentiles on the side that is open.

    BCa takes the estimate for the middle of its distribution, and here it is the end.
    """
    from scipy.stats import norm

    resampled = bootstrap[np.isfinite(bootstrap)]
    if not len(resampled):
        return Interval(None, None)
    level = float(norm.cdf(z))
    if value == low:
        return Interval(value, float(np.quantile(resampled, level)))
    return Interval(float(np.quantile(resampled, 1 - level)), value)


@dataclass(frozen=True)
class Estimate:
    """A number with its interval (95 % unless said otherwise); None where the law gives none.

    Attributes
    ----------
    value
        The number.
    low, high
        Ends of its interval.
    """

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        """Return ``2.314 (2.28 to 2.35)``."""
        if self.low is None or self.high is None:
            return f"{rounded(self.value)} (no interval)"
        return f"{rounded(self.value)} ({rounded(self.low)} to {rounded(self.high)})"


def estimate_frame(estimates: Mapping[str, Estimate], name: str) -> pd.DataFrame:
    """Return a row for each estimate: its name, value, low and high; NaN for no interval."""
    found = list(estimates.values())
    return pd.DataFrame(
        {
            name: list(estimates),
            "value": np.array([e.value for e in found], np.float64),
            "low": np.array([e.low for e in found], np.float64),
            "high": np.array([e.high for e in found], np.float64),
        }
    )


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """How uncertain a law's parameters are: every interval that a law gives comes from here.

    Attributes
    ----------
    parameters
        The best fit, shape (P,).
    terms
        How many amplitudes and exponents come first, a pair each.
    bootstrap, jackknife
        Parameters of the resamples, (R, P), and without each unit, (U, P); empty without them.
    covariance
        Of the parameters, shape (P, P).
    degrees_of_freedom
        Points minus free parameters; or runs minus one, where the covariance is from few runs.
    seed
        Of the draws where there are no resamples.
    """

    parameters: Floats
    terms: int
    bootstrap: Floats
    jackknife: Floats
    covariance: Floats
    degrees_of_freedom: int
    seed: int

    @cached_property
    def draws(self) -> Floats:
        """Parameters as the data leave them uncertain, shape (R, P).

        The resamples; without any, Student's draws from the joint Jacobian's covariance, of the
        logarithms of amplitudes and not below 0 for the others; none without degrees of freedom.
        """
        if len(self.bootstrap):
            return self.bootstrap
        size = len(self.parameters)
        if self.degrees_of_freedom < 1 or not np.isfinite(self.covariance).all():
            return np.empty((0, size))
        rng = np.random.default_rng(self.seed)
        amplitudes = np.zeros(size, np.bool_)
        amplitudes[0 : 2 * self.terms : 2] = True
        amplitudes &= self.parameters > 0
        scale = np.where(amplitudes, np.where(amplitudes, self.parameters, 1.0), 1.0)
        covariance = self.covariance / np.outer(scale, scale)
        values, vectors = np.linalg.eigh(covariance)
        normal = rng.standard_normal((STUDENT_DRAWS, len(values))) * np.sqrt(np.maximum(values, 0))
        chi_square = rng.chisquare(self.degrees_of_freedom, STUDENT_DRAWS)
        student = (normal @ vectors.T) / np.sqrt(chi_square / self.degrees_of_freedom)[:, None]
        logs = np.clip(student, -LARGEST_LOG, LARGEST_LOG)
        return np.asarray(
            np.where(
                amplitudes,
                self.parameters * np.exp(logs),
                np.maximum(self.parameters + student, 0),
            )
        )

    def levels(self, level: float = LEVEL) -> tuple[float, float]:
        """Return the levels of an interval's ends among the draws, wider for few units."""
        from scipy.stats import norm

        if not len(self.bootstrap):
            return (1 - level) / 2, (1 + level) / 2
        high = float(norm.cdf(widened(len(self.jackknife), level)))
        return 1 - high, high

    def estimate(self, function: Callable[[Floats], Floats], level: float = LEVEL) -> Estimate:
        """Return a function of the parameters, (R, P) to (R,), with its interval."""
        return self.estimates(lambda p: function(p)[:, None], level)[0]

    def estimates(
        self, function: Callable[[Floats], Floats], level: float = LEVEL
    ) -> list[Estimate]:
        """Return functions of the parameters, (R, P) to (R, N) at once, with their intervals.

        BCa from the resamples, as the parameters' own intervals; percentiles of the draws where
        there are none.
        """
        with np.errstate(all="ignore"):
            values = function(self.parameters[None])[0]
            drawn = function(self.draws)
            jackknife = function(self.jackknife)
        ends = self.levels(level)
        z = widened(len(self.jackknife), level) if len(self.bootstrap) else math.nan
        found = []
        for i, value in enumerate(map(float, values)):
            of_value = drawn[:, i][np.isfinite(drawn[:, i])]
            if not len(of_value) or not math.isfinite(value):
                found.append(Estimate(value, None, None))
            elif len(self.bootstrap):
                interval = bca(of_value, value, jackknife[:, i], z)
                found.append(Estimate(value, interval.low, interval.high))
            else:
                low, high = np.quantile(of_value, ends)
                found.append(Estimate(value, float(low), float(high)))
        return found
