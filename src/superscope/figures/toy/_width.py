"""Figures over width: the loss, and the mean square overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_y, width_axis
from superscope.figures.draw.canvas import line, mark, say
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.panels import side_by_side
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.figures.toy.groups import Group, GroupedRuns, Series, loss_of, positive
from superscope.figures.toy.keys import decay_colors, decay_key, decay_mark
from superscope.figures.toy.text import exponent_text, fitted, missing
from superscope.text import counted
from superscope.toy.features import Float64
from superscope.toy.point import ToyPoint
from superscope.toy.theory import random_mean_square, strong_loss, weak_loss, welch_floor

SIDE = 1.2  # inches for the exponents beside a panel
MOST_LISTED = 14  # lines of exponents that fit there
WIDTH, LOSS, OVERLAP = "width m", "loss, summed over features", "mean square overlap"


def strong_law(group: Group, widths: Float64) -> tuple[Float64, Float64] | None:
    """Return widths and the loss there, carried from the least width of the strongest growth.

    None without growth, or without a width below n.
    """
    growing = next((s for s in group.series if s.decay < 0 and s.fittable), None)
    if growing is None:
        return None
    first = growing.fittable[0].config.width
    here = [loss_of(p) for p in growing.fittable if p.config.width == first]
    widths = widths[widths < group.n]
    loss = float(np.exp(np.mean(np.log(here))))
    return widths, strong_loss(widths, group.n, first, loss)


def weak_law(group: Group, widths: Float64) -> tuple[Float64, Float64] | None:
    """Return widths and the loss of ideal weak superposition; None without decay above 0."""
    if all(series.decay <= 0 for series in group.series):
        return None
    costs = group.probabilities * group.importance
    losses = np.array([weak_loss(costs, int(m)) for m in widths])
    return widths[losses > 0], losses[losses > 0]


def loss_width(runs: GroupedRuns) -> Drawing:
    """Return the figure of loss against width."""
    growth, decay = runs.decays[0] < 0, runs.decays[-1] > 0
    theory: list[Artist] = [line("power law fitted", "-", LIGHT["muted"])]
    if growth:
        theory.append(line("1/m, ending at m = n", DASHED))
    if decay:
        theory.append(line("ideal weak superposition", DOTTED))

    colors = decay_colors(runs.decays)
    paint, panel = side_by_side(
        [partial(draw_losses, drawn=runs.panels, group=g, colors=colors) for g in runs.panels],
        [group.title for group in runs.panels],
        decay_key(runs.decays, *theory),
        x=WIDTH,
        y=LOSS,
        beside=[partial(_list_exponents, series=g.series, colors=colors) for g in runs.panels],
        height=2.35,
        side=SIDE,
    )
    return Drawing(
        name="loss-width",
        title="Loss against width",
        caption=caption(
            "Each mark is a run.",
            fitted(runs),
            "The dashed line is proportional to (n − m)/(m(n − 1)), which is 1/m with an end at "
            "m = n. It starts at the smallest width of the strongest growth." * growth,
            "The dotted line is the loss if the m most frequent features were stored without "
            "overlap." * decay,
            runs.choice,
        ),
        label="Loss against width on logarithmic axes, a color for each decay, with fitted power "
        "laws and what theory says.",
        paint=paint,
        panel=panel,
    )


def draw_losses(
    panel: Axes, drawn: Sequence[Group], group: Group, colors: Mapping[float, str]
) -> None:
    """Draw the losses of a group, on axes that hold those of all groups that are drawn."""
    losses = [loss_of(p) for g in drawn for p in g.points if positive(loss_of(p))]
    if losses:
        log_y(panel, *limits(losses, least=10))
    whole = _whole(*width_axis(panel, [m for g in drawn for m in g.widths]))
    for series in group.series:
        _paint_losses(panel, series, colors[series.decay])
    for law, style in ((strong_law(group, whole), DASHED), (weak_law(group, whole), DOTTED)):
        if law is not None:
            panel.plot(*law, color=LIGHT["ink"], linestyle=style, linewidth=1.2, zorder=2)
    if not any(positive(loss_of(p)) for p in group.points):
        say(panel, "no positive loss")


def _whole(low: float, high: float) -> Float64:
    """Return whole widths from end to end of the axis, at which to draw what theory says."""
    return np.unique(np.geomspace(max(low, 1.0), high, 200).round())


def _paint_losses(panel: Axes, series: Series, color: str) -> None:
    shown = [p for p in series.points if positive(loss_of(p))]
    panel.plot(
        [p.config.width for p in shown], [loss_of(p) for p in shown], linestyle="none",
        marker=decay_mark(series.decay), markersize=4.2, color=color,
        markeredgecolor=LIGHT["paper"], markeredgewidth=0.4, zorder=4,
    )  # fmt: skip
    if series.fit is not None:
        widths = [p.config.width for p in series.fittable]
        ends = np.array([min(widths), max(widths)])
        panel.plot(ends, series.fit.loss(ends), color=color, linewidth=1.1, zorder=3)


def _list_exponents(panel: Axes, series: Sequence[Series], colors: Mapping[float, str]) -> None:
    """Write the exponents beside the panel, each beside the mark of its decay.

    A decay has the same line in every panel, where there is room for all of them.
    """
    panel.text(1.03, 1.0, "exponent  [95 %]", transform=panel.transAxes, fontsize=7,
               va="top", color=LIGHT["muted"])  # fmt: skip
    lines = sorted(colors) if len(colors) <= MOST_LISTED else [s.decay for s in series]
    for one in series:
        k = 1 + lines.index(one.decay)
        if k <= MOST_LISTED:
            at = 0.97 - k * 0.92 / MOST_LISTED
            panel.plot(
                [1.05], [at], transform=panel.transAxes, marker=decay_mark(one.decay),
                markersize=3.2, color=colors[one.decay], clip_on=False,
            )  # fmt: skip
            panel.text(1.09, at, exponent_text(one.fit), fontsize=7, va="center_baseline",
                       transform=panel.transAxes)  # fmt: skip
    if len(lines) > MOST_LISTED:
        panel.text(1.03, -0.01, "others: table", transform=panel.transAxes, fontsize=7,
                   va="top", color=LIGHT["muted"])  # fmt: skip


def overlap_width(runs: GroupedRuns) -> Drawing:
    """Return the figure of mean square overlap against width."""
    rings = any(_above_one(p) is not None for p in runs.points)
    gone = sum(not positive(p.observation.mean_square_overlap) for p in runs.points)

    marks: list[Artist] = [
        line("1/m, random rows", DASHED), line("Welch floor of n rows", DOTTED)
    ]  # fmt: skip
    if rings:
        marks.append(mark("among norms above 1", LIGHT["ink"], markersize=5,
                          markerfacecolor="none"))  # fmt: skip
    colors = decay_colors(runs.decays)
    paint, panel = side_by_side(
        [partial(draw_overlaps, drawn=runs.panels, group=g, colors=colors) for g in runs.panels],
        [group.title for group in runs.panels],
        decay_key(runs.decays, *marks),
        x=WIDTH,
        y=OVERLAP,
        height=2.1,
        columns=3,
    )
    return Drawing(
        name="overlap-width",
        title="Mean square overlap against width",
        caption=caption(
            "Mean of c² over all pairs of rows that have a direction.",
            "Each mark is a run, and lines join the geometric means of seeds. Nothing is fitted.",
            "Where decay has left rows at exactly 0, fewer than n rows are compared, and their own "
            "floor is lower.",
            "Rings show, under growth, the mean among rows of a norm above 1 alone. Where the mean "
            "over all rows lies above its ring, rows with smaller norms share directions." * rings,
            f"Not drawn: {counted(gone, 'run')} without two rows that overlap." if gone else "",
            missing("width", runs.widths),
            runs.choice,
        ),
        label="Mean square overlap against width on logarithmic axes, a color for each decay, "
        "with the line 1/m of random rows and the Welch floor.",
        paint=paint,
        panel=panel,
    )


def draw_overlaps(
    panel: Axes, drawn: Sequence[Group], group: Group, colors: Mapping[float, str]
) -> None:
    """Draw the overlaps of a group, on axes that hold those of all groups that are drawn."""
    widths = [m for g in drawn for m in g.widths]
    whole = _whole(*width_axis(panel, widths))
    values = [
        value for g in drawn for p in g.points
        for value in (p.observation.mean_square_overlap, _above_one(p))
        if value is not None and positive(value)
    ]  # fmt: skip
    values += [random_mean_square(m) for m in (min(widths), max(widths))]
    log_y(panel, *limits(values, least=10))
    _paint_baselines(panel, group, whole)
    for series in group.series:
        _paint_overlaps(panel, series, colors[series.decay])
    if not any(positive(p.observation.mean_square_overlap) for p in group.points):
        say(panel, "no overlap above 0")


def _paint_overlaps(panel: Axes, series: Series, color: str) -> None:
    of_width: dict[int, list[float]] = {}
    for p in series.points:
        value = p.observation.mean_square_overlap
        if value is not None and positive(value):
            of_width.setdefault(p.config.width, []).append(value)
    for width, values in of_width.items():
        panel.plot(
            [width] * len(values), values, linestyle="none", marker=decay_mark(series.decay),
            markersize=4, color=color, markeredgecolor=LIGHT["paper"], markeredgewidth=0.4,
            zorder=4,
        )  # fmt: skip
    ringed = [(p.config.width, value) for p in series.points if (value := _above_one(p))]
    if ringed:
        panel.plot(*zip(*ringed, strict=True), linestyle="none", marker="o", markersize=5.5,
                   markerfacecolor="none", markeredgecolor=color, markeredgewidth=0.9,
                   zorder=4)  # fmt: skip
    means = [float(np.exp(np.mean(np.log(values)))) for values in of_width.values()]
    panel.plot(list(of_width), means, color=color, linewidth=1, zorder=3)


def _above_one(point: ToyPoint) -> float | None:
    """Return the overlap among norms above 1 of a run under growth, if an axis can show it."""
    value = point.overlap_above_one
    return value if point.config.decay < 0 and positive(value) else None


def _paint_baselines(panel: Axes, group: Group, widths: Float64) -> None:
    chance = [random_mean_square(int(m)) for m in widths]
    panel.plot(widths, chance, color=LIGHT["ink"], linestyle=DASHED, linewidth=1.2, zorder=2)
    floors = [(m, welch_floor(group.n, int(m))) for m in widths if m < group.n]
    if floors:
        panel.plot(*zip(*floors, strict=True), color=LIGHT["ink"], linestyle=DOTTED,
                   linewidth=1.2, zorder=2)  # fmt: skip
