"""Observe a head again and again, each time beside its rows of the time before."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np

from superscope.errors import HeadDataError
from superscope.geometry import GeometryOptions, measure_head
from superscope.geometry.shards import Shards
from superscope.geometry.unit_rows import Float32
from superscope.heads import Head
from superscope.observations import Observation
from superscope.watch.events import PATIENCE, Ids, shape_of
from superscope.watch.live import Live
from superscope.watch.point import TracePoint
from superscope.watch.trace import EventKind
from superscope.watch.updates import Update, update


@dataclass(frozen=True, eq=False)
class Observed:
    """What an observation found.

    Attributes
    ----------
    point
        The observation; without numbers if the head cannot be measured.
    rows
        Ids of the rows of which something is true.
    failure
        Why the head cannot be measured, if it cannot.
    """

    point: TracePoint
    rows: Mapping[EventKind, Ids] = field(default_factory=dict)
    failure: HeadDataError | None = None

    @property
    def shape(self) -> tuple[int, int] | None:
        """Rows and columns of the head, if it was measured."""
        return shape_of(self.point)


class Observer:
    """Observe a head again and again.

    Parameters
    ----------
    options
        How to measure.
    updates
        Whether to compare each row with the one before; it takes a copy of the head.
    """

    def __init__(self, options: GeometryOptions, updates: bool) -> None:
        self._options, self._updates = options, updates
        self._rows: Float32 | None = None  # as they were at the last observation
        self._together: deque[Ids] = deque(maxlen=PATIENCE)
        self._silent = 0  # intervals in a row that were passed over
        self.fresh = True
        """Whether nothing was observed since the start or since something was forgotten."""

    def forget(self) -> None:
        """Compare the next observation with none: the training went back, or the weights broke."""
        self.fresh, self._rows = True, None
        self._clear()

    def observe(self, step: int, live: Live) -> Observed:
        """Return what is found in a head as it is now."""
        head, shards = live.head, live.shards
        try:
            geometry = measure_head(head, self._options, shards=shards, progress=None)
        except HeadDataError as error:
            self.forget()
            observation = Observation("checkpoint", model=head.provenance.model)
            return Observed(TracePoint(step, observation), failure=error)
        self.fresh = False
        ids = np.arange(geometry.features) if geometry.ids is None else geometry.ids
        rows = {
            EventKind.DEAD: np.union1d(geometry.zero_rows, geometry.near_zero_rows).astype(int),
            EventKind.RUNAWAY: ids[geometry.norms.huge],
        }
        point, change = TracePoint.of(step, geometry), self.change(head, shards)
        if change is None:
            return Observed(point, rows)
        point = replace(
            point,
            drift_update=change.drift,
            own_update=change.own,
            still_rows=len(change.still),
        )
        if change.drift > 0 or change.own > 0:  # else the head is frozen
            rows[EventKind.STILL] = change.still
            if change.together is not None:
                self._take(change.together)
        if len(self._together) == PATIENCE:
            abandoned = rows[EventKind.ABANDONED] = reduce(np.intersect1d, self._together)
            point = replace(point, abandoned_rows=len(abandoned))
        return Observed(point, rows)

    def _clear(self) -> None:
        self._together.clear()
        self._silent = 0

    def _take(self, together: Ids) -> None:
        """Take in the rows that moved only together, found or not.

        In some intervals the group does not stand out from the rest, and no row of it is found. As
        few of those in a row as a rare token may miss say nothing, and are passed over.
        """
        known = any(map(len, self._together))
        over = known and not len(together) and self._silent < PATIENCE - 1
        self._silent = self._silent + 1 if over else 0
        if not over:
            self._together.append(together)

    def change(self, head: Head, shards: Shards) -> Update | None:
        """Return what changed since the last call, and keep the rows for the next one."""
        if not self._updates:
            return None
        now, before = head.block(0, head.features), self._rows
        differs = before is None or before.shape != now.shape
        anywhere = shards.sum(np.array([float(differs)]))[0] > 0  # else others would wait for this
        if before is None or anywhere:
            self._clear()
            self._rows = np.array(now)  # a copy: the training goes on in the same memory
            return None
        found = update(before, head, shards)
        np.copyto(before, now)
        return found
