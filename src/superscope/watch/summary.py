"""Traces as text."""

from __future__ import annotations

from collections.abc import Sequence

from superscope.text import (
    advice,
    as_text,
    columns,
    counted,
    named,
    number,
    percent,
    sentence,
    shown_lines,
)
from superscope.watch.point import TracePoint
from superscope.watch.revisions import RevisionTrace
from superscope.watch.trace import Event, Trace

SHOWN = 12
"""The last observations and events that are shown."""
REVISIONS = 24
"""Observations after the fact that are shown."""


@as_text.register
def _(trace: Trace) -> str:
    """Return the last observations as lines of a table, and below them the last events."""
    lines = [f"{named(trace.model or 'model')}: {counted(len(trace.points), 'observation')}"]
    lines += _table(trace.points[-SHOWN:])
    if trace.events:
        lines += ["", "events", *map(line_of, trace.events[-SHOWN:])]
    return "\n".join(lines)


@as_text.register
def _(trace: RevisionTrace) -> str:
    """Return observations, evenly chosen where they are many, and what is missing."""
    last = len(trace.points) - 1
    even = sorted({round(k * last / (REVISIONS - 1)) for k in range(REVISIONS)})
    points = [trace.points[k] for k in even]
    title = f"{named(trace.model or 'model')}: {counted(len(trace.points), 'revision')}"
    if len(points) < len(trace.points):
        title += f", of which {len(points)} are shown"
    lines = [title, *_table(points)]
    if trace.events:
        lines += ["", "events", *map(line_of, trace.events[-SHOWN:])]
    if trace.missing:
        lines += ["", "not measured"]
        lines += [shown_lines([f"{one.name}: {advice(one.why)}"]) for one in trace.missing]
    return "\n".join(lines)


def _table(points: Sequence[TracePoint]) -> list[str]:
    header = ("step", "mean c²", "centered", "effective width", "mean norm", "mean row", "regime")
    return columns(header, [_cells(point) for point in points])


def brief(point: TracePoint) -> str:
    """Return an observation as a line."""
    o = point.observation
    facts = [
        ("loss", number(o.loss, 4)) if o.loss is not None else None,
        ("mean c²", number(o.mean_square_overlap, 4)),
        ("centered", number(o.mean_square_overlap_centered, 4)),
        ("effective width", number(o.effective_width, 4)),
        ("mean norm", number(o.norm_mean, 4)),
        ("mean row", _cells(point)[-2]),
    ]
    return f"step {point.step:,}: " + ", ".join(f"{f[0]} {f[1]}" for f in facts if f)


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
