"""Figure: the norms of the rows, and the threshold above which a row counts as represented."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import log_y
from superscope.figures.draw.canvas import Key, block, line, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.style import DOTTED
from superscope.figures.geometry.keys import WIDEST_PANEL
from superscope.geometry import Geometry, Norms
from superscope.geometry.unit_rows import Float64

MOST_BINS = 100
OPACITY = 0.55


@dataclass(frozen=True, eq=False)
class NormCounts:
    """Numbers of rows in even bins of the norm.

    Attributes
    ----------
    counts, edges
        Rows in each bin, and the edges of the bins.
    threshold
        Norm above which a row counts as represented.
    """

    counts: Float64
    edges: Float64
    threshold: float


def norm_counts(norms: Norms) -> NormCounts:
    """Return the histogram of norms from 0 to the largest."""
    bins = min(MOST_BINS, math.ceil(4 * len(norms.values) ** (1 / 3)))
    counts, edges = norms.histogram(bins)
    return NormCounts(counts, edges, norms.threshold)


def norms_drawing(geometry: Geometry) -> Drawing:
    """Return the figure of the norms of the rows, and the threshold of represented ones."""
    counts = norm_counts(geometry.norms)
    key = Key((
        block("rows", LIGHT["muted"], OPACITY),
        line(f"threshold {counts.threshold:.4g}, {geometry.norms.threshold_rule}", DOTTED),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        paint_norms(panel, counts)
        panel.set_xlabel("row norm")
        panel.set_ylabel("rows")

    paint, panel = one_panel(draw, key, height=2.5, widest=WIDEST_PANEL)
    above = int(np.sum(geometry.norms.values > counts.threshold))
    return Drawing(
        name="norms",
        title="Row norms",
        caption="Number of rows of each norm, on a logarithmic scale so that small groups show. "
        f"{above:,} of {geometry.features:,} rows lie above the threshold"
        + (
            ", but the scale of the numbers is not known, so that their norms have no meaning."
            if geometry.represented_fraction is None
            else f" and count as represented: φ = {geometry.represented_fraction:.4f}, and of "
            f"untrained rows {geometry.untrained.represented_fraction:.4f}."
        ),
        label="Histogram of the norms of the rows, with the threshold of the represented fraction "
        "as a line.",
        paint=paint,
        panel=panel,
    )


def paint_norms(panel: Axes, counts: NormCounts) -> None:
    """Draw the histogram and the threshold."""
    panel.stairs(counts.counts, counts.edges, fill=True, color=LIGHT["muted"], alpha=OPACITY)
    panel.axvline(counts.threshold, color=LIGHT["ink"], linewidth=1.4, linestyle=DOTTED)
    log_y(panel, 0.6, 2 * float(counts.counts.max()))
    panel.set_xlim(0, 1.03 * max(float(counts.edges[-1]), counts.threshold))
