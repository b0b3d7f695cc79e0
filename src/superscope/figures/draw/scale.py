"""Logarithmic axes with ticks a reader can use, over one decade or seven."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FuncFormatter,
    LogFormatterMathtext,
    LogLocator,
    MaxNLocator,
    NullFormatter,
)

EVEN = 6.0  # times: within so few, even steps are as good, and numbers enough


def log_x(panel: Axes, low: float, high: float, *, sparse: bool = False) -> None:
    """Make the x axis logarithmic from `low` to `high`, with few ticks where room is scarce."""
    panel.set_xscale("log")
    panel.set_xlim(low, high)
    _tick(panel.xaxis, low, high, sparse)


def log_y(panel: Axes, low: float, high: float) -> None:
    """Make the y axis logarithmic from `low` to `high`."""
    panel.set_yscale("log")
    panel.set_ylim(low, high)
    _tick(panel.yaxis, low, high)


def _tick(axis: Axis, low: float, high: float, sparse: bool = False) -> None:
    if high / low < EVEN:
        axis.set_major_locator(MaxNLocator(3 if sparse else 5, steps=[1, 2, 2.5, 5, 10]))
    else:
        decades = math.floor(math.log10(high)) - math.ceil(math.log10(low)) + 1
        if sparse:
            subs: tuple[int, ...] = (1,) if decades > 1 else (1, 3)
        else:
            subs = (1, 2, 5) if math.log10(high / low) < 2 else (1,)
        axis.set_major_locator(LogLocator(subs=subs))
    plain = low >= 1e-3 and high < 1e6
    axis.set_major_formatter(FuncFormatter(_plain) if plain else LogFormatterMathtext())
    axis.set_minor_formatter(NullFormatter())


def _plain(value: float, _position: int | None) -> str:
    return f"{value:,.6g}"
