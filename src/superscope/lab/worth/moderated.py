"""Means over few seeds, with errors that many like them make surer.

Three seeds know their own variance badly: Student's t with 2 degrees of freedom is 4.3 and not 2.
Many comparisons of one kind know it better together, without having the same variance: each
variance is drawn to what is common by as much as the variances among them agree (Smyth 2004).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from superscope.laws import Estimate
from superscope.laws.formula import Floats
from superscope.laws.intervals import student
from superscope.laws.variances import drawn, prior_by_logarithms

EXACT = 1e-9  # a standard deviation below it is rounding
STEP = 1e-3  # share of the weight that is moved to a seed


@dataclass(frozen=True)
class Mean:
    """A mean over seeds.

    Attributes
    ----------
    value
        The mean.
    error
        Its standard error; None for one seed.
    degrees_of_freedom
        Of Student's t; 0 for one seed.
    """

    value: float
    error: float | None
    degrees_of_freedom: float

    @property
    def estimate(self) -> Estimate:
        """The mean with its 95 % interval."""
        if self.error is None:
            return Estimate(self.value, None, None)
        half = student(self.degrees_of_freedom) * self.error
        return Estimate(self.value, self.value - half, self.value + half)

    @property
    def p(self) -> float | None:
        """Probability of a mean as far from 0, or further, if there were none; two-sided."""
        from scipy.stats import t

        if self.error is None:
            return None
        if self.error == 0:
            return float(self.value == 0)
        return float(2 * t.sf(abs(self.value) / self.error, self.degrees_of_freedom))


def moderated(cells: Sequence[Floats]) -> list[Mean]:
    """Return the mean of each cell, with an error that uses what cells know of it together.

    A cell's variance s² with d degrees of freedom becomes (d₀ s₀² + d s²) / (d₀ + d), with
    d₀ + d degrees of freedom (Smyth 2004, doi:10.2202/1544-6115.1027). d₀ says how far the
    variances of cells agree, and is estimated from them. It is held to (cells − 1)/2 at most,
    because few cells do not tell; below 6 cells it is 0, and the interval is Student's.

    Parameters
    ----------
    cells
        Values of each cell, one a seed; shape (seeds,), independent within a cell.

    Returns
    -------
    list of Mean
        One for each cell.
    """
    variances = np.array([c.var(ddof=1) if len(c) > 1 else 0.0 for c in cells])
    freedom = np.array([len(c) - 1 for c in cells], np.float64)
    usable = (freedom > 0) & (np.sqrt(variances) > EXACT)
    prior_freedom, prior = prior_by_logarithms(variances[usable], freedom[usable])
    found = []
    for cell, variance, own in zip(cells, variances, freedom.tolist(), strict=True):
        value = float(cell.mean())
        if own < 1:
            found.append(Mean(value, None, 0.0))
            continue
        varies = math.sqrt(variance) > EXACT
        # Where all are 0, both sides are the same; alike by rounding, others tell the error.
        extra = prior_freedom if varies or abs(value) > EXACT else 0.0
        used = float(drawn(variance * varies, own, prior, extra))
        found.append(Mean(value, math.sqrt(used / len(cell)), extra + own))
    return found


def per_seed(statistic: Callable[[Floats], float], seeds: int) -> Floats | None:
    """Return what each seed says of a statistic: the infinitesimal jackknife, about the statistic.

    It is exact for means, and needs no run to be left out: near an end of a curve the statistic
    without a seed may not exist.

    Parameters
    ----------
    statistic
        From the weights of seeds, whose sum is 1, to a number; NaN where there is none.
    seeds
        How many there are.

    Returns
    -------
    numpy.ndarray or None
        Shape (seeds,); their mean is the statistic of all. None where it is no number.
    """
    even = np.full(seeds, 1 / seeds)
    of_all = statistic(even)
    if not math.isfinite(of_all):
        return None
    if seeds == 1:
        return np.array([of_all])
    found = np.empty(seeds)
    for seed in range(seeds):
        toward = STEP * (np.eye(seeds)[seed] - even)
        sides = [statistic(even + toward) - of_all, of_all - statistic(even - toward)]
        known = [side for side in sides if math.isfinite(side)]
        if not known:
            return None
        found[seed] = np.mean(known) / STEP
    return np.asarray(of_all + found - found.mean())


def holm(probabilities: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number (Holm 1979).

    Parameters
    ----------
    probabilities
        One for each comparison.

    Returns
    -------
    list of float
        In the same order; the chance that any value below the level is there by chance alone is
        at most the level, whatever the comparisons have in common.
    """
    order = np.argsort(probabilities)
    count = len(probabilities)
    adjusted = [0.0] * count
    largest = 0.0
    for rank, k in enumerate(order):
        largest = max(largest, min(1.0, (count - rank) * probabilities[k]))
        adjusted[k] = largest
    return adjusted
