"""Traces as text."""

from __future__ import annotations

from superscope.text import as_text, columns, named, number, percent, sentence, shown_lines
from superscope.watch.trace import Event, Trace, TracePoint

SHOWN = 12
"""The last observations and events that are shown."""


@as_text.register
def _(trace: Trace) -> str:
    """Return the last observations as lines of a table, and below them the last events."""
    header = ("step", "mean c²", "centered", "effective width", "mean norm", "mean row", "regime")
    lines = [f"{named(trace.model or 'model')}: {len(trace.points):,} observations"]
    lines += columns(header, [_cells(point) for point in trace.points[-SHOWN:]])
    if trace.events:
        lines += ["", "events", *map(line_of, trace.events[-SHOWN:])]
    return "\n".join(lines)


def line_of(event: Event) -> str:
    """Return an event as a line."""
    return shown_lines([f"step {event.step:,}: {sentence(event.message)}"])


def _cells(point: TracePoint) -> tuple[str, ...]:
    o, share = point.observation, point.mean_row_share
    return (
        f"{point.step:,}",
        number(o.mean_square_overlap, 4),
        number(o.mean_square_overlap_centered, 4),
        number(o.effective_width, 4),
        number(o.norm_mean, 4),
        number(None) if share is None else percent(share),
        number(None) if point.regime is None else str(point.regime),
    )
