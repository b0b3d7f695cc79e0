"""Figure: how overlaps are distributed, against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from superscope.figures.draw.axes import log_y
from superscope.figures.draw.colors import LIGHT, OF_CENTER
from superscope.figures.draw.figure import Entry, FigureBlock
from superscope.figures.draw.svg import draw
from superscope.geometry import Geometry, PairStatistics
from superscope.geometry.baselines import random_share
from superscope.geometry.stages import CENTERINGS
from superscope.geometry.unit_rows import Float64

TITLE = "Overlaps of pairs, against chance"
DECADES = 7


@dataclass(frozen=True, eq=False)
class OverlapShares:
    """Shares of pairs in even bins of c on [−1, 1].

    Attributes
    ----------
    edges
        Edges of the bins, shape (bins + 1,).
    chance
        Share of isotropic random rows in each bin.
    measured
        Centering, and the share measured in each bin.
    outside
        Share that may be cut off beyond either end of the axis.
    """

    edges: Float64
    chance: Float64
    measured: tuple[tuple[str, Float64], ...]
    outside: float

    @property
    def curves(self) -> tuple[Float64, ...]:
        """All shares, chance last."""
        return (*(shares for _, shares in self.measured), self.chance)

    def span(self) -> tuple[float, float]:
        """Return the range of c that leaves at most `outside` of any curve on either side."""
        low, high = 0.0, 0.0
        for shares in self.curves:
            below = np.cumsum(shares)
            first = int(np.searchsorted(below, self.outside, side="right"))
            last = int(np.searchsorted(below, below[-1] - self.outside, side="left")) + 1
            low = min(low, self.edges[min(first, len(shares) - 1)])
            high = max(high, self.edges[min(last, len(shares))])
        return float(low), float(high)


def overlap_shares(geometry: Geometry) -> OverlapShares | None:
    """Return the distribution of overlaps in bins fit to be drawn; None without pairs."""
    measured = [(o.center, o.pairs) for o in geometry.overlaps if o.pairs is not None]
    if not measured:
        return None
    fine = _shares(measured, geometry.width, 1)
    return _shares(measured, geometry.width, _coarsening(fine, geometry.width, measured[0][1]))


def _shares(measured: list[tuple[str, PairStatistics]], width: int, merged: int) -> OverlapShares:
    """Return shares with `merged` of the stored bins in one."""
    edges = measured[0][1].bin_edges[::merged]
    return OverlapShares(
        edges=edges,
        chance=random_share(edges, width),
        measured=tuple(
            (center, pairs.histogram.reshape(-1, merged).sum(axis=1) / pairs.histogram.sum())
            for center, pairs in measured
        ),
        outside=_outside(measured[0][1].pairs),
    )


def _outside(pairs: int) -> float:
    """Return a share small enough not to be missed and, in a sample, of some ten pairs."""
    return min(max(1e-5, 10 / pairs), 0.005)


def _coarsening(fine: OverlapShares, width: int, pairs: PairStatistics) -> int:
    """Return how many stored bins to merge: few enough to show chance, enough to be smooth."""
    low, high = fine.span()
    spread = high - low
    finest = spread / (2 * pairs.pairs ** (1 / 3))  # Rice's rule
    wanted = max(finest, min(spread / 200, 0.5 / np.sqrt(width)))
    stored = fine.edges[1] - fine.edges[0]
    # Divisors of half the bins keep 0 an edge, so that the figure stays symmetric.
    return max((d for d in (1, 2, 4, 5, 10, 20, 25) if d * stored <= wanted), default=1)


def overlap_figure(geometry: Geometry, key: str) -> FigureBlock:
    """Return the figure of a geometry's overlaps."""
    shares = overlap_shares(geometry)
    if shares is None:
        return FigureBlock(
            TITLE, None, (), "Not drawn: pairs were not measured (--pairs none). "
            "Measure with --pairs sample or --pairs exact to see it.",
        )  # fmt: skip
    low, high = shares.span()
    top = max(float(curve.max()) for curve in shares.curves)
    least = min(float(s[s > 0].min()) for _, s in shares.measured)

    def paint(axes: tuple[Axes, ...]) -> None:
        centers = (shares.edges[:-1] + shares.edges[1:]) / 2
        for panel in axes:
            panel.plot(centers, shares.chance, color=LIGHT["ink"], linewidth=1.2,
                       linestyle=(0, (3, 2)), zorder=4)  # fmt: skip
            for center, values in shares.measured:
                panel.stairs(values, shares.edges, baseline=None, linewidth=1.3,
                             color=LIGHT[OF_CENTER[center]])  # fmt: skip
        for center, values in shares.measured:
            axes[0].stairs(values, shares.edges, fill=True, alpha=0.13,
                           color=LIGHT[OF_CENTER[center]])  # fmt: skip
        margin = 0.02 * (high - low)
        axes[0].set_xlim(max(-1.0, low - margin), min(1.0, high + margin))
        axes[0].set_ylim(0, 1.05 * top)
        log_y(axes[1], max(0.5 * least, top * 10.0**-DECADES), 3 * top)
        axes[0].set_ylabel("share of pairs")
        axes[1].set_ylabel("share, log scale")
        axes[1].set_xlabel("overlap c")

    bin_width = shares.edges[1] - shares.edges[0]
    return FigureBlock(
        title=TITLE,
        svg=draw(
            paint, key=key, height=4.1, panels=2,
            label="Histogram of the overlaps of pairs of rows, raw and centered, with the "
            "histogram that isotropic random rows would give; above with a linear scale, below "
            "with a logarithmic one.",
        ),
        legend=(
            *(Entry("line", OF_CENTER[c], CENTERINGS[c]) for c, _ in shares.measured),
            Entry("dashed", "ink", "chance: isotropic random rows"),
        ),
        caption=f"Share of pairs in each bin of {bin_width:.3g} of the overlap c, the cosine "
        "between two rows. Above, the bulk; below, the same on a log scale, where the tails "
        "show. A curve beside the dashed one on the right means rows that share a direction; a "
        "wider curve, more interference than chance. Beyond either end of the axis lies at most "
        f"{100 * shares.outside:.2g} % of the pairs.",
    )  # fmt: skip
