"""What follows from a law, with its interval: any function of the parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from superscope.laws.formula import Floats
from superscope.laws.law import Law
from superscope.laws.uncertainty import LEVEL, bca, widened
from superscope.text import rounded

DRAWS = 4000  # parameters drawn where a law has no resamples


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; None where the law gives none."""

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        """Return ``2.314 (2.28 to 2.35)``."""
        if self.low is None or self.high is None:
            return f"{rounded(self.value)} (no interval)"
        return f"{rounded(self.value)} ({rounded(self.low)} to {rounded(self.high)})"


def parameter_draws(law: Law) -> Floats:
    """Return parameters as the data leave them uncertain, shape (R, P).

    The law's resamples; where it has none, Student's draws from the joint Jacobian's covariance,
    of the logarithms of amplitudes and within the bounds of the others; none without freedom.
    """
    if len(law.draws):
        return law.draws
    if law.freedom < 1 or not np.isfinite(law.covariance).all():
        return np.empty((0, len(law.parameters)))
    rng = np.random.default_rng(law.options.seed)
    amplitudes = np.zeros(len(law.parameters), np.bool_)
    amplitudes[0 : 2 * len(law.form.terms) : 2] = True
    amplitudes &= law.vector > 0
    scale = np.where(amplitudes, np.where(amplitudes, law.vector, 1.0), 1.0)
    covariance = law.covariance / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(covariance)
    normal = rng.standard_normal((DRAWS, len(values))) * np.sqrt(np.maximum(values, 0))
    student = (normal @ vectors.T) / np.sqrt(rng.chisquare(law.freedom, DRAWS) / law.freedom)[
        :, None
    ]
    logs = np.clip(student, -100, 100)  # beyond them no amplitude is a number of use
    return np.asarray(
        np.where(amplitudes, law.vector * np.exp(logs), np.maximum(law.vector + student, 0))
    )


def estimate(law: Law, function: Callable[[Floats], Floats]) -> Estimate:
    """Return a function of the parameters, (R, P) to (R,), with its interval."""
    return estimates(law, lambda p: function(p)[:, None])[0]


def estimates(law: Law, function: Callable[[Floats], Floats]) -> list[Estimate]:
    """Return functions of the parameters, (R, P) to (R, N) at once, with their intervals.

    BCa from the law's resamples, as the parameters' own intervals; else percentiles of
    :func:`parameter_draws`.
    """
    with np.errstate(all="ignore"):
        values = function(law.vector[None])[0]
        drawn = function(parameter_draws(law))
        without = function(law.without)
    return [
        _with_interval(law, float(value), drawn[:, i], without[:, i])
        for i, value in enumerate(values)
    ]


def _with_interval(law: Law, value: float, drawn: Floats, without: Floats) -> Estimate:
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn) or not math.isfinite(value):
        return Estimate(value, None, None)
    if not len(law.draws):
        return Estimate(value, *(float(q) for q in np.quantile(drawn, levels(law))))
    interval = bca(drawn, value, without, widened(len(law.without)))
    return Estimate(value, interval.low, interval.high)


def levels(law: Law) -> tuple[float, float]:
    """Return the levels of a 95 % interval's ends among draws, wider for few units."""
    from scipy.stats import norm

    if not len(law.draws):
        return (1 - LEVEL) / 2, (1 + LEVEL) / 2
    high = float(norm.cdf(widened(len(law.without))))
    return 1 - high, high
