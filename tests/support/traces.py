"""A small trace of a training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import superscope
from superscope import Trace
from superscope.watch import Event, EventKind, TracePoint


def make_trace() -> Trace:
    """Return a trace of three observations and two events."""
    rows = np.random.default_rng(0).standard_normal((40, 8))
    points = []
    for step in (0, 100, 200):
        measured = superscope.measure(rows + step / 100, pairs="none", device="cpu")
        point = TracePoint.of(step, measured)
        if step:
            point = replace(point, drift_update=0.1, own_update=0.2, still_rows=0, abandoned_rows=1)
        points.append(point)
    events = (
        Event(100, EventKind.MEAN_ROW, "the mean row is 50 % of every row"),
        Event(200, EventKind.DEAD, '1 row is near zero: " cat" #1', (1,)),
    )
    return Trace(tuple(points), events)
