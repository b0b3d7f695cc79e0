"""The geometry of a head while it trains."""

from superscope.watch import summary  # noqa: F401  (how results print)
from superscope.watch._watch import Watch
from superscope.watch.revisions import NotMeasuredRevision, RevisionTrace, measure_revisions
from superscope.watch.trace import Event, EventKind, Trace, TracePoint
from superscope.watch.trace_file import read_trace, write_trace

__all__ = [
    "Event",
    "EventKind",
    "NotMeasuredRevision",
    "RevisionTrace",
    "Trace",
    "TracePoint",
    "Watch",
    "measure_revisions",
    "read_trace",
    "write_trace",
]
