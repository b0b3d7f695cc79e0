"""Figure: how overlaps are distributed, against chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import log_y
from superscope.figures.draw.canvas import Key, grid, keyed, line
from superscope.figures.draw.colors import LIGHT, OF_CENTER
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import DASHED
from superscope.figures.geometry.keys import WIDEST_PANEL, center_lines
from superscope.geometry import Geometry, PairStatistics
from superscope.geometry.baselines import random_share
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


def overlap_drawing(geometry: Geometry) -> Drawing | Missing:
    """Return the figure of how the overlaps of pairs of rows are distributed, against chance.

    Axes of a user's get the logarithmic one of the two panels.
    """
    shares = overlap_shares(geometry)
    if shares is None:
        return Missing(
            TITLE, "The overlaps cannot be drawn: pairs were not measured. Measure with pairs "
            "“sample” or “exact”.",
        )  # fmt: skip
    key = Key((*center_lines(geometry), line("chance: isotropic random rows", DASHED)))

    def paint() -> Figure:
        figure, (above, below) = grid(
            ["", ""], key, height=1.75, columns=1, widest=WIDEST_PANEL,
            x=["", "overlap c"], y=["share of pairs", "share, log scale"],
        )  # fmt: skip
        paint_shares(above, shares)
        for center, values in shares.measured:
            above.stairs(values, shares.edges, fill=True, alpha=0.13,
                         color=LIGHT[OF_CENTER[center]])  # fmt: skip
        above.set_ylim(0, 1.05 * max(float(curve.max()) for curve in shares.curves))
        above.tick_params(labelbottom=False)
        paint_log_shares(below, shares)
        return figure

    def panel(ax: Axes) -> None:
        paint_log_shares(ax, shares)
        ax.set_xlabel("overlap c")
        ax.set_ylabel("share of pairs")
        keyed(ax, key)

    bin_width = shares.edges[1] - shares.edges[0]
    return Drawing(
        name="overlap",
        title=TITLE,
        caption=f"Share of pairs in each bin of {bin_width:.3g} of the overlap c, the cosine "
        "between two rows. The upper panel shows the bulk, and the lower one shows the tails on a "
        "logarithmic scale. A curve to the right of the dashed one means that rows share a "
        "direction; a wider curve means more interference than chance. At most "
        f"{100 * shares.outside:.2g} % of the pairs lie beyond either end of the axis.",
        label="Histogram of the overlaps of pairs of rows, for each centering, with the histogram "
        "of isotropic random rows, on a linear and on a logarithmic scale.",
        paint=paint,
        panel=panel,
    )


def paint_shares(panel: Axes, shares: OverlapShares) -> None:
    """Draw the histograms as lines."""
    low, high = shares.span()
    margin = 0.02 * (high - low)
    centers = (shares.edges[:-1] + shares.edges[1:]) / 2
    panel.plot(centers, shares.chance, color=LIGHT["ink"], linewidth=1.2, linestyle=DASHED,
               zorder=4)  # fmt: skip
    for center, values in shares.measured:
        panel.stairs(values, shares.edges, baseline=None, linewidth=1.3,
                     color=LIGHT[OF_CENTER[center]])  # fmt: skip
    panel.set_xlim(max(-1.0, low - margin), min(1.0, high + margin))


def paint_log_shares(panel: Axes, shares: OverlapShares) -> None:
    """Draw the histograms on a logarithmic scale, over seven decades at most."""
    paint_shares(panel, shares)
    top = max(float(curve.max()) for curve in shares.curves)
    least = min(float(s[s > 0].min()) for _, s in shares.measured)
    log_y(panel, max(0.5 * least, top * 10.0**-DECADES), 3 * top)
