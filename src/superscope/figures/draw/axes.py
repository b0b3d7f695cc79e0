"""Logarithmic axes: their limits, and ticks a reader can use, over one decade or seven."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    LogFormatterMathtext,
    LogLocator,
    MaxNLocator,
    NullFormatter,
    NullLocator,
)

EVEN = 6.0  # times: within so few, even steps are as good, and numbers enough
LETTER, BETWEEN = 0.075, 0.12  # inches: of a figure of a tick's label, and between two labels


def limits(
    values: Iterable[float], margin: float = 0.06, least: float = 1.0
) -> tuple[float, float]:
    """Return the limits of a logarithmic axis that holds some values.

    Parameters
    ----------
    values
        Those that are not positive and finite are passed over.
    margin
        Room at both ends, as a share of the span in logarithms, and at least 2 %.
    least
        How many times the lower limit the upper one is at least.
    """
    found = np.fromiter(values, np.float64)
    found = found[np.isfinite(found) & (found > 0)]
    if not len(found):
        return 0.1, 10.0
    low, high = math.log(found.min()), math.log(found.max())
    room = max(margin * (high - low), 0.02, (math.log(least) - (high - low)) / 2)
    return math.exp(low - room), math.exp(high + room)


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


def width_axis(
    panel: Axes, widths: Sequence[int], low: float | None = None, high: float | None = None, *,
    each: bool = False,
) -> tuple[float, float]:  # fmt: skip
    """Make the x axis logarithmic, with ticks at powers of two, and return its limits.

    Parameters
    ----------
    panel
        Where. Its place in the figure must be set.
    widths
        All that is drawn. Where fewer than two powers of two lie between the ends, these are the
        ticks.
    low, high
        Ends of the axis; without them, those of the widths and some room.
    each
        Whether ticks are at the widths themselves.
    """
    ends = limits(widths, least=1.6)
    low, high = ends[0] if low is None else low, ends[1] if high is None else high
    panel.set_xscale("log")
    panel.set_xlim(low, high)
    powers = [
        2**k for k in range(math.ceil(math.log2(max(low, 1))), math.floor(math.log2(high)) + 1)
    ]
    known = sorted({w for w in widths if low <= w <= high})
    wanted = powers if len(powers) > 1 and not each else known
    panel.xaxis.set_major_locator(FixedLocator(_apart(panel, wanted, low, high)))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(_plain))
    return low, high


def _apart(panel: Axes, widths: Sequence[int], low: float, high: float) -> list[int]:
    """Return every width, or every second, third, …, so that their labels do not touch."""
    figure = panel.get_figure(root=True)
    assert figure is not None
    inches = panel.get_position().width * figure.get_size_inches()[0] / math.log(high / low)

    def free(ticks: Sequence[int]) -> bool:
        return all(
            math.log(b / a) * inches >= BETWEEN + LETTER * (len(f"{a:,}") + len(f"{b:,}")) / 2
            for a, b in pairwise(ticks)
        )

    step = next((k for k in range(1, len(widths)) if free(widths[::k])), len(widths) or 1)
    return list(widths[::step])


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
