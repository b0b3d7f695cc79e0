"""Figure: the measured models' mean square overlap against width, among published ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from superscope.figures.draw.colors import LIGHT, OF_CENTER
from superscope.figures.draw.figure import MARKERS, Entry, FigureBlock
from superscope.figures.draw.svg import draw
from superscope.figures.geometry.published import PublishedOverlap, published_overlaps
from superscope.geometry import Geometry
from superscope.geometry.stages import CENTERINGS

FAMILIES = {
    "opt": ("OPT", "square", "opt"),
    "Qwen": ("Qwen2.5", "triangle", "qwen"),
    "gpt2": ("GPT-2", "diamond", "gpt2"),
    "pythia": ("Pythia", "cross", "pythia"),
}
"""Published families: name shown, marker, role of the color."""
LEAST = 1e-3  # of chance; what is below is as good as zero, and would flatten the rest
NEAR = 11.0  # points; a number this close to another mark is moved
OFFSETS = ((8, 0), (-8, 0), (7, 8), (-7, 8), (7, -8), (-7, -8), (0, 10), (0, -10))


@dataclass(frozen=True)
class Placement:
    """Where a measured model lies.

    Attributes
    ----------
    name
        What the report calls it.
    width
        m.
    overlaps
        Centering and mean square overlap.
    """

    name: str
    width: int
    overlaps: tuple[tuple[str, float], ...]

    @property
    def drawn(self) -> tuple[tuple[str, float], ...]:
        """Those that a logarithmic axis can show beside chance, 1/m."""
        return tuple((c, value) for c, value in self.overlaps if value * self.width >= LEAST)


def placements(geometries: Sequence[Geometry], names: Sequence[str]) -> tuple[Placement, ...]:
    """Return where each model lies."""
    return tuple(
        Placement(name, g.width, tuple((o.center, o.mean_square_overlap) for o in g.overlaps))
        for g, name in zip(geometries, names, strict=True)
    )


def width_figure(models: Sequence[Placement], key: str) -> FigureBlock:
    """Return the figure of all models of a report among the published points."""
    published = published_overlaps()

    def paint(axes: tuple[Axes, ...]) -> None:
        (panel,) = axes
        _scale(panel, [*(p.width for p in published), *(p.width for p in models)])
        _paint_published(panel, published)
        for model in models:
            _paint_model(panel, model)
        if len(models) > 1:
            _number(panel, models, published)

    hidden = [p.name for p in models if len(p.drawn) < len(p.overlaps)]
    left_out = (
        f" Too near zero for this axis, with less than {LEAST:g}/m: {', '.join(hidden)}."
        if hidden else ""
    )  # fmt: skip
    centers = dict.fromkeys(c for model in models for c, _ in model.overlaps)
    which = "this model" if len(models) == 1 else "measured here"
    return FigureBlock(
        title="Mean square overlap against width",
        svg=draw(
            paint, key=key, height=3.9,
            label="Mean square overlap against width of the measured models and of 25 published "
            "language models, with the line 1/m of random rows; both axes logarithmic.",
        ),
        legend=(
            *(Entry(_mark(c), OF_CENTER[c], f"{which}, {CENTERINGS[c]}") for c in centers),
            *(Entry(mark, color, name) for name, mark, color in FAMILIES.values()),
            Entry("dashed", "ink", "chance, 1/m"),
        ),
        caption="Each point is one model's head. On the dashed line, rows overlap as random "
        "directions do; above it, more. Small marks: 25 published models, raw rows (LLG25, "
        "figure 8a)." + left_out,
    )  # fmt: skip


def _mark(center: str) -> str:
    return "dot" if center == "none" else "ring"


def _scale(panel: Axes, widths: Sequence[int]) -> None:
    """Set both axes logarithmic, widths ticked at powers of two, and draw chance."""
    low, high = min(widths) / 1.25, max(widths) * 1.25
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(low, high)
    powers = np.arange(np.ceil(np.log2(low)), np.floor(np.log2(high)) + 1)
    panel.xaxis.set_major_locator(FixedLocator(list(2.0 ** powers[:: 1 + len(powers) // 9])))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    panel.plot([low, high], [1 / low, 1 / high], color=LIGHT["ink"], linewidth=1.2,
               linestyle=(0, (3, 2)), zorder=2)  # fmt: skip
    panel.set_xlabel("width m")
    panel.set_ylabel("mean square overlap")


def _paint_published(panel: Axes, published: Sequence[PublishedOverlap]) -> None:
    for family, (_, mark, color) in FAMILIES.items():
        points = [p for p in published if p.family == family]
        panel.plot(
            [p.width for p in points], [p.mean_square_overlap for p in points],
            linestyle="none", marker=MARKERS[mark], markersize=4.6, color=LIGHT[color],
            markeredgewidth=0, alpha=0.85, zorder=3,
        )  # fmt: skip


def _paint_model(panel: Axes, model: Placement) -> None:
    panel.plot([model.width] * len(model.drawn), [value for _, value in model.drawn],
               color=LIGHT["muted"], linewidth=0.9, zorder=4)  # fmt: skip
    for center, value in model.drawn:
        color = LIGHT[OF_CENTER[center]]
        filled = _mark(center) == "dot"
        panel.plot(
            [model.width], [value], marker="o", markersize=7.5, linestyle="none", color=color,
            markerfacecolor=color if filled else "none",
            markeredgecolor=LIGHT["paper"] if filled else color,
            markeredgewidth=0.9 if filled else 1.8, zorder=5,
        )  # fmt: skip


def _number(
    panel: Axes, models: Sequence[Placement], published: Sequence[PublishedOverlap]
) -> None:
    """Write each model's number beside its first mark, where there is most room."""
    points = [(p.width, p.mean_square_overlap) for p in published]
    points += [(m.width, value) for m in models for _, value in m.drawn]
    to_points = 72.0 / panel.figure.dpi
    taken = [panel.transData.transform(p) * to_points for p in points]
    for index, model in enumerate(models, start=1):
        if not model.drawn:
            continue
        anchor = (model.width, model.drawn[0][1])
        here = panel.transData.transform(anchor) * to_points
        rooms = [
            min(NEAR, *(float(np.hypot(*(here + offset - other))) for other in taken
                        if np.any(other != here)), NEAR)
            for offset in OFFSETS
        ]  # fmt: skip
        best = OFFSETS[int(np.argmax(rooms))]
        taken.append(here + best)
        panel.annotate(
            str(index), anchor, xytext=best, textcoords="offset points", ha="center",
            va="center", fontsize=8, fontweight="bold", zorder=6,
        )  # fmt: skip
