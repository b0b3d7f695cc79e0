"""Figure: the norms of the rows, and the threshold above which a row counts as represented."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import log_y
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.figure import Entry, FigureBlock
from superscope.figures.draw.svg import draw
from superscope.geometry import Geometry, Norms
from superscope.geometry.unit_rows import Float64

MOST_BINS = 100


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


def norms_figure(geometry: Geometry, key: str) -> FigureBlock:
    """Return the figure of a geometry's norms."""
    norms = norm_counts(geometry.norms)

    def paint(axes: tuple[Axes, ...]) -> None:
        (panel,) = axes
        panel.stairs(norms.counts, norms.edges, fill=True, color=LIGHT["muted"], alpha=0.55)
        panel.axvline(norms.threshold, color=LIGHT["ink"], linewidth=1.2, linestyle=(0, (3, 2)))
        log_y(panel, 0.6, 2 * norms.counts.max())
        panel.set_xlim(0, 1.03 * max(norms.edges[-1], norms.threshold))
        panel.set_xlabel("row norm")
        panel.set_ylabel("rows")

    share = geometry.represented_fraction
    above = int(np.sum(geometry.norms.values > norms.threshold))
    return FigureBlock(
        title="Row norms",
        svg=draw(
            paint, key=key, height=2.9,
            label="Histogram of the norms of the rows, with the threshold of the represented "
            "fraction as a line.",
        ),
        legend=(
            Entry("block", "muted", "rows"),
            Entry("dashed", "ink", f"threshold {norms.threshold:.4g}, "
                  f"{geometry.norms.threshold_rule}"),
        ),
        caption=f"Number of rows of each norm, on a log scale so that small groups show. "
        f"{above:,} of {geometry.features:,} rows lie above the threshold and count as "
        f"represented: φ = {share:.4f}.",
    )  # fmt: skip
