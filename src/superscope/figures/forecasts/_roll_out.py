"""The figure of a roll-out: how far each way to fit misses the models that were held out."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from superscope.figures.draw.canvas import Key, one_panel
from superscope.figures.draw.colors import series
from superscope.figures.draw.drawable import caption, drawable_names
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.forecasts import RollOut
from superscope.text import counted

TITLE = "How far each law misses what it did not see"
SHIFT = 0.5  # of the space between two numbers held out, over which variants stand side by side


def roll_out_errors(roll_out: RollOut) -> Drawing | Missing:
    """Return the figure of absolute errors by the number of models held out."""
    table = roll_out.to_frame()
    if table.empty:
        return Missing(TITLE, "Nothing was predicted.")
    variants = list(dict.fromkeys(table["variant"]))
    names, note = drawable_names(variants, 30)
    styles = series(variants)
    key = Key(tuple(
        Line2D([], [], label=name, **styles[variant].line(width=1))
        for variant, name in zip(variants, names, strict=True)
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        for k, variant in enumerate(variants):
            own = table[table["variant"] == variant]
            style = styles[variant]
            shift = SHIFT * (k / max(len(variants) - 1, 1) - 0.5) if len(variants) > 1 else 0.0
            means = own["error"].abs().groupby(own["held_out"]).mean()
            panel.plot(own["held_out"] + shift, own["error"].abs(), alpha=0.35, zorder=2,
                       **style.marks(2.6))  # fmt: skip
            panel.plot(means.index.to_numpy(np.float64) + shift, means.to_numpy(np.float64),
                       zorder=4, **style.line(6, 1))  # fmt: skip
        panel.set_ylim(bottom=0)
        panel.set_xlabel("largest models held out")
        panel.set_ylabel("absolute error of the loss")
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=True))

    paint, alone = one_panel(draw, key, height=3.0, widest=7.3)

    return Drawing(
        name="roll-out",
        title=TITLE,
        caption=caption(
            "Absolute difference of predicted and measured loss of the models that were held out, "
            f"the largest by {roll_out.size}.",
            "A small mark is a model, and a large one is the mean over models.",
            f"Fits that were not possible: {len(roll_out.impossible)}."
            if roll_out.impossible else "",
            f"Drawn are {counted(len(table), 'prediction')}.",
            note,
        ),
        label="Absolute errors of predicted losses against the number of models held out, a color "
        "and mark for each way to fit.",
        paint=paint,
        panel=alone,
    )  # fmt: skip
