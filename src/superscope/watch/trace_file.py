"""The Parquet file of a trace, which may be read at any time while it is being written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superscope.arguments import checked
from superscope.errors import FormatError
from superscope.observations import COLUMNS, DTYPES, Observation
from superscope.tables import check_suffix, read_table, write_table
from superscope.watch.point import OWN, TracePoint
from superscope.watch.trace import Event, EventKind, Trace

if TYPE_CHECKING:
    import pandas as pd

SUFFIX = ".parquet"
_EVENTS = "events"
"""The column with the events of each observation, as JSON; null without any."""


@checked
def write_trace(trace: Trace, path: Path) -> None:
    """Write a trace: one row for each observation, whose events are JSON in the last column.

    The whole file is written beside and renamed, so that a reader never finds half of one.

    Parameters
    ----------
    trace
        The trace.
    path
        A .parquet file.

    Raises
    ------
    UsageError
        The path has another suffix, or cannot be written.
    """
    check_suffix(path, (SUFFIX,))
    frame = trace.to_frame()
    frame[_EVENTS] = _as_json(frame["step"], trace.events)
    write_table(frame, path)


@checked
def read_trace(path: Path) -> Trace:
    """Read a trace, also while its training goes on.

    Parameters
    ----------
    path
        The .parquet file that a :class:`superscope.Watch` writes.

    Returns
    -------
    Trace
        The observations and events up to now.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        There is no such file, it is no trace, or it has another suffix.

    Examples
    --------
    >>> from pathlib import Path
    >>> from superscope import Observation, Trace
    >>> from superscope.watch import TracePoint, read_trace, write_trace
    >>> trace = Trace((TracePoint(0, Observation("checkpoint", width=8)),))
    >>> write_trace(trace, Path("run.parquet"))
    >>> read_trace(Path("run.parquet")) == trace
    True
    """
    check_suffix(path, (SUFFIX,))
    types = {"step": "Int64", **DTYPES, **OWN, _EVENTS: "string"}
    frame = read_table(path, types, "trace of a training")
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    try:
        points = tuple(_point({str(name): value for name, value in row.items()}) for row in rows)
        events = tuple(
            Event(row["step"], EventKind(kind), message, tuple(ids))
            for row in rows
            for kind, message, ids in json.loads(row[_EVENTS] or "[]")
        )
    except (ValueError, TypeError) as error:
        raise FormatError(f"{path} is not a trace of a training: {error}") from None
    return Trace(points, events)


def _point(row: dict[str, Any]) -> TracePoint:
    observation = Observation(**{name: row[name] for name in COLUMNS})
    return TracePoint(row["step"], observation, **{name: row[name] for name in OWN})


def _as_json(steps: pd.Series, events: Iterable[Event]) -> pd.Series:
    """Return the events of each step as JSON."""
    import pandas as pd

    found: dict[int, list[Any]] = {}
    for event in events:
        found.setdefault(event.step, []).append((event.kind, event.message, event.rows))
    written = [json.dumps(found[step]) if step in found else None for step in steps]
    return pd.Series(written, index=steps.index, dtype="string")
