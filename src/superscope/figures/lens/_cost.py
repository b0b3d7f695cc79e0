"""Figure: what interference and near rows cost tokens of a text, at equal frequency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_x
from superscope.figures.draw.canvas import Key, grid, mark
from superscope.figures.draw.colors import LIGHT, series
from superscope.figures.draw.drawable import caption
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.lens import NeighborCost
from superscope.lens.decades import NEVER, decade_name, decades_of
from superscope.lens.estimate import Estimate

Float64 = npt.NDArray[np.float64]
TITLE = "Loss against interference, at equal frequency"
BINS = 5  # of each decade of frequency, with as many tokens each
LEAST = 8  # tokens of a bin


@dataclass(frozen=True, eq=False)
class Binned:
    """Tokens of one decade of frequency, in bins of interference.

    Attributes
    ----------
    name
        Of the decade.
    interference, loss, error
        Median interference of each bin, the mean loss of its targets, and the standard error of
        that over its tokens.
    """

    name: str
    interference: Float64
    loss: Float64
    error: Float64


def binned(cost: NeighborCost) -> tuple[Binned, ...]:
    """Return the losses of tokens by decade of frequency and interference."""
    t = cost.token_costs
    usable = (t.frequencies > 0) & np.isfinite(t.interference) & (t.interference > 0)
    power = decades_of(t.frequencies)
    found = []
    for p in np.unique(power[usable]).tolist():
        inside = np.flatnonzero(usable & (power == p))
        inside = inside[np.argsort(t.interference[inside], kind="stable")]
        parts = np.array_split(inside, max(1, min(BINS, len(inside) // LEAST)))
        if len(inside) < LEAST:
            continue
        means, errors = zip(*(_mean(t.nats[b], t.counts[b].astype(float)) for b in parts),
                            strict=True)  # fmt: skip
        middles = [float(np.median(t.interference[b])) for b in parts]
        found.append(Binned(decade_name(p), np.array(middles), np.array(means), np.array(errors)))
    return tuple(found)


def _mean(nats: Float64, counts: Float64) -> tuple[float, float]:
    """Return the mean over targets, and its standard error with tokens as clusters."""
    mean = float(nats.sum() / counts.sum())
    n = len(nats)
    scatter = float(((nats - mean * counts) ** 2).sum()) * n / (n - 1)
    return mean, scatter**0.5 / float(counts.sum())


def cost_drawing(cost: NeighborCost) -> Drawing | Missing:
    """Return the figure of loss against interference, and of the nats that go to near rows."""
    bins = binned(cost)
    if not bins:
        return Missing(TITLE, f"No decade of frequency has {LEAST} tokens to compare.")
    styles = series([b.name for b in bins])
    key = Key((
        *(mark(f"frequency {b.name}", styles[b.name].color, styles[b.name].marker) for b in bins),
        mark(f"to the {cost.nearest} nearest rows", LIGHT["ink"], "D"),
        mark("to random rows", LIGHT["ink"], "s", markerfacecolor="none"),
    ))  # fmt: skip
    decades = [g for g in cost.decades if g.tokens]

    def paint() -> Figure:
        figure, (left, right) = grid(
            ["loss of tokens", "nats that go to other rows"], key, height=2.8,
            x=["interference of the token, mean c²", "frequency of the token"],
            y=["loss, nats per token", "nats per token"],
        )  # fmt: skip
        log_x(left, *limits(np.concatenate([b.interference for b in bins]), least=2.0))
        for b in bins:
            left.errorbar(b.interference, b.loss, b.error, elinewidth=1.0,
                          **styles[b.name].line())  # fmt: skip
        left.set_ylim(bottom=0)
        for k, g in enumerate(decades):
            _bar(right, k - 0.12, g.neighbors, color=LIGHT["ink"], marker="D")
            _bar(right, k + 0.12, g.controls, color=LIGHT["ink"], marker="s",
                 markerfacecolor="none")  # fmt: skip
        right.set_xticks(range(len(decades)), [_tick(g.name) for g in decades])
        right.set_xlim(-0.6, len(decades) - 0.4)
        right.set_ylim(bottom=0)
        return figure

    return Drawing(
        name="cost",
        title=TITLE,
        caption=caption(
            f"Left: the mean loss of the tokens of {cost.text.name} in bins of like interference, "
            "for each decade of frequency; bars are ± 1 standard error over the tokens of a bin.",
            f"Right: −ln(1 − p) for the {cost.nearest} nearest rows of the target together, and "
            "for as many random rows of the same frequency; bars are ± 1 standard error, "
            "clustered by document.",
        ),
        label="Loss against interference for each decade of frequency, and nats that go to near "
        "and to random rows by frequency.",
        paint=paint,
    )


def _tick(decade: str) -> str:
    """Return a short name of a decade, so that neighbors do not run into each other."""
    if decade == NEVER:
        return "0"
    least = float(decade.partition(" to ")[0].replace(",", ""))
    return f"$10^{{{round(np.log10(least))}}}$"


def _bar(panel: Axes, at: float, estimate: Estimate, **look: Any) -> None:
    error = None if estimate.error is None else [estimate.error]
    panel.errorbar([at], [estimate.value], error, linestyle="none", markersize=4.5,
                   elinewidth=1.0, **look)  # fmt: skip
