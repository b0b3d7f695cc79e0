"""Watch the output head of a model while it trains."""

from __future__ import annotations

import inspect
import logging
import operator
import os
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from superscope.arguments import checked, refuse_unknown
from superscope.errors import UsageError
from superscope.geometry import GeometryOptions
from superscope.options import changed
from superscope.text import counted, named
from superscope.watch.events import numbers_of
from superscope.watch.live import live_head, unwrapped
from superscope.watch.observer import Observer
from superscope.watch.point import TracePoint
from superscope.watch.record import Record
from superscope.watch.summary import line_of
from superscope.watch.trace import Event, Trace
from superscope.watch.trainers import attach

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOG = logging.getLogger("superscope.watch")
"""Gets each event as a warning, which Python prints unless it is told otherwise."""

OPTIONS = GeometryOptions(pairs="none")
"""How a head in training is measured: by its Gram matrix alone, each time exactly."""


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
    rank
        The process that writes the file; and that observes alone, if each has the whole head. With
        pipeline parallelism, the one that has the head: only there can it be watched.
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
    >>> watch
    Watch(Linear, 100 rows of 8 numbers, every 10 steps: 3 observations to step 20, 0 events)
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
        rank: int = 0,
        options: GeometryOptions = OPTIONS,
        **changes: Any,
    ) -> None:
        known = [name for name in inspect.signature(Watch).parameters if name != "changes"]
        refuse_unknown("Watch", "option", changes, [*known, *(f.name for f in fields(options))])
        if every < 1:
            raise UsageError(f"every={every}; it must be at least 1 step")
        _refuse_names(model, tokenizer)
        self.model = unwrapped(model)
        self.every, self.out, self.updates = every, out, updates
        self.group, self.rank = group, rank
        self.options = changed(options, changes, "Watch")
        self.seconds = 0.0
        """Time that observing took."""
        live = live_head(self.model, tokenizer, group, rank)  # also: there is a head
        self._tokens, self._name = live.head.tokens, live.head.provenance.model
        self._shape, self._observes = live.shape, live.observes
        self._observer = Observer(self.options, updates)
        self._record = Record(out, self._text)
        self._seen: int | None = None

    def __repr__(self) -> str:
        what = f"{named(self._name or 'model')}, {numbers_of(self._shape)}"
        file = "" if self.out is None else f", in {named(str(self.out))}"
        when = f"every {counted(self.every, 'step')}" if self.every > 1 else "every step"
        return f"Watch({what}, {when}: {self._so_far()}{file})"

    @property
    def trace(self) -> Trace:
        """What was observed up to now."""
        return self._record.trace

    @property
    def last_step(self) -> int | None:
        """Step of the last observation; None before the first."""
        last = self._record.last
        return None if last is None else last.step

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
        live = live_head(self.model, group=self.group, rank=self.rank)
        self._seen = step
        if not live.observes:
            return None
        observer, record = self._observer, self._record
        if record.last is not None and record.last.step > step:
            # A point of this step stays if another process made it: the run goes on from there.
            record.cut(step + observer.fresh)
            observer.forget()
        events: tuple[Event, ...] = ()
        if observer.fresh or record.last is None or record.last.step != step:
            found = observer.observe(step, live)
            self._shape = found.shape or self._shape
            events = record.add(found)
        elif loss is None:
            return record.last
        record.set_loss(loss)
        if live.writes:
            record.write()
            for event in events:
                LOG.warning("%s", line_of(event))
        self.seconds += time.perf_counter() - began
        return record.last

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
        attach(self, trainer)
        return self

    def _so_far(self) -> str:
        points, events = self.trace.points, self.trace.events
        if not self._observes:
            return f"the process of rank {self.rank} observes"
        if not points:
            return "no observation yet"
        return (
            f"{counted(len(points), 'observation')} to step {points[-1].step:,}, "
            f"{counted(len(events), 'event')}"
        )

    def _text(self, index: int) -> str | None:
        tokens = self._tokens
        return None if tokens is None or index >= len(tokens) else tokens[index]


def _refuse_names(model: Any, tokenizer: Any) -> None:
    """Refuse what has to be loaded before a training."""
    if isinstance(model, (str, os.PathLike)):
        raise UsageError(
            f"Watch takes the model that is trained, in memory, not {os.fspath(model)!r}; saved "
            "checkpoints are measured by superscope.measure_revisions"
        )
    if isinstance(tokenizer, (str, os.PathLike)):
        name = os.fspath(tokenizer)
        raise UsageError(
            f"tokenizer={name!r} is a name; pass the tokenizer itself, as of "
            f"transformers.AutoTokenizer.from_pretrained({name!r}), or the texts of all ids"
        )


def _whole(step: Any) -> int:
    try:
        return operator.index(step)
    except TypeError:
        raise UsageError(f"step={step!r:.40}; it must be a whole number") from None
