"""Figure: how much the others disturb each of many readings, beside random dictionaries."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, block, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.lens import ReadingBudgets
from superscope.text import visible

TITLE = "Interference of many readings, beside random dictionaries"
BINS = 60
OPACITY = 0.55


def budgets_drawing(budgets: ReadingBudgets) -> Drawing | Missing:
    """Return the figure of the interference of many readings, beside random dictionaries."""
    b = budgets
    here = b.interference[b.interference > 0]
    random = b.random_interference[b.random_interference > 0]
    if not len(here) or not len(random):
        return Missing(TITLE, "There is no interference to draw.")
    key = Key((
        block("these directions", LIGHT["centered"], OPACITY),
        block("each among random ones, mean", LIGHT["raw"], OPACITY),
    ))  # fmt: skip
    low, high = limits(np.concatenate([here, random]), margin=0.12, least=4.0)
    edges = np.geomspace(low, high, BINS + 1)

    def draw(panel: Axes) -> None:
        log_x(panel, low, high)
        for values, color in ((random, "raw"), (here, "centered")):
            counts, _ = np.histogram(values, edges)
            panel.stairs(counts, edges, fill=True, color=LIGHT[color], alpha=OPACITY)
        panel.set_xlabel("interference, variance of the reading")
        panel.set_ylabel("directions")

    paint, panel = one_panel(draw, key, height=2.2, widest=6.4)
    return Drawing(
        name="budgets",
        title=TITLE,
        caption=caption(
            f"The variance that the others in {visible(b.dictionary)} give the reading of each of "
            f"{len(b.ids):,} directions, and the mean of {b.draws:,} random dictionaries of the "
            "same shape and rates, on a logarithmic axis.",
            "Directions that nothing disturbs are left out." if len(here) < len(b.ids) else "",
        ),
        label="Histogram of the interference of readings, here and in random dictionaries.",
        paint=paint,
        panel=panel,
    )
