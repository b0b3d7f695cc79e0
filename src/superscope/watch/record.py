"""What a watch has observed up to now, in memory and in its file."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from superscope.atomic import check_writable
from superscope.errors import FormatError, SuperscopeError
from superscope.tables import check_suffix
from superscope.watch.events import EventLog
from superscope.watch.observer import Observed
from superscope.watch.point import TracePoint
from superscope.watch.trace import Event, Trace
from superscope.watch.trace_file import SUFFIX, read_trace, write_trace


class Record:
    """Points and events by step; those of steps that are made again are replaced.

    Parameters
    ----------
    out
        The file, if there is to be one. What it has already is taken for the beginning.
    name_of
        Text of a token id, or None.

    Raises
    ------
    SuperscopeError
        The file cannot be written, or is none of a training.
    """

    def __init__(self, out: Path | None, name_of: Callable[[int], str | None]) -> None:
        self.out = out
        self._points: list[TracePoint] = []
        self._events: list[Event] = []
        self._log = EventLog(name_of)
        if out is not None:
            self._open(out)

    @property
    def trace(self) -> Trace:
        """What was observed up to now."""
        return Trace(tuple(self._points), tuple(self._events))

    @property
    def last(self) -> TracePoint | None:
        """The last observation; None before the first."""
        return self._points[-1] if self._points else None

    def cut(self, step: int) -> None:
        """Drop what was observed at a step and later."""
        self._points = [p for p in self._points if p.step < step]
        self._events = [e for e in self._events if e.step < step]
        self._log.resume(self._points, self._events)

    def add(self, found: Observed) -> tuple[Event, ...]:
        """Take an observation in, and return the events that it makes.

        If the last point has the same step, the file of a stopped run had it. It stays if the head
        is the same: it knows what changed since the point before, too.
        """
        point, last = found.point, self.last
        if last is not None and last.step == point.step and not _alike(last, point):
            self.cut(point.step)  # of another run, or of weights since changed
        if found.failure is None:
            events = self._log.events(point, found.rows)
        else:
            events = self._log.failure(point.step, found.failure)
        if self.last is not None and self.last.step == point.step:
            return ()
        self._points.append(point)
        self._events.extend(events)
        return events

    def set_loss(self, loss: float | None) -> None:
        """Put a loss beside the last observation, if it is known."""
        if loss is not None:
            last = self._points[-1]
            # A loss of torch still has its graph, of which float() warns.
            alone = loss.detach() if hasattr(loss, "detach") else loss
            observation = replace(last.observation, loss=float(alone))
            self._points[-1] = replace(last, observation=observation)

    def write(self) -> None:
        """Write the file; warn if that fails, because the training is worth more than its trace."""
        if self.out is None:
            return
        try:
            write_trace(self.trace, self.out)
        except SuperscopeError as error:
            warnings.warn(f"{error}; the next observation tries again", stacklevel=4)

    def _open(self, out: Path) -> None:
        check_suffix(out, (SUFFIX,))
        check_writable(out)
        if out.exists():
            try:
                found = read_trace(out)
            except FormatError as error:
                raise FormatError(
                    f"{error}; name another file for out, or remove this one"
                ) from error
            self._points, self._events = list(found.points), list(found.events)
            self._log.resume(self._points, self._events)


def _alike(a: TracePoint, b: TracePoint) -> bool:
    return replace(a.observation, loss=None) == replace(b.observation, loss=None)
