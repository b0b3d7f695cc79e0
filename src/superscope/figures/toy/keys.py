"""The key of decays, and the axis of widths, of toy figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from superscope.figures.draw.canvas import Key
from superscope.figures.toy.colors import decay_colors, decay_mark
from superscope.text import signed
from superscope.toy.features import Float64

MOST_IN_KEY = 8  # decays; more become a bar


def decay_key(decays: Sequence[float], *more: Artist) -> Key:
    """Return the key of the colors of decays, and of what else is drawn."""
    colors = decay_colors(decays)
    if len(decays) > MOST_IN_KEY:
        return Key(more, tuple((colors[d], signed(d, 2)) for d in decays), bar_label="decay γ")
    marks = [
        Line2D([], [], color=colors[d], marker=decay_mark(d), markersize=4.5,
               label=f"γ = {signed(d)}")
        for d in decays
    ]  # fmt: skip
    return Key((*marks, *more))


def width_axis(panel: Axes, widths: Sequence[int]) -> Float64:
    """Make the x axis logarithmic, with the widths as ticks where they fit.

    Returns whole numbers from end to end, at which to draw what theory says.
    """
    low, high = min(widths) / 1.25, max(widths) * 1.25
    panel.set_xscale("log")
    panel.set_xlim(low, high)
    room = math.log(high / low) / 8
    ticks: list[int] = []
    for width in sorted(set(widths)):
        if not ticks or math.log(width / ticks[-1]) >= room:
            ticks.append(width)
    panel.xaxis.set_major_locator(FixedLocator(ticks))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    return np.unique(np.geomspace(max(low, 1.0), high, 200).round())
