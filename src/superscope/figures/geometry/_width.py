"""Figure: the measured models' mean square overlap against width, among published ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from superscope.figures.draw.axes import limits, log_y, width_axis
from superscope.figures.draw.canvas import Key, line, mark, one_panel
from superscope.figures.draw.colors import LIGHT, OF_CENTER
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.labels import put_labels
from superscope.figures.draw.style import DASHED
from superscope.figures.geometry.keys import WIDEST_PANEL
from superscope.geometry import Geometry
from superscope.geometry.compare import names_of
from superscope.geometry.published import FAMILIES, published_overlaps
from superscope.geometry.stages import CENTERINGS

LOOKS = {
    "opt": ("s", "opt"), "Qwen": ("^", "qwen"), "gpt2": ("D", "gpt2"), "pythia": ("X", "pythia"),
}  # fmt: skip
"""Of published families: marker, role of the color."""
WIDTH, OVERLAP = "width m", "mean square overlap"
SMALL: dict[str, Any] = {"markersize": 4.6, "markeredgewidth": 0, "alpha": 0.85}
LEAST_SHARE = 1e-3  # of chance; what is below is as good as zero, and would flatten the rest


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
        return tuple((c, value) for c, value in self.overlaps if value * self.width >= LEAST_SHARE)


def placements(geometries: Sequence[Geometry], names: Sequence[str]) -> tuple[Placement, ...]:
    """Return where each model lies."""
    return tuple(
        Placement(name, g.width, tuple((o.center, o.mean_square_overlap) for o in g.overlaps))
        for g, name in zip(geometries, names, strict=True)
    )


def width_drawing(models: Sequence[Placement]) -> Drawing:
    """Return the drawing of all models of a report among the published points."""
    key = width_key(models)

    def draw(panel: Axes) -> None:
        paint_widths(panel, models)
        panel.set_xlabel(WIDTH)
        panel.set_ylabel(OVERLAP)

    paint, panel = one_panel(draw, key, height=3.1, widest=WIDEST_PANEL)
    hidden = [p.name for p in models if len(p.drawn) < len(p.overlaps)]
    left_out = f" Below {LEAST_SHARE:g}/m, too near 0 for this axis: {', '.join(hidden)}."
    return Drawing(
        name="width",
        title="Mean square overlap against width",
        caption="Each mark is the head of one model. On the dashed line, rows overlap as much as "
        "random directions do; above it, they overlap more. The small marks are 25 published "
        f"models, raw rows (LLG25, figure 8a).{left_out if hidden else ''}",
        label="Mean square overlap against width of the measured models and of 25 published "
        "language models, with the line 1/m of random rows; both axes are logarithmic.",
        paint=paint,
        panel=panel,
    )


def width_key(models: Sequence[Placement]) -> Key:
    """Return the key: each centering, the published families, and chance."""
    which = "this model" if len(models) == 1 else "measured here"
    centers = dict.fromkeys(c for model in models for c, _ in model.overlaps)
    return Key((
        *(mark(f"{which}, {CENTERINGS[c]}", LIGHT[OF_CENTER[c]], **_look(c)) for c in centers),
        line("chance, 1/m", DASHED),
        *published_marks(),
    ))  # fmt: skip


def published_marks() -> list[Line2D]:
    """Return an entry of a key for each published family."""
    return [
        mark(FAMILIES[family], LIGHT[color], shape, **SMALL)
        for family, (shape, color) in LOOKS.items()
    ]


def paint_widths(panel: Axes, models: Sequence[Placement]) -> None:
    """Draw chance, the published models and the measured ones, numbered where they are several."""
    published = published_overlaps()
    widths = [*(p.width for p in published), *(m.width for m in models)]
    low, high = width_axis(panel, widths)
    points = [(p.width, p.mean_square_overlap) for p in published]
    points += [(m.width, value) for m in models for _, value in m.drawn]
    log_y(panel, *limits([1 / high, *(value for _, value in points)]))
    ends = np.array([low, high])
    panel.plot(ends, 1 / ends, color=LIGHT["ink"], linewidth=1.2, linestyle=DASHED, zorder=2)
    for family, (shape, color) in LOOKS.items():
        members = [p for p in published if p.family == family]
        panel.plot(
            [p.width for p in members], [p.mean_square_overlap for p in members],
            linestyle="none", marker=shape, color=LIGHT[color], zorder=3, **SMALL,
        )  # fmt: skip
    for model in models:
        _paint_model(panel, model)
    numbered = [(k, m) for k, m in enumerate(models, start=1) if m.drawn and len(models) > 1]
    for _, m in numbered:  # put the number beside the line that joins the model's marks
        values = [value for _, value in m.drawn]
        points += [(m.width, float(v)) for v in np.geomspace(min(values), max(values), 20)]
    put_labels(
        panel, [(m.width, m.drawn[0][1]) for _, m in numbered], [str(k) for k, _ in numbered],
        points, weight="bold",
    )  # fmt: skip


def _paint_model(panel: Axes, model: Placement) -> None:
    panel.plot([model.width] * len(model.drawn), [value for _, value in model.drawn],
               color=LIGHT["muted"], linewidth=0.9, zorder=4)  # fmt: skip
    for center, value in model.drawn:
        panel.plot([model.width], [value], marker="o", linestyle="none", zorder=5,
                   color=LIGHT[OF_CENTER[center]], **_look(center))  # fmt: skip


def _look(center: str) -> dict[str, Any]:
    """Return how the mark of a centering looks: filled for raw rows, a ring for centered ones."""
    if center == "none":
        return {"markersize": 7.5, "markeredgecolor": LIGHT["paper"], "markeredgewidth": 0.9}
    return {"markersize": 6.5, "markerfacecolor": "none", "markeredgewidth": 1.8}


def width_of(geometry: Geometry | Sequence[Geometry]) -> Drawing:
    """Return the figure of mean square overlap against width, among 25 published models.

    It takes one geometry or several, which are then numbered in their order.
    """
    geometries = [geometry] if isinstance(geometry, Geometry) else list(geometry)
    return width_drawing(placements(geometries, names_of(geometries)))
