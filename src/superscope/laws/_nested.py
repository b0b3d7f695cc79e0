"""Whether points contradict a restriction of a law, such as exponents that theory gives."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import pandas as pd

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.laws.formula import Floats
from superscope.laws.intervals import NORMAL, SIGNIFICANT, Interval
from superscope.laws.law import Law
from superscope.laws.linearization import linearize, residuals
from superscope.laws.problem import LEAST_UNITS, Problem, make_problem
from superscope.laws.resampling import random_weights
from superscope.laws.restriction import Given, read_restriction, restricted
from superscope.laws.solver import solve
from superscope.progress import ProgressChoice, chosen
from superscope.result import Result

ROUNDS = 4  # times the resamples that are drawn at most while their p-value is near the level
LEAST_RESAMPLES = 100
ELSEWHERE = 2  # starts of the problem's own that the free law tries in each resample
EXACT = 1e-20  # mean objective of a fit without residuals

Verdict = Literal["contradicted", "not contradicted", "borderline", "cannot be said"]


@dataclass(frozen=True)
class Restricted:
    """One parameter in the law and under the restriction.

    Attributes
    ----------
    parameter
        Its name.
    free, restricted
        Its value in each.
    interval
        Of the free value, 95 %.
    held
        Whether the restriction names it.
    """

    parameter: str
    free: float
    interval: Interval
    restricted: float
    held: bool


@dataclass(frozen=True)
class NestedTest(Result):
    """A law against a restriction of it, on the same points.

    Attributes
    ----------
    law, restriction
        The law's name, and what is asked: ``a_m = 1, a_D = 1/3``.
    restrictions
        How many parameters it takes away.
    points, units, unit
        How many points and resampling units there are, and what a unit is: a column, or ``row``.
    degrees_of_freedom
        Points minus parameters of the law itself.
    objective, restricted_objective
        Σρ over the points: of the law, and under the restriction.
    rms, restricted_rms
        Root of the mean squared residual, of log loss where `log`.
    log
        Whether residuals are of log loss.
    f, f_p
        The classical F, with every point taken as independent and of one variance, and its p-value;
        None where the law leaves no residuals.
    p
        Share of resamples under the restriction whose ratio of objectives is as large; None for
        too few units.
    resamples
        How many were drawn.
    parameters
        Every parameter in both.
    doubts
        Why the law itself is in doubt: a test compares two laws and says nothing of others.
    scope
        Of which rows alone the law is, in a sentence; empty if of all of its models.
    """

    DERIVED: ClassVar[tuple[str, ...]] = ("verdict", "p_error")

    law: str
    restriction: str
    restrictions: int
    points: int
    units: int
    unit: str
    degrees_of_freedom: int
    objective: float
    restricted_objective: float
    rms: float
    restricted_rms: float
    log: bool
    f: float | None
    f_p: float | None
    p: float | None
    resamples: int
    parameters: tuple[Restricted, ...]
    doubts: tuple[str, ...]
    scope: str = ""

    @property
    def p_error(self) -> float | None:
        """Standard error of `p` from the number of resamples."""
        return None if self.p is None else _error(self.p, self.resamples)

    @property
    def verdict(self) -> Verdict:
        """What the resamples say at the level of 5 %."""
        if self.p is None:
            return "cannot be said"
        if _near(self.p, self.resamples):
            return "borderline"
        return "contradicted" if self.p < SIGNIFICANT else "not contradicted"

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each parameter: free with its interval, restricted, and if it is held.

        An end that the data do not set is NaN.
        """
        return pd.DataFrame(
            {
                "parameter": [r.parameter for r in self.parameters],
                "free": np.array([r.free for r in self.parameters], np.float64),
                "low": np.array([r.interval.low for r in self.parameters], np.float64),
                "high": np.array([r.interval.high for r in self.parameters], np.float64),
                "restricted": np.array([r.restricted for r in self.parameters], np.float64),
                "held": [r.held for r in self.parameters],
            }
        )

    def __repr__(self) -> str:
        """Return the question and the verdict in one line."""
        return f"NestedTest({self.law}, {self.restriction}: {self.verdict})"


@checked
def nested_test(
    law: Law,
    against: Given,
    *,
    resamples: int = 1000,
    seed: int = 0,
    progress: ProgressChoice = "auto",
) -> NestedTest:
    """Say whether a law's points contradict a restriction of it.

    Both are fitted to the same points. Resamples are drawn under the restriction: the residuals of
    each resampling unit (a run) keep their shape and get one random sign, so that points of a run
    need not be independent, nor all points have one variance (the wild cluster bootstrap with the
    restriction imposed). Both laws are fitted to each resample, and the ratio of their objectives
    is compared with the points'. Where the p-value is near 5 %, up to four times as many are drawn.

    Parameters
    ----------
    law
        A fitted law.
    against
        ``"a_m=1,a_l=1,a_D=1/3"``, ``"alpha=beta"``, or ``{"a_m": 1.0}``. A floor's name holds all
        groups' floors.
    resamples
        How many; 0 gives the classical F alone.
    seed
        Of the resamples.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("resampling", done, total)``.

    Returns
    -------
    NestedTest
        The verdict, with the classical F beside it.

    Raises
    ------
    UsageError
        An unknown parameter; a restriction of nothing; no more points than parameters.

    References
    ----------
    Cameron 2008; Webb 2014.

    Examples
    --------
    >>> from superscope import laws
    >>> law = laws.fit(laws.simulate("time"), "time", resamples=0)
    >>> laws.nested_test(law, "alpha=1/3", resamples=200)
    NestedTest(time, alpha = 1/3: not contradicted)
    >>> laws.nested_test(law, "alpha=1", resamples=200).verdict
    'contradicted'
    """
    if seed < 0 or resamples < 0 or 0 < resamples < LEAST_RESAMPLES:
        raise UsageError(
            f"resamples: a p-value needs at least {LEAST_RESAMPLES}; 0 for none"
            if seed >= 0
            else "seed must be at least 0"
        )
    restriction = read_restriction(against)
    options = restricted(law, restriction)
    free = make_problem(law.form, law.points, law.options)
    under = make_problem(law.form, law.points, options)
    count = _free(free) - _free(under)
    if count < 1:
        raise UsageError(
            f"{restriction.text} takes no parameter from the law: it is no restriction"
        )
    linear = linearize(free, law.vector)
    if linear.degrees_of_freedom < 1:
        raise UsageError(
            f"{len(law.points)} points for {_free(free)} parameters: no residuals are left to "
            "judge a restriction by; add points"
        )
    weights = law.points.weights[None]
    found, own = under.solve(weights), free.solve(weights)
    parameters = under.parameters(found.exponents, found.linear)[0]
    pair = Pair(free, under, own.exponents[0], found.exponents[0], parameters)
    objective = float(own.objective[0])
    rise = max(float(found.objective[0]) - objective, 0.0)
    units = law.points.unit_count
    p, drawn = None, 0
    if resamples and units >= LEAST_UNITS:
        p, drawn = _resampled(pair, rise / max(objective, pair.least), resamples, seed, progress)
    f = None if objective <= pair.least else 2 * rise / count / linear.ratio_scale
    named = {*options.fix} - {*law.options.fix} | {*options.equal} - {*law.options.equal}
    floors = list(law.parameters)[2 * len(law.form.terms) :]
    named |= {*floors} if law.form.floor in named else set()
    return NestedTest(
        law=law.form.name, restriction=restriction.text, restrictions=count,
        points=len(law.points), units=units, unit=law.points.units,
        degrees_of_freedom=linear.degrees_of_freedom,
        objective=objective, restricted_objective=objective + rise,
        rms=_rms(free, law.vector), restricted_rms=_rms(under, parameters),
        log=law.form.residual == "log",
        f=f, f_p=None if f is None else _f_p(f, count, linear.degrees_of_freedom),
        p=p, resamples=drawn,
        parameters=tuple(
            Restricted(name, value, law.intervals[name], float(other), name in named)
            for (name, value), other in zip(law.parameters.items(), parameters, strict=True)
        ),
        doubts=tuple(f.text for f in law.findings if f.status.severe),
        scope=law.scope,
    )  # fmt: skip


def _free(problem: Problem) -> int:
    return int(((problem.low < problem.high) & problem.untied).sum())


def _rms(problem: Problem, parameters: Floats) -> float:
    return math.sqrt(float(np.mean(np.square(residuals(problem, parameters)))))


def _f_p(f: float, restrictions: int, degrees_of_freedom: int) -> float:
    from scipy.stats import f as distribution

    return float(distribution.sf(f, restrictions, degrees_of_freedom))


def _error(p: float, resamples: int) -> float:
    return math.sqrt(p * (1 - p) / resamples)


def _near(p: float, resamples: int) -> bool:
    return abs(p - SIGNIFICANT) < NORMAL * _error(SIGNIFICANT, resamples)


@dataclass(frozen=True)
class Pair:
    """A law and its restriction, to be fitted to resamples under the restriction.

    Attributes
    ----------
    free, under
        The two on the same points.
    exponents, under_exponents
        Of the points' own fits, shape (k,): where searches begin.
    parameters
        Of the restricted fit, shape (P,).
    """

    free: Problem
    under: Problem
    exponents: Floats
    under_exponents: Floats
    parameters: Floats

    @property
    def least(self) -> float:
        """Objective of a fit without residuals."""
        return EXACT * len(self.free.points)

    @cached_property
    def residuals(self) -> Floats:
        """Those of the restricted fit, shape (n,)."""
        return residuals(self.under, self.parameters)

    def ratio(self, rng: np.random.Generator) -> float:
        """Return by what share of the law's objective the restriction's is larger, resampled."""
        unit = self.free.points.unit
        signs = random_weights(rng, 1, self.free.points.unit_count)[0, unit]
        y = self.under.equations.y + (signs - 1) * self.residuals
        both = np.vstack([self.exponents, self.under_exponents, self.free.starts[:ELSEWHERE]])
        law = _objective(self.free, y, both)
        return max(_objective(self.under, y, both[:2]) - law, 0.0) / max(law, self.least)


def _objective(problem: Problem, y: Floats, starts: Floats) -> float:
    found = solve(replace(problem.equations, y=y), problem.points.weights[None], starts)
    return float(found.objective[0])


def _resampled(
    pair: Pair, ratio: float, resamples: int, seed: int, progress: ProgressChoice
) -> tuple[float, int]:
    """Return the share of resamples with as large a ratio of objectives, and how many there are."""
    rng = np.random.default_rng(seed)
    above = drawn = 0
    with chosen(progress) as report:
        while drawn < ROUNDS * resamples:
            for _ in range(resamples):
                above += pair.ratio(rng) >= ratio
                drawn += 1
                report("resampling", drawn, max(drawn, resamples))
            if not _near((1 + above) / (1 + drawn), drawn):
                break
    return (1 + above) / (1 + drawn), drawn
