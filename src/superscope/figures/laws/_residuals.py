"""The figure of residuals, with the points that move the law marked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, grid, line, mark
from superscope.figures.draw.colors import LIGHT, Style
from superscope.figures.draw.drawable import caption, drawable, shown
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.labels import put_labels
from superscope.figures.draw.style import DASHED
from superscope.figures.laws.view import (
    Marked,
    dots,
    drawn_points,
    family_keys,
    input_label,
    marked,
    put_points,
    shift_unit,
    thinned,
)
from superscope.laws import Law
from superscope.laws.formula import Floats
from superscope.text import counted, rounded

MOST_RINGS = 8  # of one unit; more points than that are colored
RING: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 1.2}
RING_SHAPES = ("o", "s", "^", "D", "v", "h")  # of rings, as many as there are at most


def law_residuals(law: Law) -> Drawing:
    """Return the figure of residuals against fitted loss and each input."""
    found, more = marked(law)
    scale = law.residual_scale
    log = law.form.residual == "log"

    def paint() -> Figure:
        rings = [
            mark(f"{k + 1}: {drawable(m.name)}", LIGHT["ink"], RING_SHAPES[k], **RING, markersize=7)
            for k, m in enumerate(found)
        ]
        key = Key((
            *(family_keys(law, LIGHT["centered"]) if len(law.points.groups) > 1 else ()),
            *([line("± 1 s.d. of the residuals", DASHED, LIGHT["muted"])] * math.isfinite(scale)),
            *rings,
        ))  # fmt: skip
        labels = ["fitted loss", *map(input_label, law.form.terms)]
        y = "log of measured / fitted" if log else "measured − fitted loss"
        figure, panels = grid([""] * len(labels), key, height=2.2, x=labels,
                              y=[y] * len(labels))  # fmt: skip
        values = [law.fitted, *law.points.inputs.T]
        for panel, x in zip(panels, values, strict=True):
            _paint(panel, law, np.asarray(x, np.float64), found)
        return figure

    kind = "log of measured over fitted loss" if log else "measured minus fitted loss"
    names = "; ".join(f"{k} {shown(m.name)} ({m.effect})" for k, m in enumerate(found, 1))
    return Drawing(
        name="law-residuals",
        title="Residuals",
        caption=caption(
            f"Residuals ({kind}) against fitted loss and each input.",
            "A pattern in them is something that the law does not describe.",
            "Numbered is what moves an exponent most when it is left out, with the shift in "
            f"{shift_unit(law)}: {names}."
            if found
            else "",
            f"Not numbered, but also influential: {counted(more, 'point')}." if more else "",
            f"Dashed lines are {rounded(scale)} from 0, one standard deviation of the residuals."
            if math.isfinite(scale)
            else "Without a degree of freedom the residuals have no scale.",
            thinned(len(law.points)),
        ),
        label="Residuals against fitted loss and each input, with the line at zero, one "
        "standard deviation to both sides, and influential points ringed.",
        paint=paint,
    )


def _paint(panel: Axes, law: Law, x: Floats, found: tuple[Marked, ...]) -> None:
    residuals, scale = law.residuals, law.residual_scale
    log_x(panel, *limits(x))
    most = max(float(np.abs(residuals).max()), scale if math.isfinite(scale) else 0.0, 1e-12)
    panel.set_ylim(-1.2 * most, 1.2 * most)
    panel.axhline(0, color=LIGHT["ink"], linewidth=1, zorder=2)
    if math.isfinite(scale):
        for side in (-scale, scale):
            panel.axhline(side, color=LIGHT["muted"], linestyle=DASHED, linewidth=1, zorder=2)
    chosen = drawn_points(len(x))
    put_points(panel, law, x, residuals, chosen=chosen, color=LIGHT["centered"], alpha=0.7)
    rings = np.zeros(len(x))
    numbers: dict[str, tuple[float, float]] = {}
    # Single points first: their number stands beside them, a unit's beside another of its own.
    for k in sorted(range(len(found)), key=lambda k: len(found[k].points)):
        ours = found[k].points[drawn_points(len(found[k].points))]
        if not len(ours):
            continue
        color, shape = LIGHT["ink"], RING_SHAPES[k]
        if len(ours) <= MOST_RINGS:
            # A point alone and with its unit has a ring around a ring.
            size = 6.5 + 3 * float(rings[ours].max())
            panel.plot(x[ours], residuals[ours], linestyle="none", marker=shape, markersize=size,
                       color=color, zorder=4, **RING)  # fmt: skip
        else:
            dots(panel, x[ours], residuals[ours], Style(color, shape), alpha=1.0)
        free = ours[rings[ours] == 0] if (rings[ours] == 0).any() else ours
        rings[ours] += 1
        far = free[np.argmax(np.abs(residuals[free]))]
        numbers[str(k + 1)] = (float(x[far]), float(residuals[far]))
    ringed = np.flatnonzero(rings)
    around = list(zip(x[ringed].tolist(), residuals[ringed].tolist(), strict=True))
    put_labels(panel, list(numbers.values()), list(numbers), around, weight="bold")
