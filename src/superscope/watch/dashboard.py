"""A trace on one screen: each quantity over the whole training, and the last events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from superscope.text import columns, counted, named, number
from superscope.watch.point import TracePoint
from superscope.watch.summary import line_of
from superscope.watch.trace import Trace

BARS = "▁▂▃▄▅▆▇█"
GAP = " "
EVENTS = 6
"""The last events that are shown."""
LABEL, VALUES = 22, 26
"""Characters of the longest label, and of the first and last value with their spaces."""

_QUANTITIES: tuple[tuple[str, Callable[[TracePoint], float | None]], ...] = (
    ("loss", lambda p: p.observation.loss),
    ("mean c²", lambda p: p.observation.mean_square_overlap),
    ("mean c², centered", lambda p: p.observation.mean_square_overlap_centered),
    ("effective width", lambda p: p.observation.effective_width),
    ("  centered", lambda p: p.observation.effective_width_centered),
    ("mean norm", lambda p: p.observation.norm_mean),
    ("represented rows", lambda p: p.observation.represented_fraction),
    ("share of the mean row", lambda p: p.mean_row_share),
    ("change that all share", lambda p: p.drift_update),
    ("change of their own", lambda p: p.own_update),
    ("dead rows", lambda p: p.dead_rows),
    ("runaway rows", lambda p: p.runaway_rows),
    ("still rows", lambda p: p.still_rows),
    ("abandoned rows", lambda p: p.abandoned_rows),
)


def dashboard(trace: Trace, width: int = 80) -> str:
    """Return a trace as text for a terminal.

    Parameters
    ----------
    trace
        The trace.
    width
        Characters of a line.

    Returns
    -------
    str
        A line for each quantity that is known: its course, its first and its last value.
    """
    if not trace.points:
        return "no observation yet"
    last = trace.points[-1]
    title = (
        f"{named(trace.model or 'model')}: {counted(len(trace.points), 'observation')} to step "
        f"{last.step:,}"
    )
    regime = "" if last.regime is None else f", regime {last.regime}"
    room = max(8, width - LABEL - VALUES)
    rows = []
    for label, value in _QUANTITIES:
        values = [value(point) for point in trace.points]
        known = [v for v in values if v is not None]
        if known:
            rows.append((label, sparkline(values, room), number(known[0], 4), number(known[-1], 4)))
    lines = [title + regime, "", *columns(("", "over the steps", "first", "last"), rows)]
    if trace.events:
        lines += ["", *(_cut(line_of(event), width) for event in trace.events[-EVENTS:])]
    return "\n".join(lines)


def sparkline(values: Sequence[float | None], width: int) -> str:
    """Return values as bars of eight heights, from the least to the greatest.

    Parameters
    ----------
    values
        In order; a missing one is a gap.
    width
        Most characters; of more values, each character is the mean of some.

    Examples
    --------
    >>> from superscope.watch.dashboard import sparkline
    >>> sparkline([1, 2, 3, None, 4], 8)
    '▁▃▆ █'
    """
    parts = min(width, len(values))
    edges = [k * len(values) // parts for k in range(parts + 1)]
    means = [_mean(values[a:b]) for a, b in pairwise(edges)]
    known = [value for value in means if value is not None]
    if not known:
        return GAP * parts
    low, high = min(known), max(known)
    step = (high - low) / (len(BARS) - 1)

    def bar(value: float) -> str:
        return BARS[round((value - low) / step) if step > 0 else 0]

    return "".join(GAP if value is None else bar(value) for value in means)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None and math.isfinite(value)]
    return sum(known) / len(known) if known else None


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
