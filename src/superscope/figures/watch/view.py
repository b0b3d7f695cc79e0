"""How figures of a training show its steps and events."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, SymmetricalLogLocator

from superscope.figures.draw.canvas import line
from superscope.figures.draw.colors import LIGHT
from superscope.watch import Event, EventKind, Trace

Floats = npt.NDArray[np.float64]
STEP = "step"
UNEVEN = 20.0  # times the smallest: a larger step between observations has a logarithmic axis
EVENT_DASH = (0, (1, 1.2))
_COLORS = {
    EventKind.DEAD: LIGHT["pythia"],
    EventKind.RUNAWAY: LIGHT["opt"],
    EventKind.STILL: LIGHT["qwen"],
    EventKind.ABANDONED: LIGHT["gpt2"],
    EventKind.MEAN_ROW: LIGHT["frequency"],
    EventKind.REGIME: LIGHT["ink"],
}


def kind_color(kind: EventKind) -> str:
    """Return the color of events of a kind, and of the rows that they are about."""
    return _COLORS.get(kind, LIGHT["muted"])


def steps_of(trace: Trace) -> Floats:
    """Return the step of each observation."""
    return np.array([point.step for point in trace.points], np.float64)


def column(values: Iterable[float | None]) -> Floats:
    """Return values as an array; a missing one is NaN, where a line has a gap."""
    return np.array([math.nan if value is None else value for value in values], np.float64)


def step_axis(panel: Axes, steps: Floats) -> None:
    """Set the x axis: linear, or logarithmic where observations are much closer at first."""
    last = float(steps[-1])
    gaps = np.diff(steps)
    if len(gaps) > 2 and float(gaps.max()) > UNEVEN * max(float(gaps.min()), 1.0):
        least = float(steps[steps > 0][0])
        panel.set_xscale("symlog", linthresh=least, linscale=0.5)
        panel.xaxis.set_major_locator(_locator(least, last))
        panel.set_xlim(0 if steps[0] == 0 else least / 1.15, 1.15 * last)
    else:
        panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        room = 0.03 * (last - float(steps[0])) or 1.0
        panel.set_xlim(float(steps[0]) - room, last + room)
    panel.xaxis.set_major_formatter(FuncFormatter(_short))
    panel.minorticks_off()


def _locator(least: float, last: float) -> SymmetricalLogLocator:
    """Return ticks at 0 and at powers of ten, every second one where they are many."""
    decades = math.log10(last / least)
    return SymmetricalLogLocator(linthresh=least, base=10.0 if decades < 6 else 100.0)


def _short(value: float, _position: int | None) -> str:
    """Return a step in few letters: 143k, 2M."""
    for unit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= 10 * unit or (value >= unit and value % (unit / 10) == 0):
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def put_events(panel: Axes, events: Sequence[Event]) -> None:
    """Mark events at their steps."""
    for event in events:
        panel.axvline(event.step, color=kind_color(event.kind), linestyle=EVENT_DASH,
                      linewidth=0.9, zorder=1.5)  # fmt: skip


def event_marks(events: Sequence[Event]) -> list[Line2D]:
    """Return an entry of the key for each kind of event."""
    kinds = dict.fromkeys(event.kind for event in events)
    return [line(f"event: {kind}", EVENT_DASH, kind_color(kind), 1.1) for kind in kinds]
