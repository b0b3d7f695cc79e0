"""What an observation finds that the one before did not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from superscope.errors import SuperscopeError
from superscope.geometry import Regime
from superscope.text import counted, percent, token_name
from superscope.watch.point import TracePoint
from superscope.watch.trace import Event, EventKind

Ids = npt.NDArray[np.int64]

MEAN_ROW_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Shares at which a growing mean row is an event: from noticeable to nearly all of every row."""
SLACK = 0.8
"""It has shrunk again below this part of such a share, so that noise about it is no event."""
PATIENCE = 3
"""Observations in a row that abandoned rows were found in: a rare token may miss one or two."""
_SHOWN = 5

_ROWS: Mapping[EventKind, str] = {
    EventKind.DEAD: "near zero, so that the directions of the rows mean nothing",
    EventKind.RUNAWAY: "more than 10 times as long as the median row",
    EventKind.STILL: "unchanged since the last observation, though others did change",
    EventKind.ABANDONED: f"moved only together in {PATIENCE} observations, as of tokens that do "
    "not occur",
}


@dataclass
class EventLog:
    """Tells each event once, when it happens.

    Attributes
    ----------
    name_of
        Text of a token id, or None.
    """

    name_of: Callable[[int], str | None]
    _regime: Regime | None = None
    _level: int | None = None
    _shape: tuple[int, int] | None = None
    _told: dict[EventKind, Ids] = field(default_factory=dict)
    _failed: bool = False

    def resume(self, points: Iterable[TracePoint], events: Iterable[Event]) -> None:
        """Take what was told before as known."""
        self._regime = self._level = self._shape = None
        self._told.clear()
        for point in points:
            list(self._of_the_whole(point))
            self._shape = shape_of(point) or self._shape
        for event in events:
            if event.kind == EventKind.WEIGHTS:
                self._told.clear()
            elif event.kind in _ROWS:
                self._new(event.kind, np.array(event.rows, np.int64))

    def events(self, point: TracePoint, rows: Mapping[EventKind, Ids]) -> tuple[Event, ...]:
        """Return what is new at a point, with the ids of rows of which something is true."""
        found: list[Event] = []
        self._failed = False
        shape, before = shape_of(point), self._shape
        if shape and before and shape != before:
            message = f"the head has {numbers_of(shape)}; it had {numbers_of(before)}"
            found.append(Event(point.step, EventKind.WEIGHTS, message))
            self._told.clear()
        self._shape = shape or before
        return (*found, *self._of_the_whole(point), *self._of_rows(point.step, rows))

    def failure(self, step: int, error: SuperscopeError) -> tuple[Event, ...]:
        """Return the event that a head cannot be measured, once."""
        before, self._failed = self._failed, True
        return () if before else (Event(step, EventKind.UNMEASURED, str(error)),)

    def _of_the_whole(self, point: TracePoint) -> Iterator[Event]:
        now, last = point.regime, self._regime
        if now not in (None, Regime.UNKNOWN):
            if last not in (None, now):
                message = f"the regime is {now}; it was {last}"
                yield Event(point.step, EventKind.REGIME, message)
            self._regime = now
        yield from self._of_the_mean_row(point)

    def _of_the_mean_row(self, point: TracePoint) -> Iterator[Event]:
        share = point.mean_row_share
        if share is None:
            return
        up = sum(share >= one for one in MEAN_ROW_SHARES)
        down = sum(share >= SLACK * one for one in MEAN_ROW_SHARES)
        before, self._level = self._level, up
        if before is None:
            return
        self._level = max(up, min(before, down))
        if self._level != before:
            went = "grew" if self._level > before else "shrank"
            message = f"the mean row {went} to {percent(share)} of the mean square norm"
            yield Event(point.step, EventKind.MEAN_ROW, message)

    def _of_rows(self, step: int, rows: Mapping[EventKind, Ids]) -> Iterator[Event]:
        for kind, ids in rows.items():
            new = self._new(kind, ids).tolist()
            if new:
                yield Event(step, kind, self._message(kind, new), tuple(new))

    def _new(self, kind: EventKind, ids: Ids) -> Ids:
        """Return those of the ids that were not told before, and count them as told."""
        told = self._told.get(kind, np.empty(0, np.int64))
        self._told[kind] = np.union1d(told, ids)
        return np.setdiff1d(ids, told)

    def _message(self, kind: EventKind, ids: Sequence[int]) -> str:
        names = ", ".join(token_name(i, self.name_of(i)) for i in ids[:_SHOWN])
        more = ", …" if len(ids) > _SHOWN else ""
        verb = "" if kind == EventKind.ABANDONED else "is " if len(ids) == 1 else "are "
        return f"{counted(len(ids), 'row')} {verb}{_ROWS[kind]}: {names}{more}"


def numbers_of(shape: tuple[int, int]) -> str:
    """Return the shape of a head in words."""
    rows, width = shape
    return f"{counted(rows, 'row')} of {counted(width, 'number')}"


def shape_of(point: TracePoint) -> tuple[int, int] | None:
    """Return rows and columns of the head at a point, if they are known."""
    width = point.observation.width
    return None if point.rows is None or width is None else (point.rows, width)
