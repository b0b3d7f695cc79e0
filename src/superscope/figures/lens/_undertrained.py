"""Figure: how near each row is to those that seem never trained."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, block, line, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.lens import Undertrained
from superscope.text import percent

TITLE = "Rows that seem never trained"
BINS = 80
OPACITY = 0.55


def undertrained_drawing(undertrained: Undertrained) -> Drawing | Missing:
    """Return the figure of the distances of rows from those that seem never trained."""
    u = undertrained
    distance = u.distance[np.isfinite(u.distance) & (u.distance > 0)]
    if u.reference is None or not len(distance):
        return Missing(TITLE, "There is no reference row, so no distance can be drawn.")
    listed = np.isin(u.ids, u.found)
    low, high = limits(distance, least=2.0)
    edges = np.geomspace(low, high, BINS + 1)
    every, _ = np.histogram(distance, edges)
    chosen, _ = np.histogram(u.distance[listed & (u.distance > 0)], edges)
    threshold = float(u.distance[listed].max()) if listed.any() else None
    key = Key((
        block("all rows", LIGHT["muted"], OPACITY),
        *([block("listed", LIGHT["raw"], OPACITY)] if listed.any() else []),
        *([line("end of the list", DASHED)] if threshold is not None else []),
        line("median distance of the background", DOTTED),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        log_x(panel, low, high)
        log_y(panel, 0.6, 2.0 * float(every.max()))
        panel.stairs(every, edges, fill=True, color=LIGHT["muted"], alpha=OPACITY)
        panel.stairs(chosen, edges, fill=True, color=LIGHT["raw"], alpha=OPACITY)
        if threshold is not None:
            panel.axvline(threshold, color=LIGHT["ink"], linestyle=DASHED, linewidth=1.2)
        panel.axvline(u.background, color=LIGHT["ink"], linestyle=DOTTED, linewidth=1.2)
        panel.set_xlabel("distance from the rows that seem never trained")
        panel.set_ylabel("rows")

    paint, panel = one_panel(draw, key, height=2.6, widest=6.4)
    return Drawing(
        name="undertrained",
        title=TITLE,
        caption=caption(
            "Number of rows at each distance from the mean of rows that seem never trained, on "
            "logarithmic axes.",
            f"{len(u.found):,} rows are listed at a false-discovery rate of {percent(u.fdr)}."
            if u.told else "No group of rows that seem never trained can be told from the others.",
        ),
        label="Histogram of the distances of rows from those that seem never trained, with the "
        "end of the list as a line.",
        paint=paint,
        panel=panel,
    )  # fmt: skip
