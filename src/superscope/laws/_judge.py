"""Whether the data identify a law, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from superscope.laws.formula import Floats
from superscope.laws.intervals import NO_LIMITS
from superscope.laws.law import Law
from superscope.laws.linearization import Linearization, jacobian
from superscope.laws.problem import Problem
from superscope.laws.stability import MOVED, Influence, Refit
from superscope.laws.status import Finding, FitStatus
from superscope.text import counted, with_sign

WIDE = 0.5  # share of an exponent's value above which its interval is wide
SHOWN = 3  # influential points named for each exponent
ALIKE = 0.995  # correlation of two parts' sizes above which they are one
TOGETHER = 0.99  # correlation of two inputs' logarithms above which they are one
FEW_STARTS = 0.1
WIDEST = 1.0  # share above which its interval says next to nothing
_WIDE = {FitStatus.WEAK: "weakly", FitStatus.UNDETERMINED: "hardly"}
PROFILE = " (by its profile)"
RISES = "; it rises instead, as an accuracy does: fit what falls, such as 1 − accuracy"
NEGLIGIBLE = 1e-6  # share of an exponent by which rounding may move it


def judge(
    law: Law, problem: Problem, linear: Linearization, noted: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Return every reason to doubt a fit, the severe ones first; `noted` were found on the way."""
    findings = [
        *_unjudged(law),
        *_degrees_of_freedom(linear),
        *_search(law.share_of_starts, law.converged),
        *_bounds(problem, law.parameters),
        *_unbounded(law),
        *_collinear(problem, law.vector, linear),
        *_exclusion(law),
        *_points(law),
        *_weak(law),
        *noted,
    ]
    return tuple(sorted(findings, key=lambda f: not f.status.severe))


def _unjudged(law: Law) -> list[Finding]:
    if law.options.judge:
        return []
    return [Finding(FitStatus.NOT_JUDGED, "", "not judged: stability and profiles are unknown")]


def _degrees_of_freedom(linear: Linearization) -> list[Finding]:
    if linear.degrees_of_freedom > 0:
        return []
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
            text = f"{term.amplitude} is 0: no part of the loss falls with {term.column}"
            if _rises(problem, term.column):
                text += RISES
            findings.append(Finding(FitStatus.TERM_VANISHED, term.amplitude, text))
            continue
        low, high = bounds[term.exponent]
        value = named[term.exponent]
        if low < high and value in (low, high):
            text = f"{term.exponent} is at {value:g}, the edge of what was tried"
            findings.append(Finding(FitStatus.EXPONENT_AT_BOUND, term.exponent, text))
    floors = list(problem.names[2 * len(problem.form.terms) :])
    low_floors = [n for n in floors if bounds[n][0] < bounds[n][1] and named[n] in bounds[n]]
    if low_floors:
        value = named[low_floors[0]]
        if len(floors) == 1:
            which, what = floors[0], f"the floor {floors[0]} is"
        else:
            which = f"{len(low_floors)} of {len(floors)} floors"
            verb = "is" if len(low_floors) == 1 else "are"
            what = f"{which} (such as {low_floors[0]}) {verb}"
        text = (
            f"{what} at the bound {value:g}, so the exponents take the floor's part and cannot be "
            "trusted"
        )
        findings.append(Finding(FitStatus.FLOOR_AT_BOUND, which, text))
    return findings


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


def _exclusion(law: Law) -> list[Finding]:
    """Name exponents that leave their interval, by more than fewer points would explain."""
    if not law.refits:
        return []
    own, *others = law.refits
    findings = []
    chance = 0.05 / max(1, len(others) * len(law.profiles))  # of any of so many comparisons
    for name in law.profiles:
        outside = [r for r in others if _leaves(law, r, name) and _differs(r, own, name, chance)]
        if outside:
            moves = ", ".join(f"{r.parameters[name]:.3g} {_under(r)}" for r in outside)
            text = (
                f"{name} = {law.parameters[name]:.3g} ({_under(own)}) becomes {moves}: "
                f"more than its interval ({law.intervals[name]})"
            )
            findings.append(Finding(FitStatus.UNSTABLE_EXCLUSION, name, text))
    return findings


def _under(refit: Refit) -> str:
    points = counted(refit.dropped, "point")
    if refit.drop_highest is None:
        return f"{refit.text} ({points} out)"
    return f"with {points} left out"


def _leaves(law: Law, refit: Refit, name: str) -> bool:
    value = refit.parameters[name]
    moved = abs(value - law.parameters[name]) > NEGLIGIBLE * law.parameters[name]
    return moved and value not in law.intervals[name]


def _differs(refit: Refit, own: Refit, name: str, chance: float) -> bool:
    """Whether two fits, one on part of the other's points, differ beyond chance (Hausman 1978)."""
    from scipy.stats import norm

    a, b = refit.standard_errors[name], own.standard_errors[name]
    if a is None or b is None:
        return False
    moved = abs(refit.parameters[name] - own.parameters[name])
    return bool(moved > norm.isf(chance / 2) * math.sqrt(abs(a * a - b * b)))


def _points(law: Law) -> list[Finding]:
    """Name what moves an exponent out of its interval, and the most that moves it inside.

    The largest of n normal influences is near sqrt(2 log n / n) standard errors; a finding
    is made above twice that.
    """
    findings: list[Finding] = []
    n = len(law.points)
    moved = max(MOVED, min(1.0, 2 * math.sqrt(2 * math.log(n) / n)))
    below_floor = int(np.sum(law.points.loss < law.parts_of_points[:, -1]))
    for name in dict.fromkeys(i.parameter for i in law.influences):
        interval = law.intervals[name]
        negligible = NEGLIGIBLE * law.parameters[name]
        own = [
            i for i in law.influences
            if i.parameter == name and abs(i.value - law.parameters[name]) > negligible
        ]  # fmt: skip
        outside = [i for i in own if i.value not in interval]
        below = [i for i in own if i.below_floor and i not in outside]
        inside = [i for i in own if abs(i.shift) > moved and i not in [*outside, *below]]
        start = f"{name} = {law.parameters[name]:.3g} becomes "
        if outside:
            text = f"{start}{_if_left_out(law, outside)}: outside its interval ({interval})"
            findings.append(Finding(FitStatus.UNSTABLE_POINT, name, text))
        if below:
            what = "a measured loss lies below its floor"
            if below_floor > 1:
                what = f"{below_floor} measured losses lie below their floor"
            text = f"{what}: {start}{_if_left_out(law, below[:SHOWN])}"
            findings.append(Finding(FitStatus.BELOW_FLOOR, name, text))
        if inside:
            findings.append(
                Finding(FitStatus.INFLUENTIAL, name, start + _if_left_out(law, inside[:SHOWN]))
            )
    return findings


def _if_left_out(law: Law, influences: Sequence[Influence]) -> str:
    unit = "s.d. of the resamples" if len(law.bootstrap) else "s.e."
    return ", ".join(
        f"{i.value:.3g} without {i.text} ({with_sign(i.shift, 1)} {unit})" for i in influences
    )


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
        part = "" if term.part == "x" else f"{term.part} is {_WIDE[status]} identified: "
        findings.append(Finding(status, name, f"{part}{name} {_lies(shown)}"))
    findings += _floors(law)
    return findings


def _lies(interval: str) -> str:
    return f"has {NO_LIMITS}" if interval == NO_LIMITS else f"lies anywhere in {interval}"


def _floors(law: Law) -> list[Finding]:
    """Say that a floor may as well be none: its interval reaches 0, and it does not."""
    floors = list(law.parameters)[2 * len(law.form.terms) :]
    open_ = [
        name for name in floors
        if law.standard_errors[name] and (law.intervals[name].low or 0) <= 0
    ]  # fmt: skip
    if not open_:
        return []
    which = (
        open_[0]
        if len(floors) == 1
        else f"{len(open_)} of {len(floors)} floors, such as {open_[0]}"
    )
    interval = str(law.intervals[open_[0]])
    text = f"the floor is weakly identified: {which} {_lies(interval)}"
    return [Finding(FitStatus.WEAK, open_[0], text)]
