"""The figure of parts: what floor, data, depth and width contribute to each fitted loss."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.canvas import Key, alone, block, grid, mark
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, drawable, shown
from superscope.figures.draw.drawing import Drawing
from superscope.figures.laws.view import FLOOR_COLOR, term_color
from superscope.laws import Law
from superscope.laws.formula import Floats

MOST_BARS = 80
OPACITY = 0.75
ORDER = "from the highest fitted loss to the lowest"


def bars(law: Law) -> tuple[Floats, Floats, int]:
    """Return the height of the bars by part, floor first (N, k + 1), and the measured losses (N,).

    Points come in the order of their fitted loss, the highest first; where they are many, a bar
    is the mean of neighbors. The third value is how many it is of, at the most.
    """
    order = np.argsort(-law.fitted, kind="stable")
    each = math.ceil(len(order) / MOST_BARS)
    parts = np.roll(law.parts(law.points.inputs, law.points.group), 1, axis=1)
    blocks = np.array_split(order, math.ceil(len(order) / each))
    heights = np.array([parts[block].mean(axis=0) for block in blocks])
    return heights, np.array([law.points.loss[block].mean() for block in blocks]), each


def law_parts(law: Law) -> Drawing:
    """Return the figure of the fitted loss split into its parts."""
    terms = law.form.terms
    colors = [FLOOR_COLOR, *map(term_color, terms)]
    several = len(terms) > 1

    names = ["floor", *(drawable(t.part) for t in terms)]
    labels = ["loss", "share of the loss above its floor"][: 1 + several]
    key = Key((
        # A label that begins with an underscore would be left out of the key.
        *(block(f" {name}", color, OPACITY) for color, name in zip(colors, names, strict=True)),
        mark("measured", LIGHT["ink"], markersize=3),
    ))  # fmt: skip

    def paint() -> Figure:
        figure, panels = grid(
            [""] * len(labels), key, height=2.6, columns=2, widest=6.4,
            x=[ORDER] * len(labels), y=labels,
        )  # fmt: skip
        draw(panels[0])
        if several:
            above = bars(law)[0][:, 1:]
            total = np.maximum(above.sum(axis=1, keepdims=True), 1e-300)
            _stack(panels[1], above / total, colors[1:])
            panels[1].set_ylim(0, 1)
        return figure

    def draw(panel: Axes) -> None:
        parts, measured, _ = bars(law)
        _stack(panel, parts, colors)
        panel.plot(np.arange(len(measured)) + 0.5, measured, linestyle="none", marker="o",
                   markersize=3, color=LIGHT["ink"], markeredgewidth=0, alpha=0.8,
                   zorder=4)  # fmt: skip
        panel.set_xlabel(ORDER)
        panel.set_ylabel(labels[0])

    each = bars(law)[2]
    mean = law.parts(law.points.inputs, law.points.group).mean(axis=0)
    largest = shown(terms[int(np.argmax(mean[:-1]))].part)
    return Drawing(
        name="law-parts",
        title="What the loss is made of",
        caption=caption(
            "Each bar is the fitted loss of one point."
            if each == 1
            else f"Each bar is the mean fitted loss of up to {each} points next to each other.",
            "It is split into the floor and the parts of the inputs.",
            "The bars stand in the order of fitted loss.",
            f"On average {largest} is the largest part above the floor." * several,
        ),
        label="Stacked parts of the fitted loss, point by point, with the measured losses.",
        paint=paint,
        panel=None if several else alone(draw, key),
    )


def _stack(panel: Axes, parts: Floats, colors: list[str]) -> None:
    edges = np.arange(len(parts) + 1)
    below = np.zeros(len(parts))
    for part, color in zip(parts.T, colors, strict=True):
        panel.stairs(below + part, edges, baseline=below, fill=True, color=color, alpha=OPACITY,
                     linewidth=0, zorder=2)  # fmt: skip
        below = below + part
    panel.set_xlim(0, len(parts))
    panel.set_ylim(0, None)
    panel.set_xticks([])
    panel.grid(False, axis="x")
