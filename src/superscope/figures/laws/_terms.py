"""The figure of each term: what the other parts leave of the loss, against its input."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, block, grid, line, mark, say
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, drawable, shown
from superscope.figures.draw.drawing import Drawing
from superscope.figures.laws.view import (
    BAND,
    banded,
    between,
    drawn_points,
    family_keys,
    input_label,
    put_points,
    shade,
    term_color,
    term_curve,
    term_remainder,
    thinned,
)
from superscope.laws import Law
from superscope.text import counted

DEEPEST = 4.0  # times below the term's least value, the axis ends


def law_terms(law: Law) -> Drawing:
    """Return the figure of each term alone, and of measured against fitted loss."""
    terms = law.form.terms
    least = [_axis_low(law, i) for i in range(len(terms))]
    beneath = [
        int((term_remainder(law, i) < low).sum()) if low > 0 else 0 for i, low in enumerate(least)
    ]

    def paint() -> Figure:
        key = Key((
            *family_keys(law, LIGHT["centered"]),
            line("law", "-"),
            *([block("95 % of the part", LIGHT["ink"], BAND)] * banded(law)),
            *([mark("below the axis", LIGHT["muted"], "v")] * any(beneath)),
        ))  # fmt: skip
        names = [drawable(f"{t.part}: {t.amplitude} · {t.column}^(−{t.exponent})") for t in terms]
        figure, panels = grid(
            [*names, "all of the law"], key, height=2.5,
            x=[*map(input_label, terms), "fitted loss"],
            y=["loss minus the other parts"] * len(terms) + ["measured loss"],
        )  # fmt: skip
        for i, panel in enumerate(panels[:-1]):
            _paint_term(panel, law, i, least[i])
        _paint_whole(panels[-1], law)
        return figure

    low = "; ".join(
        f"{counted(n, 'point')} of {len(law.points)} for {shown(t.part)}"
        for t, n in zip(terms, beneath, strict=True)
        if n
    )
    return Drawing(
        name="law-terms",
        title="Each part of the law by itself",
        caption=caption(
            "Measured loss minus every other fitted part, floor included, against each input on "
            "logarithmic axes, where a power law is a straight line.",
            "The last panel shows measured against fitted loss.",
            f"At or below 0, or below the axis, and marked at its lower edge: {low}." * bool(low),
            thinned(len(law.points)),
        ),
        label="For each input, the loss that the other parts leave and the fitted power of it; "
        "and measured against fitted loss with the line where both are equal.",
        paint=paint,
    )


def _axis_low(law: Law, i: int) -> float:
    part = law.parts(law.points.inputs, law.points.group)[:, i]
    left = term_remainder(law, i)
    positive = left[left > 0]
    lowest = float(part.min()) / DEEPEST
    return max(lowest, float(positive.min()) / 1.3) if len(positive) and lowest > 0 else lowest


def _paint_term(panel: Axes, law: Law, i: int, least: float) -> None:
    inputs = law.points.inputs[:, i]
    low, high = limits(inputs)
    log_x(panel, low, high)
    if not least > 0:
        panel.set_yticks([])
        say(panel, f"{law.form.terms[i].amplitude} is 0: there is no such part")
        return
    x = between(low, high)
    curve, lower, upper = term_curve(law, i, x)
    left = term_remainder(law, i)
    log_y(panel, least, 1.2 * max(float(curve.max()), float(left.max())))
    shade(panel, x, lower, upper)
    panel.plot(x, curve, color=LIGHT["ink"], zorder=4)
    chosen = drawn_points(len(left))
    above = chosen[left[chosen] >= least]
    below = chosen[left[chosen] < least]
    put_points(
        panel, law, inputs, left, chosen=above, color=term_color(law.form.terms[i]), alpha=0.6
    )
    panel.plot(inputs[below], np.full(len(below), least), linestyle="none", marker="v",
               markersize=4, color=LIGHT["muted"], alpha=0.6, markeredgewidth=0, clip_on=False,
               zorder=3)  # fmt: skip


def _paint_whole(panel: Axes, law: Law) -> None:
    fitted, measured = law.fitted, law.points.loss
    low, high = limits(np.concatenate([fitted, measured]))
    log_x(panel, low, high)
    log_y(panel, low, high)
    panel.plot([low, high], [low, high], color=LIGHT["ink"], linewidth=1, zorder=4)
    chosen = drawn_points(len(fitted))
    put_points(panel, law, fitted, measured, chosen=chosen, color=LIGHT["centered"], alpha=0.6)
