"""Phrases that the captions of toy figures share."""

from __future__ import annotations

from collections.abc import Sequence

from superscope.figures.draw.drawable import caption
from superscope.figures.toy.groups import GroupedRuns
from superscope.laws import Exponent
from superscope.text import counted, fixed, signed


def exponent_text(fit: Exponent | None) -> str:
    """Return an exponent with its interval."""
    if fit is None:
        return "–"
    if fit.low != fit.low:  # two runs: no degree of freedom is left
        return f"{fixed(fit.value)}  no interval"
    return f"{fixed(fit.value)}  [{fixed(fit.low)}, {fixed(fit.high)}]"


def fitted(runs: GroupedRuns) -> str:
    """Say what was fitted, and which runs are left out of it and why."""
    full = sum(p.config.width >= p.config.n for p in runs.points)
    usable = sum(len(s.fittable) for g in runs.groups for s in g.series)
    useless = len(runs.points) - full - usable
    return caption(
        "Exponents come from least squares of log loss on log width, with every run a point, and "
        "have the 95 % interval of Student's t.",
        f"Left out of the fits: {counted(full, 'run')} of a width of at least n, where every "
        "feature can have a dimension of its own." if full else "",
        f"Left out: {counted(useless, 'run')} without a positive finite loss." if useless else "",
        f"All runs have the width {runs.widths[0]}, and an exponent takes two widths."
        if len(runs.widths) == 1 else "",
        runs.rates,
    )  # fmt: skip


def missing(kind: str, values: Sequence[float]) -> str:
    """Say that one value alone shows no dependence."""
    if len(values) > 1:
        return ""
    return f"All runs have the {kind} {signed(float(values[0]))}, so its effect does not show here."
