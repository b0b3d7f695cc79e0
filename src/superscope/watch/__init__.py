"""The geometry of a head while it trains."""

from superscope.watch import summary  # noqa: F401  (how results print)
from superscope.watch._watch import Watch
from superscope.watch.point import TracePoint
from superscope.watch.revisions import NotMeasuredRevision, RevisionTrace, measure_revisions
from superscope.watch.trace import Event, EventKind, Trace
from superscope.watch.trace_file import read_trace, write_trace
from superscope.watch.updates import Update, update

__all__ = [
    "Event",
    "EventKind",
    "NotMeasuredRevision",
    "RevisionTrace",
    "Trace",
    "TracePoint",
    "Update",
    "Watch",
    "measure_revisions",
    "read_trace",
    "update",
    "write_trace",
]
