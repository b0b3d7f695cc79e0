"""Figure: the loss against the loss that features without a direction would cause alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter
from matplotlib.transforms import blended_transform_factory

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import line, say
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.panels import side_by_side
from superscope.figures.draw.style import DASHED
from superscope.figures.toy.groups import Group, GroupedRuns, loss_of, positive
from superscope.figures.toy.keys import decay_colors, decay_key, decay_mark
from superscope.text import counted
from superscope.toy.point import ToyPoint

DECADES = 5  # below the largest; what is expected to be less is as good as 0
MOST_SHOWN = 6  # panels
EXPECTED, LOSS = "loss expected of unrepresented features", "loss, summed over features"
STRIP = 0.12  # of the panel's width: for runs that represent every feature


@dataclass(frozen=True, eq=False)
class Ranges:
    """What the axes hold.

    Attributes
    ----------
    x, y
        Their limits; those of x without the strip.
    least
        Expected loss below which a run stands in the strip.
    beside
        Whether there is a strip, and runs in it.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    least: float
    beside: tuple[ToyPoint, ...]

    @property
    def left(self) -> float:
        """Where the strip beside the axis begins, which takes what a logarithm cannot."""
        low, high = self.x
        return low / (high / low) ** (STRIP / (1 - STRIP)) if self.beside else low


def ranges(runs: GroupedRuns) -> Ranges:
    """Return axes that hold all runs with a positive loss."""
    shown = [p for p in runs.points if positive(loss_of(p))]
    losses = [loss_of(p) for p in shown]
    most = max((max(p.expected_loss, loss_of(p)) for p in shown), default=1.0)
    least = most * 10.0**-DECADES
    expected = [p.expected_loss for p in shown if p.expected_loss >= least]
    return Ranges(
        limits([most, *(expected or losses)], least=10),
        limits([most, *losses], least=10),
        least,
        tuple(p for p in shown if p.expected_loss < least),
    )


def loss_unrepresented(runs: GroupedRuns) -> Drawing:
    """Return the figure of loss against the loss expected of unrepresented features."""
    axes = ranges(runs)
    gone = sum(not positive(loss_of(p)) for p in runs.points)
    settings = runs.settings[:MOST_SHOWN]
    paint, panel = side_by_side(
        [partial(draw_unrepresented, axes=axes, groups=g, decays=runs.decays)
         for _, g in settings],
        [title if len(runs.settings) > 1 else "" for title, _ in settings],
        decay_key(runs.decays, line("loss = expected loss", DASHED)),
        x=EXPECTED,
        y=LOSS,
        height=3.4 if len(settings) == 1 else 2.6,
    )  # fmt: skip
    beside = axes.beside
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
        panel=panel,
    )


def draw_unrepresented(
    panel: Axes, axes: Ranges, groups: Sequence[Group], decays: Sequence[float]
) -> None:
    """Draw the losses of some groups against those expected of their unrepresented features."""
    low, high = axes.x
    log_x(panel, axes.left, high)
    log_y(panel, *axes.y)
    if axes.beside:
        _tick_beside(panel, axes.left, low)
    panel.plot([low, high], [low, high], color=LIGHT["ink"], linestyle=DASHED, linewidth=1.2,
               zorder=3)  # fmt: skip
    points = [p for g in groups for p in g.points if positive(loss_of(p))]
    _paint(panel, [p for p in points if p.expected_loss >= axes.least], decays)
    if axes.beside:
        _paint_beside(panel, [p for p in points if p.expected_loss < axes.least], decays, low)
    if not points:
        say(panel, "no positive loss")


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
