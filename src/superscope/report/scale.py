"""Logarithmic axes with ticks a reader can use, over one decade or seven."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogFormatterMathtext, LogLocator, NullFormatter


def log_x(panel: Axes, low: float, high: float) -> None:
    """Make the x axis logarithmic from `low` to `high`."""
    panel.set_xscale("log")
    panel.set_xlim(low, high)
    _tick(panel.xaxis, low, high)


def log_y(panel: Axes, low: float, high: float) -> None:
    """Make the y axis logarithmic from `low` to `high`."""
    panel.set_yscale("log")
    panel.set_ylim(low, high)
    _tick(panel.yaxis, low, high)


def _tick(axis: Axis, low: float, high: float) -> None:
    narrow = math.log10(high / low) < 2
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
    plain = low >= 1e-3 and high < 1e6
    axis.set_major_formatter(FuncFormatter(_plain) if plain else LogFormatterMathtext())
    axis.set_minor_formatter(NullFormatter())


def _plain(value: float, _position: int | None) -> str:
    return f"{value:,.6g}"
