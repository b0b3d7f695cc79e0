"""Watch the output head of a model while it trains."""

from __future__ import annotations

import operator
import time
import warnings
from collections import deque
from dataclasses import replace
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from superscope.arguments import checked
from superscope.atomic import check_writable
from superscope.errors import HeadDataError, SuperscopeError, UsageError
from superscope.geometry import Geometry, GeometryOptions, measure_head
from superscope.geometry.shards import Shards
from superscope.geometry.unit_rows import Float32
from superscope.heads import Head
from superscope.observations import Observation
from superscope.options import changed
from superscope.tables import check_suffix
from superscope.watch.events import PATIENCE, EventLog, Ids
from superscope.watch.live import Live, live_head, unwrapped
from superscope.watch.trace import Event, EventKind, Trace, TracePoint
from superscope.watch.trace_file import SUFFIX, read_trace, write_trace
from superscope.watch.updates import Update, update

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OPTIONS = GeometryOptions(pairs="none")
"""How a head in training is measured: by its Gram matrix alone, each time exactly."""

TRAINERS = {
    "transformers": "superscope.watch.of_transformers",
    "lightning": "superscope.watch.of_lightning",
    "pytorch_lightning": "superscope.watch.of_lightning",
}
"""The modules that know the trainers of some packages."""


class Watch:
    """Watch the output head of a model while it trains.

    Parameters
    ----------
    model
        What :func:`superscope.measure` takes from memory: a model with an output head, its
        ``Linear`` or ``Embedding`` layer, or a matrix of shape (V, m). It may be wrapped by
        torch.compile or by data parallelism.
    every
        Steps of the optimizer between two observations.
    tokenizer
        Gives events the texts of tokens: a tokenizer, or a sequence of strings.
    out
        A .parquet file, written anew after each observation. If it is there, the run is taken to
        go on: rows of later steps than the first that is observed are replaced.
    updates
        Whether to compare each row with the one before; it takes a copy of the head.
    group
        The process group over which the rows are spread, if the weight of each process has only
        some of them, in the order of the ranks. A ``DTensor`` knows it itself.
    options
        How to measure; the keywords change them.
    **changes
        Options, by name.

    Raises
    ------
    SuperscopeError
        The model has no output head, the file cannot be written, or is none of a training.

    Examples
    --------
    >>> import torch
    >>> import superscope
    >>> head = torch.nn.Linear(8, 100, bias=False)
    >>> optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    >>> watch = superscope.Watch(head, every=10)
    >>> for step in range(21):
    ...     point = watch.step(step)
    ...     optimizer.zero_grad()
    ...     torch.nn.functional.cross_entropy(head(torch.ones(1, 8)), torch.tensor([3])).backward()
    ...     optimizer.step()
    >>> watch.trace
    Trace(Linear: 3 observations to step 20, 0 events)
    """

    @checked
    def __init__(
        self,
        model: Any,
        every: int = 100,
        *,
        tokenizer: Any = None,
        out: Path | None = None,
        updates: bool = True,
        group: Any = None,
        options: GeometryOptions = OPTIONS,
        **changes: Any,
    ) -> None:
        if every < 1:
            raise UsageError(f"every={every}; it must be at least 1 step")
        self.model = unwrapped(model)
        self.every, self.out, self.updates, self.group = every, out, updates, group
        self.options = changed(options, changes, "Watch")
        self.seconds = 0.0
        """Time that observing took."""
        self._tokens = live_head(self.model, tokenizer, group).head.tokens  # also: there is a head
        self._log = EventLog(self._text)
        self._points: list[TracePoint] = []
        self._events: list[Event] = []
        self._rows: Float32 | None = None  # as they were at the last point
        self._together: deque[Ids] = deque(maxlen=PATIENCE)
        self._seen: int | None = None
        if out is not None:
            self._open(out)

    @property
    def trace(self) -> Trace:
        """What was observed up to now."""
        return Trace(tuple(self._points), tuple(self._events))

    @property
    def last_step(self) -> int | None:
        """Step of the last observation; None before the first."""
        return self._points[-1].step if self._points else None

    def plot(self, name: str | None = None, **options: Any) -> Figure:
        """Draw what was observed up to now; the arguments are those of the trace's ``plot``."""
        return self.trace.plot(name, **options)

    def step(self, step: int, *, loss: float | None = None) -> TracePoint | None:
        """Observe the head if that is due: at the first step given, then at every so many.

        Parameters
        ----------
        step
            How many steps the optimizer has made. The same step may be given several times.
        loss
            Loss in nats per token, to stand beside the head.

        Returns
        -------
        TracePoint or None
            The observation, if it was due.

        Raises
        ------
        SuperscopeError
            As of :meth:`observe`.
        """
        step, before = _whole(step), self._seen
        self._seen = step
        if before is not None and before <= step and before // self.every == step // self.every:
            return None
        return self.observe(step, loss=loss)

    def observe(self, step: int, *, loss: float | None = None) -> TracePoint | None:
        """Observe the head now.

        A head that cannot be measured, such as one with numbers that are not finite, leaves a gap
        and an event; it does not stop the training.

        Parameters
        ----------
        step
            How many steps the optimizer has made. Observations of later steps are dropped: the
            training went back to a checkpoint.
        loss
            Loss in nats per token, to stand beside the head; also at a step already observed.

        Returns
        -------
        TracePoint or None
            The observation. None where another process observes: one of several that have the
            whole head each.

        Raises
        ------
        SuperscopeError
            The model has no output head any more, or the step is not a whole number from 0.
        """
        step, began = _whole(step), time.perf_counter()
        if step < 0:
            raise UsageError(f"step={step}; it must be at least 0")
        live = live_head(self.model, group=self.group)
        self._seen = step
        if not live.observes:
            return None
        self._go_back(step)
        if self._points and self._points[-1].step == step and self._rows is not None:
            if loss is not None:
                self._points[-1] = _with_loss(self._points[-1], loss)
                self._write(live)
            return self._points[-1]
        point, found = self._measured(step, live.head, live.shards)
        point = _with_loss(point, loss)
        self._drop_another(point)
        if isinstance(found, HeadDataError):
            events = self._log.failure(step, found)
        else:
            events = self._log.events(point, live.shape, found)
        self._append(point, events)
        self._write(live)
        self.seconds += time.perf_counter() - began
        return self._points[-1]

    def attach(self, trainer: Any) -> Self:
        """Observe during the training of a trainer, and log the numbers by its own loggers.

        The first observation is before the first step, the last after the last one.

        Parameters
        ----------
        trainer
            A ``Trainer`` of transformers or of Lightning, before its training begins.

        Returns
        -------
        Watch
            This watch.

        Raises
        ------
        UsageError
            It is another kind of object.
        """
        for kind in type(trainer).__mro__:
            package = kind.__module__.partition(".")[0]
            if package in TRAINERS:
                import_module(TRAINERS[package]).attach(self, trainer)
                return self
        raise UsageError(
            f"attach takes a Trainer of transformers or of Lightning, not {type(trainer).__name__}"
            "; in a loop of your own, call watch.step(step)"
        )

    def _measured(
        self, step: int, head: Head, shards: Shards
    ) -> tuple[TracePoint, dict[EventKind, Ids] | HeadDataError]:
        """Return the point of a head, and the ids of rows of which something is true.

        Or why it could not be measured.
        """
        try:
            geometry = measure_head(head, self.options, shards=shards, progress=None)
        except HeadDataError as error:
            self._rows = None
            self._together.clear()
            return TracePoint(step, Observation("checkpoint", model=head.provenance.model)), error
        rows = {
            EventKind.DEAD: np.union1d(geometry.zero_rows, geometry.near_zero_rows).astype(int),
            EventKind.RUNAWAY: _ids(geometry)[geometry.norms.huge],
        }
        change = self._change(head, shards)
        point = TracePoint.of(step, geometry)
        if change is None:
            return point, rows
        moved = change.drift > 0 or change.own > 0
        rows[EventKind.STILL] = change.still if moved else change.still[:0]
        if moved:
            self._together.append(change.together)
        if len(self._together) == PATIENCE:
            rows[EventKind.ABANDONED] = reduce(np.intersect1d, self._together)
        abandoned = rows.get(EventKind.ABANDONED)
        return replace(
            point,
            drift_update=change.drift,
            own_update=change.own,
            still_rows=len(change.still),
            abandoned_rows=None if abandoned is None else len(abandoned),
        ), rows

    def _change(self, head: Head, shards: Shards) -> Update | None:
        """Return what changed since the last point, and keep the rows for the next one."""
        if not self.updates:
            return None
        now, before = head.block(0, head.features), self._rows
        differs = before is None or before.shape != now.shape
        anywhere = shards.sum(np.array([float(differs)]))[0] > 0  # else others would wait for this
        if before is None or anywhere:
            self._together.clear()
            self._rows = np.array(now)  # a copy: the training goes on in the same memory
            return None
        found = update(before, head, shards)
        np.copyto(before, now)
        return found

    def _go_back(self, step: int) -> None:
        """Drop what was observed after a step, and at it unless that was another process."""
        if self._points and self._points[-1].step > step:
            here = self._rows is not None
            self._points = [p for p in self._points if p.step < step + (not here)]
            self._events = [e for e in self._events if e.step < step + (not here)]
            self._rows = None
            self._together.clear()
            self._log.resume(self._points, self._events)

    def _drop_another(self, point: TracePoint) -> None:
        """Drop what was read of the same step of another run, or of weights since changed."""
        last = self._points[-1] if self._points else None
        if last is not None and last.step == point.step and not _alike(last, point):
            self._points.pop()
            self._events = [e for e in self._events if e.step < point.step]
            self._log.resume(self._points, self._events)

    def _append(self, point: TracePoint, events: tuple[Event, ...]) -> None:
        last = self._points[-1] if self._points else None
        if last is not None and last.step == point.step:  # read from the file of a stopped run
            # It has the change since the point before, too.
            self._points[-1] = _with_loss(last, point.observation.loss)
            return
        self._points.append(point)
        self._events.extend(events)

    def _open(self, out: Path) -> None:
        check_suffix(out, (SUFFIX,))
        check_writable(out)
        if out.exists():
            found = read_trace(out)
            self._points, self._events = list(found.points), list(found.events)
            self._log.resume(self._points, self._events)

    def _write(self, live: Live) -> None:
        if self.out is None or not live.writes:
            return
        try:
            write_trace(self.trace, self.out)
        except SuperscopeError as error:  # the training is worth more than its trace
            warnings.warn(f"{error}; the next observation tries again", stacklevel=3)

    def _text(self, index: int) -> str | None:
        tokens = self._tokens
        return None if tokens is None or index >= len(tokens) else tokens[index]


def _alike(a: TracePoint, b: TracePoint) -> bool:
    return replace(a.observation, loss=None) == replace(b.observation, loss=None)


def _with_loss(point: TracePoint, loss: float | None) -> TracePoint:
    if loss is None:
        return point
    return replace(point, observation=replace(point.observation, loss=float(loss)))


def _whole(step: Any) -> int:
    try:
        return operator.index(step)
    except TypeError:
        raise UsageError(f"step={step!r:.40}; it must be a whole number") from None


def _ids(geometry: Geometry) -> Ids:
    """Return the id of each row that was measured."""
    return np.arange(geometry.features) if geometry.ids is None else geometry.ids
