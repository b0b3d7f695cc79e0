"""What the judge finds where an exponent moves: with other exclusions, or without a point."""

from __future__ import annotations

import math
from collections.abc import Sequence

from superscope.laws.intervals import SIGNIFICANT, Interval, linear_interval
from superscope.laws.law import Law
from superscope.laws.monte_carlo import NEGLIGIBLE
from superscope.laws.resampling import jackknife_covariance
from superscope.laws.stability import MOVED, Influence, Refit
from superscope.laws.status import Finding, FitStatus
from superscope.text import counted, told_apart

SHOWN = 3  # influential points named for each exponent


def exclusion_findings(law: Law) -> list[Finding]:
    """Name exponents that move with exclusion, by more than fewer points would explain.

    An exponent that leaves its interval is a severe finding. Resampled whole, units that are
    alike within make a wider interval than the standard error, which takes every point as
    independent. An exponent that leaves only the narrower one is named with both.
    """
    if not law.refits:
        return []
    own, *others = law.refits
    findings = []
    chance = SIGNIFICANT / max(1, len(others) * len(law.profiles))  # of any of so many comparisons
    for name in law.profiles:
        by_error = _by_standard_error(law, name)
        moved = [r for r in others if _moves(law, r, name) and _differs(law, r, name, chance)]
        outside = [r for r in moved if r.parameters[name] not in law.intervals[name]]
        inside = [r for r in moved if r.parameters[name] not in by_error]
        if outside:
            text = f"{_moved(law, own, outside, name)}: more than its interval ({_own(law, name)})"
            findings.append(Finding(FitStatus.UNSTABLE_EXCLUSION, name, text))
        elif inside:
            text = (
                f"{_moved(law, own, inside, name)}: more than its standard error explains "
                f"({by_error}), but within its interval ({law.intervals[name]})"
            )
            findings.append(Finding(FitStatus.MOVES_INSIDE, name, text))
    return findings


def _own(law: Law, name: str) -> str:
    """Return an exponent's interval, and what it leaves out of account if units are alike."""
    if law.interval_method == "linear" and law.points.units != "row":
        return f"{law.intervals[name]}, with every point taken as independent"
    return str(law.intervals[name])


def _by_standard_error(law: Law, name: str) -> Interval:
    """Return the interval that the standard error alone gives, as without resamples."""
    error = law.standard_errors[name]
    if error is None:
        return Interval(None, None)
    return linear_interval(law.parameters[name], error, law.degrees_of_freedom, 0.0, math.inf)


def _moved(law: Law, own: Refit, refits: Sequence[Refit], name: str) -> str:
    """Return what an exponent becomes under each of some exclusions."""
    value, *others = _told(law, name, [refit.parameters[name] for refit in refits])
    values = ", ".join(f"{v} {_under(r)}" for v, r in zip(others, refits, strict=True))
    return f"{name} = {value} ({_under(own)}) becomes {values}"


def _told(law: Law, name: str, others: Sequence[float]) -> tuple[str, ...]:
    """Return an exponent and what it becomes, told apart, and from its interval's ends."""
    ends = law.intervals[name].low, law.intervals[name].high
    return told_apart([law.parameters[name], *others], *(end for end in ends if end is not None))


def _under(refit: Refit) -> str:
    points = counted(refit.dropped, "point") if refit.dropped else "no point"
    if refit.unit or refit.drop_highest is None:
        return f"{refit.text} ({points} out)"
    return f"with {points} left out"


def _moves(law: Law, refit: Refit, name: str) -> bool:
    moved = abs(refit.parameters[name] - law.parameters[name])
    return moved > NEGLIGIBLE * law.parameters[name]


def _differs(law: Law, refit: Refit, name: str, chance: float) -> bool:
    """Whether two fits, one on part of the other's points, differ beyond chance (Hausman 1978).

    Where the points of a unit may be alike, errors are as much larger or smaller as fits without
    each unit say of the law's own, and Student's.
    """
    from scipy.stats import t

    own = law.refits[0]
    a, b = refit.standard_errors[name], own.standard_errors[name]
    if a is None or b is None:
        return False
    moved = abs(refit.parameters[name] - own.parameters[name])
    error, freedom = math.sqrt(abs(a * a - b * b)), math.inf
    if len(law.jackknife) and not law.points.independent:
        at = list(law.parameters).index(name)
        terms = len(law.form.terms)
        of_units = jackknife_covariance(law.jackknife, law.vector, terms, law.covariance)[at, at]
        error *= math.sqrt(float(of_units)) / b if b > 0 else 1.0
        freedom = law.points.unit_count - 1
    return bool(moved > t.isf(chance / 2, freedom) * error)


def point_findings(law: Law, below_floor: int) -> list[Finding]:
    """Name what moves an exponent out of its interval, and the most that moves it inside.

    The largest of n normal influences is near sqrt(2 log n / n) standard errors; a finding
    is made above twice that. `below_floor` points lie below their floor.
    """
    findings: list[Finding] = []
    n = law.points.unit_count
    moved = max(MOVED, min(1.0, 2 * math.sqrt(2 * math.log(n) / n)))
    for name in dict.fromkeys(i.parameter for i in law.influences):
        negligible = NEGLIGIBLE * law.parameters[name]
        own = [
            i for i in law.influences
            if i.parameter == name and abs(i.value - law.parameters[name]) > negligible
        ]  # fmt: skip
        outside = [i for i in own if i.value not in law.intervals[name]]
        below = [i for i in own if i.below_floor and i not in outside]
        inside = [i for i in own if abs(i.shift) > moved and i not in [*outside, *below]]
        if outside:
            text = f"{_becomes(law, name, outside)}: outside its interval ({_own(law, name)})"
            findings.append(Finding(FitStatus.UNSTABLE_POINT, name, text))
        if below:
            what = (
                "a measured loss lies below its floor"
                if below_floor == 1
                else f"{below_floor} measured losses lie below their floor"
            )
            text = f"{what}: {_becomes(law, name, below[:SHOWN])}"
            findings.append(Finding(FitStatus.BELOW_FLOOR, name, text))
        if inside:
            text = _becomes(law, name, inside[:SHOWN])
            findings.append(Finding(FitStatus.INFLUENTIAL, name, text))
    return findings


def _becomes(law: Law, name: str, influences: Sequence[Influence]) -> str:
    """Return what an exponent becomes without each of some points or units."""
    unit = "s.d. of the resamples" if len(law.bootstrap) else "s.e."
    value, *others = _told(law, name, [i.value for i in influences])
    values = ", ".join(
        f"{v} without {i.text} ({i.moved} {unit})" for v, i in zip(others, influences, strict=True)
    )
    return f"{name} = {value} becomes {values}"
