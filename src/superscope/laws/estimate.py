"""What follows from a law's parameters, with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from superscope.laws.formula import Floats
from superscope.laws.intervals import LEVEL, bca, widened
from superscope.text import rounded

STUDENT_DRAWS = 4000  # parameters drawn where a law has no resamples
LARGEST_LOG = 100.0  # beyond it no amplitude is a number of use


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
        Points minus free parameters.
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
