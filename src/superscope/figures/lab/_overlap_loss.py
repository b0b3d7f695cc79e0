"""Figure: loss against overlap over learning rate, decay and batch, within each cell."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, grid
from superscope.figures.draw.colors import Style, series
from superscope.figures.draw.drawable import caption, drawable
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.lab import Cell, LabCorrelations
from superscope.lab.worth._correlations import LEAST_SETTINGS
from superscope.lab.worth.bench import CENTERED, RAW
from superscope.lab.worth.summary_correlations import correlation_sentences
from superscope.lab.worth.verdicts import tokens_text

TITLE = "Loss against overlap, within and across widths"
MOST = 20  # cells in the key
X = "mean square overlap"


def overlap_loss_drawing(found: LabCorrelations) -> Drawing | Missing:
    """Return the figure of loss against overlap, a point for each setting."""
    cells = [c for c in found.cells if len(c.loss) >= LEAST_SETTINGS]
    if not cells:
        return Missing(
            TITLE, "No variant was trained at four settings of one width and budget or more."
        )
    names = [_name(c, cells) for c in cells]
    styles = series(names)
    shown = names[:MOST]
    key = Key(tuple(Line2D([], [], label=n, **styles[n].marks()) for n in shown))
    titles = {RAW: "raw rows", CENTERED: "mean-centered rows"}

    def paint() -> Figure:
        figure, panels = grid(
            list(titles.values()), key, height=3.0, x=[X] * 2, y=["loss, nats per token"] * 2
        )
        for panel, column in zip(panels, titles, strict=True):
            _paint(panel, cells, [styles[n] for n in names], column)
        return figure

    return Drawing(
        name="overlap-loss",
        title=TITLE,
        caption=caption(
            "A point is a setting of learning rate, decay and batch, the mean over its seeds.",
            *correlation_sentences(found),
            f"The key has the first {MOST} of {len(names)} cells." * (len(names) > MOST),
        ),
        label="Loss against mean square overlap, raw and mean-centered, a mark for each variant "
        "and width.",
        paint=paint,
    )  # fmt: skip


def _name(cell: Cell, cells: list[Cell]) -> str:
    parts = [drawable(cell.variant, 20), f"m = {cell.width:,}"]
    if len({c.tokens for c in cells}) > 1:
        parts.append(tokens_text(cell.tokens))
    parts.append(drawable(cell.bench.among([c.bench for c in cells])))
    return ", ".join(filter(None, parts))


def _paint(panel: Axes, cells: list[Cell], styles: list[Style], column: str) -> None:
    log_x(panel, *limits(np.concatenate([c.overlap(column) for c in cells]), 0.08, 1.5))
    for cell, style in zip(cells, styles, strict=True):
        overlap = cell.overlap(column)
        panel.plot(overlap, cell.loss, zorder=4, **style.marks())
