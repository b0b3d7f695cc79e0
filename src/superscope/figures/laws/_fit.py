"""The figure of loss against the one input of a law, a panel for each group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, alone, block, grid, line, spread
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, drawable_names
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.style import DASHED
from superscope.figures.laws.view import (
    BAND,
    FLOOR_COLOR,
    banded,
    between,
    drawn_points,
    family_keys,
    input_label,
    put_points,
    shade,
    term_color,
    thinned,
)
from superscope.laws import Law
from superscope.laws.formula import Floats
from superscope.text import counted

MOST_PANELS = 16


def law_fit(law: Law) -> Drawing:
    """Return the figure of a law of one input: its points, fit, band and floors."""
    points, (term,) = law.points, law.form.terms
    groups = spread(range(len(points.groups)), MOST_PANELS)
    titles, in_full = drawable_names([points.groups[g] for g in groups], 30)
    floors = law.vector[2:]
    zero = int((floors <= 0).sum())

    key = Key((
        *family_keys(law, term_color(term)),
        line("law", "-"),
        *([block("95 % of the law", LIGHT["ink"], BAND)] * banded(law)),
        *([line("floor", DASHED, FLOOR_COLOR)] * (zero < len(floors))),
    ))  # fmt: skip

    def draw(panels: Sequence[Axes]) -> None:
        here = np.isin(points.group, groups)
        low, high = limits(points.inputs[here, 0])
        x = between(low, high)
        curves = [law.loss(x[:, None], np.full(len(x), g)) for g in groups]
        seen = [points.loss[here], *curves, floors[[g for g in groups if floors[g] > 0]]]
        log_x(panels[0], low, high, sparse=len(groups) > 1)
        log_y(panels[0], *limits(np.concatenate(seen)))
        for panel, g, curve in zip(panels, groups, curves, strict=True):
            _paint(panel, law, g, x, curve)

    def paint() -> Figure:
        figure, panels = grid(
            titles, key,
            height=3.3 if len(groups) == 1 else 1.25 if len(groups) > 6 else 2.0,
            columns=4 if len(groups) > 6 else min(3, len(groups)), widest=5.4,
            x=input_label(term), y="loss",
        )  # fmt: skip
        draw(panels)
        return figure

    def draw_one(panel: Axes) -> None:
        draw([panel])
        panel.set_xlabel(input_label(term))
        panel.set_ylabel("loss")

    several = len(points.groups) > 1
    fewer = len(groups) < len(points.groups)
    return Drawing(
        name="law-fit",
        title="Loss and the law",
        caption=caption(
            "Measured loss against the input on logarithmic axes, with the fitted law and the 95 % "
            "interval of its value.",
            f"There is a panel for each of {counted(len(points.groups), 'group')}." * several,
            f"Drawn are {len(groups)} of {len(points.groups)} groups, from first to last." * fewer,
            f"Floors of 0, which a logarithmic axis cannot show: {zero} of {len(floors)}."
            if zero
            else "",
            "" if banded(law) else "Without a degree of freedom the law has no band.",
            thinned(len(points)),
            in_full,
        ),
        label="Measured losses, the fitted curve and its band on logarithmic axes.",
        paint=paint,
        panel=alone(draw_one, key) if len(groups) == 1 else None,
    )


def _paint(panel: Axes, law: Law, group: int, x: Floats, curve: Floats) -> None:
    (term,) = law.form.terms
    mine = np.flatnonzero(law.points.group == group)
    mine = mine[drawn_points(len(mine))]
    with np.errstate(over="ignore"):
        band = law.band(x[:, None], np.full(len(x), group))
        shade(panel, x, band.low, band.high)
    panel.plot(x, curve, color=LIGHT["ink"], zorder=2.5)
    floor = law.vector[2 + group]
    if floor > 0:
        panel.axhline(floor, color=FLOOR_COLOR, linestyle=DASHED, linewidth=1, zorder=2)
    put_points(panel, law, law.points.inputs[:, 0], law.points.loss, chosen=mine,
               color=term_color(term),
               size=4.6)  # fmt: skip
