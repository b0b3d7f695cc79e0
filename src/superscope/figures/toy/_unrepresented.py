"""Figure: the loss against the loss that features without a direction would cause alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from matplotlib.transforms import blended_transform_factory

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import grid, line, say
from superscope.figures.draw.caption import caption
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.style import DASHED
from superscope.figures.toy.colors import decay_colors, decay_mark
from superscope.figures.toy.groups import GroupedRuns, loss_of, positive
from superscope.figures.toy.keys import decay_key
from superscope.text import counted
from superscope.toy.point import ToyPoint

DECADES = 5  # below the largest; what is expected to be less is as good as 0
MOST = 6  # panels
STRIP = 0.12  # of the panel's width: for runs that represent every feature


def loss_unrepresented(runs: GroupedRuns) -> Drawing:
    """Return the figure of loss against the loss expected of unrepresented features."""
    shown = [p for p in runs.points if positive(loss_of(p))]
    gone = len(runs.points) - len(shown)
    most = max((max(p.expected_loss, loss_of(p)) for p in shown), default=1.0)
    least_expected = most * 10.0**-DECADES
    beside = [p for p in shown if p.expected_loss < least_expected]
    settings = runs.settings[:MOST]

    def paint() -> Figure:
        key = decay_key(runs.decays, line("loss = expected loss", DASHED))
        titles = [title if len(runs.settings) > 1 else "" for title, _ in settings]
        figure, panels = grid(
            titles, key, height=3.4 if len(titles) == 1 else 2.6,
            x="loss expected of unrepresented features", y="loss, summed over features",
        )  # fmt: skip
        expected = [p.expected_loss for p in shown if p.expected_loss >= least_expected]
        losses = [loss_of(p) for p in shown]
        low, high = limits([most, *(expected or losses)], least=10)
        # A strip beside the axis takes the runs that a logarithm cannot.
        left = low / (high / low) ** (STRIP / (1 - STRIP)) if beside else low
        log_x(panels[0], left, high)
        log_y(panels[0], *limits([most, *losses], least=10))
        if beside:
            _tick_beside(panels[0], left, low)
        for panel, (_, groups) in zip(panels, settings, strict=True):
            panel.plot([low, high], [low, high], color=LIGHT["ink"], linestyle=DASHED,
                       linewidth=1.2, zorder=3)  # fmt: skip
            points = [p for g in groups for p in g.points if positive(loss_of(p))]
            _paint(panel, [p for p in points if p.expected_loss >= least_expected], runs.decays)
            if beside:
                aside = [p for p in points if p.expected_loss < least_expected]
                _paint_beside(panel, aside, runs.decays, low)
            if not points:
                say(panel, "no positive loss")
        return figure

    zero = "0" if all(p.expected_loss == 0 for p in beside) else "0 or nearly 0"
    return Drawing(
        name="loss-unrepresented",
        title="Loss against the loss of unrepresented features",
        caption=caption(
            "Each mark is a run, of any α and width.",
            "The expected loss is Σ p E[v²] over features with a norm of at most ½, as if the "
            "model answered them with 0.",
            "What lies above the dashed line is interference. Nothing is fitted.",
            f"Left of the line, by decay: {counted(len(beside), 'run')} with an expected loss of "
            f"{zero}."
            if beside
            else "",
            f"Left out: {counted(gone, 'run')} without a positive finite loss." if gone else "",
            f"Drawn are {len(settings)} of {len(runs.settings)} settings."
            if len(settings) < len(runs.settings)
            else "",
        ),
        label="Loss against the loss expected of unrepresented features on logarithmic axes, a "
        "color for each decay, with the line where both are equal.",
        paint=paint,
    )


def _paint(panel: Axes, points: Sequence[ToyPoint], decays: Sequence[float]) -> None:
    colors = decay_colors(decays)
    for decay in decays:
        of_decay = [p for p in points if p.config.decay == decay]
        panel.plot(
            [p.expected_loss for p in of_decay], [loss_of(p) for p in of_decay],
            linestyle="none", marker=decay_mark(decay), markersize=3.8, color=colors[decay],
            markeredgecolor=LIGHT["paper"], markeredgewidth=0.3, alpha=0.9, zorder=4,
        )  # fmt: skip


def _paint_beside(
    panel: Axes, points: Sequence[ToyPoint], decays: Sequence[float], low: float
) -> None:
    """Draw runs without unrepresented features in a strip, each decay at its own place."""
    colors = decay_colors(decays)
    panel.axvline(low, color=LIGHT["muted"], linewidth=0.8, zorder=2)
    place = blended_transform_factory(panel.transAxes, panel.transData)
    present = sorted({p.config.decay for p in points})
    across = np.linspace(0.02, STRIP - 0.02, len(present)) if len(present) > 1 else [STRIP / 2]
    for decay, x in zip(present, across, strict=True):
        losses = [loss_of(p) for p in points if p.config.decay == decay]
        panel.plot(
            [x] * len(losses), losses, transform=place, linestyle="none",
            marker=decay_mark(decay), markersize=3.8, color=colors[decay],
            markeredgecolor=LIGHT["paper"], markeredgewidth=0.3, alpha=0.9, zorder=4,
        )  # fmt: skip


def _tick_beside(panel: Axes, left: float, low: float) -> None:
    """Call the strip 0, and tick the rest of the axis alone."""
    high = panel.get_xlim()[1]
    middle = math.sqrt(left * low)
    plain = panel.xaxis.get_major_formatter()
    for minor in (False, True):
        ticks = [float(t) for t in panel.get_xticks(minor=minor) if low <= t <= high]
        panel.set_xticks(ticks if minor else [middle, *ticks], minor=minor)
    panel.xaxis.set_major_formatter(
        FuncFormatter(lambda value, at: "0" if value == middle else plain(value, at))
    )
    panel.xaxis.set_minor_formatter(NullFormatter())
