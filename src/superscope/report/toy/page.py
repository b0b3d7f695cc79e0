"""The page of a set of toy runs: figures and exponents in one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from superscope._version import __version__
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.drawing import Drawing
from superscope.figures.toy.groups import Group, GroupedRuns, Series
from superscope.report.files import template
from superscope.text import counted, fixed, signed


@dataclass(frozen=True)
class ExponentLine:
    """A line of the table: a group and decay, its exponent, and what it rests on."""

    group: str
    decay: str
    widths: str
    runs: int
    exponent: str
    interval: str
    r_squared: str


def exponent_lines(runs: GroupedRuns) -> tuple[ExponentLine, ...]:
    """Return the fitted exponents of all groups, with those that cannot be fitted."""
    return tuple(_line(group, series) for group in runs.groups for series in group.series)


def render_toy(runs: GroupedRuns, drawings: Sequence[tuple[Drawing, Markup]]) -> str:
    """Return the page of runs and their drawn figures as HTML."""
    count = len(runs.points)
    return template("toy.html").render(
        title=f"Toy models of superposition: {counted(count, 'run')}",
        drawings=drawings,
        lines=exponent_lines(runs),
        shared=runs.shared,
        repeated=counted(runs.repeated, "run") if runs.repeated else "",
        counts=_counts(runs),
        version=__version__,
        light=LIGHT,
        dark=DARK,
    )


def _counts(runs: GroupedRuns) -> str:
    alphas = {g.alpha for g in runs.groups if g.alpha is not None}
    seeds = {p.config.seed for p in runs.points}
    parts = [counted(len(runs.widths), "width"), counted(len(runs.decays), "decay")]
    if alphas:
        parts.append(counted(len(alphas), "value") + " of α")
    parts.append(counted(len(seeds), "seed"))
    if len(runs.settings) > 1:
        parts.append(counted(len(runs.settings), "setting"))
    return ", ".join(parts)


def _line(group: Group, series: Series) -> ExponentLine:
    fit = series.fit
    widths = sorted({p.config.width for p in series.fittable})
    exponent = interval = r_squared = "–"
    if fit is not None:
        exponent, r_squared = fixed(fit.value), fixed(fit.r_squared, 3)
        if fit.low == fit.low:
            interval = f"{fixed(fit.low)} to {fixed(fit.high)}"
    return ExponentLine(
        group=group.title.replace(" = ", "\u00a0=\u00a0"),
        decay=signed(series.decay),
        widths=" ".join(f"{m:,}" for m in widths)
        if len(widths) <= 8
        else f"{len(widths)} from {widths[0]:,} to {widths[-1]:,}",
        runs=len(series.fittable),
        exponent=exponent,
        interval=interval,
        r_squared=r_squared,
    )
