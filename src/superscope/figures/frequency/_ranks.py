"""The figure of counts by rank, with the power law of the tail."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from superscope.figures.draw.axes import limits, log_x, log_y
from superscope.figures.draw.canvas import Key, line, one_panel
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.drawable import caption, shown
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.style import DASHED
from superscope.frequency import TokenFrequency
from superscope.text import fixed

Float64 = npt.NDArray[np.float64]
MOST_POINTS = 600


def ranked_counts(frequency: TokenFrequency) -> tuple[Float64, Float64]:
    """Return ranks and counts of the ids that occur, evenly spread over the logarithm of rank."""
    counts = np.sort(frequency.counts[frequency.counts > 0])[::-1].astype(np.float64)
    ranks = np.unique(np.geomspace(1, len(counts), MOST_POINTS).round().astype(np.int64))
    return ranks.astype(np.float64), counts[ranks - 1]


def tail_counts(frequency: TokenFrequency) -> tuple[Float64, Float64] | None:
    """Return ranks and the counts of the fitted tail, of the same sum as those counted there."""
    tail = frequency.tail
    if tail is None:
        return None
    counted = np.sort(frequency.counts)[::-1][tail.first - 1 : tail.last]
    ranks = np.arange(tail.first, tail.first + len(counted), dtype=np.float64)
    shape = ranks**-tail.value
    return ranks, shape * (counted.sum() / shape.sum())


def frequency_ranks(frequency: TokenFrequency) -> Drawing:
    """Return the figure of counts against rank on logarithmic axes, with the fitted tail."""
    ranks, counts = ranked_counts(frequency)
    fitted, tail = tail_counts(frequency), frequency.tail
    label = "" if tail is None else f"tail, α = {fixed(tail.value, 3)}"
    key = Key((
        line("counted", "-", LIGHT["centered"], 1.6),
        *([line(label, DASHED, LIGHT["raw"])] * (tail is not None)),
    ))  # fmt: skip

    def draw(panel: Axes) -> None:
        log_x(panel, *limits([1.0, float(len(frequency.counts))], 0.02))
        log_y(panel, *limits(counts))
        panel.plot(ranks, counts, color=LIGHT["centered"], linewidth=1.6, zorder=3)
        if fitted is not None:
            at = np.unique(np.geomspace(1, len(fitted[0]), 100).round().astype(np.int64)) - 1
            panel.plot(fitted[0][at], fitted[1][at], color=LIGHT["raw"], linestyle=DASHED,
                       zorder=4)  # fmt: skip
        panel.set_xlabel("rank")
        panel.set_ylabel("times counted")

    paint, alone = one_panel(draw, key, height=3.2, widest=6.4)

    low, high = ("", "") if tail is None else (fixed(e, 3) for e in tail.interval)
    return Drawing(
        name="frequency",
        title="How often tokens occur",
        caption=caption(
            f"How often each id occurs, against its rank, over {frequency.tokens:,} tokens.",
            "" if tail is None else "The dashed line is the power law rank^(−α) fitted to ranks "
            f"{tail.first:,} to {tail.last:,}: α = {fixed(tail.value, 3)}, with the 95 % interval "
            f"from {low} to {high}.",
            f"The tail has no exponent: {shown(frequency.reason)}." if frequency.reason else "",
        ),
        label="Counts of tokens against their rank on logarithmic axes, with the fitted tail.",
        paint=paint,
        panel=alone,
    )  # fmt: skip
