"""Whether the data identify a law, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from superscope.laws._moved import exclusion_findings, point_findings
from superscope.laws.formula import Floats
from superscope.laws.intervals import NO_LIMITS
from superscope.laws.lack_of_fit import LEAST_FREEDOM
from superscope.laws.law import Law
from superscope.laws.linearization import Linearization, jacobian
from superscope.laws.monte_carlo import WIDE, WIDEST
from superscope.laws.problem import Problem
from superscope.laws.status import Finding, FitStatus, gravest_first
from superscope.text import counted, with_sign

ALIKE = 0.995  # correlation of two parts' sizes above which they are one
TOGETHER = 0.99  # correlation of two inputs' logarithms above which they are one
FEW_STARTS = 0.1
EXCESS = 0.01  # below it residuals are larger than the stated errors allow
PROFILE = " (by its profile)"
APART = "fit groups of points apart, or another law; forecast nothing beyond the data"
NEARER = "measure larger models or more data, closer to the floor; or fix the floor if it is known"


def judge(
    law: Law, problem: Problem, linear: Linearization, noted: Sequence[Finding], below: int
) -> tuple[Finding, ...]:
    """Return every reason to doubt a fit, the severe ones first; `noted` were found on the way.

    `below` points lie below their floor.
    """
    findings = [
        *_form(law),
        *_unjudged(law),
        *_degrees_of_freedom(linear),
        *_search(law.share_of_starts, law.converged),
        *_bounds(problem, law.parameters),
        *_unbounded(law),
        *_collinear(problem, law.vector, linear),
        *exclusion_findings(law),
        *point_findings(law, below),
        *_weak(law),
        *noted,
    ]
    return gravest_first(findings)


def _form(law: Law) -> list[Finding]:
    """Return that the form does not hold, and what the residuals' size says."""
    test = law.form_test
    if test is None:
        return []
    findings = []
    if test.rejected:
        text = f"the form does not hold: {test.reason}"
        findings.append(Finding(FitStatus.FORM, test.column, text, "" if test.column else APART))
    if law.options.weights == "loss_se" and test.excess_p is not None and test.excess_p <= EXCESS:
        findings.append(Finding(FitStatus.EXCESS_NOISE, "loss_se", test.scatter))
    if test.uneven and not test.rejected:  # where another law holds, residuals have its shape
        text = f"the size of the noise depends on {test.uneven}"
        findings.append(Finding(FitStatus.NOISE_DEPENDS, test.uneven, text, _of_noise(law)))
    return findings


def _of_noise(law: Law) -> str:
    """Return what to do about uneven noise: what the table and the fit allow."""
    if law.interval_method == "bca":
        said = "cite the intervals, which are resampled, and not the standard errors"
    else:
        said = "take intervals that are resampled (resamples), and not the standard errors"
    stated = len(law.points.loss_se) and law.options.weights == "none"
    return f"weigh the points (weights loss_se); or {said}" if stated else said


def _unjudged(law: Law) -> list[Finding]:
    if law.options.judge:
        return []
    return [Finding(FitStatus.NOT_JUDGED, "", "not judged: stability and profiles are unknown")]


def _degrees_of_freedom(linear: Linearization) -> list[Finding]:
    left = linear.degrees_of_freedom
    if left >= LEAST_FREEDOM:
        return []
    if left > 0:
        how_many = counted(left, "degree")
        return [Finding(FitStatus.LITTLE_FREEDOM, "", f"only {how_many} of freedom")]
    return [Finding(FitStatus.NO_DEGREES_OF_FREEDOM, "", "there are as many parameters as points")]


def _search(share: float, converged: bool) -> list[Finding]:
    findings = []
    if not converged:
        text = "the best search stopped before it had converged"
        findings.append(Finding(FitStatus.ITERATION_LIMIT, "", text))
    if share < FEW_STARTS:
        text = f"only {share:.0%} of the searches ended in the best minimum"
        findings.append(Finding(FitStatus.START_DEPENDENT, "", text))
    return findings


def _bounds(problem: Problem, named: dict[str, float]) -> list[Finding]:
    findings = []
    bounds = dict(zip(problem.names, zip(problem.low, problem.high, strict=True), strict=True))
    for term in problem.form.terms:
        low, high = bounds[term.amplitude]
        if low < high and named[term.amplitude] <= low and low == 0:
            text = (
                f"{term.amplitude} is 0: the loss rises with {term.column}, as an accuracy does; "
                "fit what falls, such as 1 − accuracy"
                if _rises(problem, term.column)
                else f"{term.amplitude} is 0: no part of the loss falls with {term.column}"
            )
            findings.append(Finding(FitStatus.TERM_VANISHED, term.amplitude, text))
            continue
        low, high = bounds[term.exponent]
        value = named[term.exponent]
        if low < high and value in (low, high):
            text = f"{term.exponent} is at {value:g}, the edge of what was tried"
            findings.append(Finding(FitStatus.EXPONENT_AT_BOUND, term.exponent, text))
    findings += _floors_at_bound(problem, named, bounds)
    return findings


def _floors_at_bound(
    problem: Problem, named: dict[str, float], bounds: dict[str, tuple[float, float]]
) -> list[Finding]:
    floors = problem.names[2 * len(problem.form.terms) :]
    low = [n for n in floors if bounds[n][0] < bounds[n][1] and named[n] in bounds[n]]
    if not low:
        return []
    first, value = low[0], f"{named[low[0]]:g}"
    why = "so the exponents take the floor's part and cannot be trusted"
    if len(floors) == 1:
        text = f"the floor {first} is at the bound {value}, {why}"
        return [Finding(FitStatus.FLOOR_AT_BOUND, first, text)]
    which = f"{len(low)} of {len(floors)} floors"
    verb = "is" if len(low) == 1 else "are"
    text = f"{which} (such as {first}) {verb} at the bound {value}, {why}"
    return [Finding(FitStatus.FLOOR_AT_BOUND, which, text)]


def _rises(problem: Problem, column: str) -> bool:
    """Whether losses rise with an input, by their ranks."""
    from scipy.stats import spearmanr

    at = problem.form.columns.index(column)
    x = problem.points.inputs[:, at]
    if len(np.unique(x)) < 3 or len(np.unique(problem.points.loss)) < 3:
        return False
    return float(spearmanr(x, problem.points.loss).statistic) > 0.5


def _unbounded(law: Law) -> list[Finding]:
    findings = []
    for name, profile in law.profiles.items():
        sides = []
        for side in ("low", "high"):
            if getattr(law.intervals[name], side) is None:
                sides.append(f"no {side} end")
            elif getattr(profile.interval, side) is None:
                sides.append(f"no {side} end by its profile")
        if sides:
            text = f"the interval of {name} has {' and '.join(sides)}"
            findings.append(Finding(FitStatus.UNBOUNDED, name, text))
    return findings


def _collinear(problem: Problem, parameters: Floats, linear: Linearization) -> list[Finding]:
    """Compare the parts' sizes: how an amplitude at the data's middle goes with another's."""
    if math.isinf(linear.condition_number):
        text = "some parts of the law change exactly alike over these points"
        return [Finding(FitStatus.COLLINEAR, "", text)]
    names, correlations = part_correlations(problem, parameters, linear)
    findings = _together(problem, linear)
    for i in range(len(names)):
        for j in range(i):
            c = correlations[i, j]
            if abs(c) > ALIKE:
                about = f"{names[j]} and {names[i]}"
                text = f"the parts of {about} cannot be told apart (correlation {with_sign(c, 4)})"
                findings.append(Finding(FitStatus.COLLINEAR, about, text))
    return findings


def _together(problem: Problem, linear: Linearization) -> list[Finding]:
    """Name terms whose inputs rise together: powers of one number have no names."""
    terms = problem.form.terms
    logs = problem.equations.x
    findings = []
    for i in range(len(terms)):
        for j in range(i):
            if not (linear.free[2 * i + 1] and linear.free[2 * j + 1]):
                continue
            c = float(np.corrcoef(logs[:, i], logs[:, j])[0, 1])
            if abs(c) > TOGETHER:
                about = f"{terms[j].column} and {terms[i].column}"
                text = (
                    f"{about} change together (correlation {with_sign(c, 4)}): these points "
                    "do not say which of them matters"
                )
                findings.append(Finding(FitStatus.COLLINEAR, about, text))
    return findings


def part_correlations(
    problem: Problem, parameters: Floats, linear: Linearization
) -> tuple[list[str], Floats]:
    """Return the free parts' names and the correlations of their sizes at the data's middle.

    A group's floor stands for all: they share what makes them uncertain.
    """
    k = problem.equations.terms
    free = np.flatnonzero(linear.free & problem.untied)
    weighed = np.sqrt(problem.points.weights)[:, None] * jacobian(problem, parameters, True)
    columns = problem.tied(weighed)[:, free]
    length = np.linalg.norm(columns, axis=0)
    inverse = np.linalg.pinv(columns / length)
    covariance = inverse @ inverse.T
    deviation = np.sqrt(np.diagonal(covariance))
    correlations = covariance / np.outer(deviation, deviation)
    parts = [i for i, p in enumerate(free) if (p < 2 * k and p % 2 == 0) or p >= 2 * k]
    floors = [i for i in parts if free[i] >= 2 * k]
    chosen = [i for i in parts if free[i] < 2 * k] + floors[:1]
    names = [
        problem.form.floor if free[i] >= 2 * k else problem.form.terms[free[i] // 2].amplitude
        for i in chosen
    ]
    return names, correlations[np.ix_(chosen, chosen)]


def _weak(law: Law) -> list[Finding]:
    """Name exponents whose interval is wide against their value, by either kind of interval."""
    findings = []
    for term in law.form.terms:
        name = term.exponent
        if name not in law.profiles:
            continue
        widest, shown = 0.0, ""
        for interval, by in ((law.intervals[name], ""), (law.profiles[name].interval, PROFILE)):
            if interval.low is None or interval.high is None:
                continue  # said already
            width = (interval.high - interval.low) / law.parameters[name]
            if width > widest:
                widest, shown = width, str(interval) + by
        if widest <= WIDE:
            continue
        status = FitStatus.WEAK if widest <= WIDEST else FitStatus.UNDETERMINED
        text = f"{name} lies anywhere in {shown}"
        findings.append(Finding(status, name, text))
    findings += _floors(law)
    return findings


def _floors(law: Law) -> list[Finding]:
    """Say that a floor may as well be none: its interval reaches 0, and it does not."""
    floors = list(law.parameters)[2 * len(law.form.terms) :]
    open_ = [
        name for name in floors
        if law.standard_errors[name] and (law.intervals[name].low or 0) <= 0
    ]  # fmt: skip
    if not open_:
        return []
    first = open_[0]
    which = first if len(floors) == 1 else f"{len(open_)} of {len(floors)} floors, such as {first}"
    interval = str(law.intervals[first])
    says = f"has {NO_LIMITS}" if interval == NO_LIMITS else f"lies anywhere in {interval}"
    text = f"there may be no floor: {which} {says}"
    return [Finding(FitStatus.WEAK, first, text, NEARER)]
