"""Whether the exponents of two laws differ."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.laws.formula import Floats
from superscope.laws.intervals import Estimate, Uncertainty, bca, widened
from superscope.laws.law import Law
from superscope.result import Result
from superscope.text import rounded


@dataclass(frozen=True)
class Difference:
    """One exponent in two laws.

    Attributes
    ----------
    parameter
        Its name.
    first, second
        What the laws are called.
    first_value, second_value
        The exponent in each.
    difference
        First minus second, with the interval that both laws' resamples give.
    """

    parameter: str
    first: str
    second: str
    first_value: float
    second_value: float
    difference: Estimate

    @property
    def differs(self) -> bool | None:
        """Whether the interval of the difference leaves out 0; None without an interval."""
        low, high = self.difference.low, self.difference.high
        return None if low is None or high is None else not low <= 0 <= high


@dataclass(frozen=True)
class Comparison(Result):
    """The exponents of two laws, and whether they differ.

    Attributes
    ----------
    law
        The law's name.
    first, second
        What the two fits are called.
    differences
        One for each exponent.
    identified
        Whether the data identify both laws.
    """

    law: str
    first: str
    second: str
    differences: tuple[Difference, ...]
    identified: bool

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each exponent: both values, their difference, and its interval."""
        return difference_frame(self.differences)

    def __repr__(self) -> str:
        """Return the differences in one line."""
        said = ", ".join(f"{d.parameter} {rounded(d.difference.value)}" for d in self.differences)
        return f"Comparison({self.first} − {self.second}: {said})"


@checked
def compare(first: Law, second: Law, names: tuple[str, str] = ("first", "second")) -> Comparison:
    """Say whether the exponents of two laws differ.

    The laws are taken to be fitted to different data. The interval of a difference is BCa, from
    the differences of both laws' resamples and the jackknife over the units of both; where a law
    has no resamples, it is the percentiles of draws from both.

    Parameters
    ----------
    first, second
        Two fits of one law.
    names
        What to call them.

    Returns
    -------
    Comparison
        The difference of each exponent, with its interval.

    Raises
    ------
    UsageError
        Fits of different laws.

    Examples
    --------
    >>> from superscope import laws
    >>> steep = laws.fit(laws.simulate("time", parameters={"alpha": 0.4}), "time", resamples=0)
    >>> flat = laws.fit(laws.simulate("time", seed=1), "time", resamples=0)
    >>> laws.compare(steep, flat).differences[0].differs
    True
    """
    if first.form.name != second.form.name:
        raise UsageError(
            f"only fits of one law can be compared; these are {first.form.name} and "
            f"{second.form.name}"
        )
    order = list(first.parameters)
    differences = []
    for name in first.form.exponents:
        # Exponents come first in the order of the parameters, whatever groups there are.
        at = order.index(name)
        estimate = _difference(first.uncertainty, second.uncertainty, at)
        differences.append(
            Difference(name, *names, first.parameters[name], second.parameters[name], estimate)
        )
    identified = first.identified and second.identified
    return Comparison(first.form.name, *names, tuple(differences), identified)


def _difference(first: Uncertainty, second: Uncertainty, at: int) -> Estimate:
    value = float(first.parameters[at] - second.parameters[at])
    drawn = [_known(law.draws[:, at]) for law in (first, second)]
    if not all(map(len, drawn)):
        return Estimate(value, None, None)
    count = max(map(len, drawn))
    rng = np.random.default_rng(first.seed)  # laws with one seed were resampled alike
    a, b = (rng.permutation(np.resize(draws, count)) for draws in drawn)
    if not (len(first.bootstrap) and len(second.bootstrap)):
        low, high = np.quantile(a - b, _widest(first, second))
        return Estimate(value, float(low), float(high))
    left, right = (_known(law.jackknife[:, at]) for law in (first, second))
    jackknife = np.concatenate([left - second.parameters[at], first.parameters[at] - right])
    interval = bca(a - b, value, jackknife, widened(min(len(left), len(right))))
    return Estimate(value, interval.low, interval.high)


def _widest(first: Uncertainty, second: Uncertainty) -> tuple[float, float]:
    return min(first.levels(), second.levels())


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]


def difference_frame(differences: tuple[Difference, ...]) -> pd.DataFrame:
    """Return a row for each difference; NaN where there is no interval, None for no verdict."""
    return pd.DataFrame(
        {
            "parameter": [d.parameter for d in differences],
            "first": [d.first for d in differences],
            "second": [d.second for d in differences],
            "first_value": np.array([d.first_value for d in differences], np.float64),
            "second_value": np.array([d.second_value for d in differences], np.float64),
            "difference": np.array([d.difference.value for d in differences], np.float64),
            "low": np.array([_or_nan(d.difference.low) for d in differences], np.float64),
            "high": np.array([_or_nan(d.difference.high) for d in differences], np.float64),
            "differs": pd.array([d.differs for d in differences], dtype="boolean"),
        }
    )


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
