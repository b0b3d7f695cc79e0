"""The words for a law's values: what is held, left out or moved, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from superscope.laws.intervals import Interval
from superscope.laws.stability import Influence, Refit
from superscope.laws.status import Finding


def interval_text(interval: Interval) -> str:
    """Return an interval in words: ``0.8 to 1.5``, ``below 0.4``."""
    if interval.low is None and interval.high is None:
        return "no limits"
    if interval.low is None:
        return f"below {interval.high:.3g}"
    if interval.high is None:
        return f"above {interval.low:.3g}"
    return f"{interval.low:.3g} to {interval.high:.3g}"


def held_text(held: Mapping[str, float], floors: Sequence[str]) -> str:
    """Return what was held and not fitted, ``given alpha = 1``; empty if nothing was."""
    every_floor = len(floors) > 1 and set(floors) <= set(held)
    named = [f"{n} = {v:.4g}" for n, v in held.items() if not (every_floor and n in floors)]
    what = [*named, *(["every floor"] if every_floor else [])]
    return f"given {', '.join(what)}" if what else ""


def headline(findings: Sequence[Finding], held: str) -> str:
    """Return whether a law is identified, and given what."""
    said = "Identified"
    if any(f.status.severe for f in findings):
        said = "Not identified"
    elif findings:
        said = "Identified, with reservations"
    return f"{said}, {held}" if held else said


def verdict(findings: Sequence[Finding], held: str) -> str:
    """Return what the judge says, in a sentence or two."""
    severe = "; ".join(f.text for f in findings if f.status.severe)
    doubts = "; ".join(f.text for f in findings if not f.status.severe)
    start = headline(findings, held)
    if severe and doubts:
        return f"{start}: {severe}. Also: {doubts}."
    if severe or doubts:
        return f"{start}: {severe or doubts}."
    every = "every other parameter" if held else "every parameter"
    return f"{start}: the data determine {every}, whichever points are left out."


def short_verdict(findings: Sequence[Finding], held: str) -> str:
    """Return the verdict by its kinds: ``not identified (floor at its bound: E)``."""
    only_severe = any(f.status.severe for f in findings)
    kinds: dict[str, list[str]] = {}
    for f in findings:
        if f.status.severe or not only_severe:
            kinds.setdefault(f.status.value, []).append(f.about)
    said = "; ".join(
        f"{kind}: {', '.join(filter(None, about))}".rstrip(": ") for kind, about in kinds.items()
    )
    start = headline(findings, held)
    start = start[0].lower() + start[1:]
    return f"{start} ({said})" if said else start


def refit_text(refit: Refit) -> str:
    """Return how the exclusion of a refit differs from the law's own."""
    if refit.own:
        return "this fit"
    if refit.added:
        return f"also without {refit.added}"
    if refit.drop_highest is not None:
        return f"{refit.drop_highest} highest left out"
    if len(refit.lifted) > 1:
        return "without any rule"
    return f"without the rule {refit.lifted[0]}"


def left_out_text(influence: Influence) -> str:
    """Return the name of the point or the resampling unit that was left out."""
    if influence.unit:
        return f"every point of {influence.unit} {influence.name}"
    return influence.name
