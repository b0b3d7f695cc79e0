"""A head over the steps of its training: a row for each observation, and events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from superscope.observations import DTYPES
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.watch.point import OWN, TracePoint

if TYPE_CHECKING:
    import pandas as pd


class EventKind(StrEnum):
    """What may happen to a head in training."""

    REGIME = "regime"
    """The regime (LLG25) is another one."""
    DEAD = "dead"
    """Rows came near zero, where their directions mean nothing."""
    RUNAWAY = "runaway"
    """Rows became much longer than the others."""
    STILL = "still"
    """Rows did not change at all, though others did."""
    ABANDONED = "abandoned"
    """Rows move only with all others: nothing is learned of their tokens any more."""
    MEAN_ROW = "mean row"
    """The row that all share grew to a large part of every row, or shrank again."""
    WEIGHTS = "weights"
    """The matrix has another shape: its rows cannot be compared with those before."""
    UNMEASURED = "unmeasured"
    """The head cannot be measured: a number in it is not finite, or all rows are zero."""


@dataclass(frozen=True)
class Event:
    """Something that an observation found and the one before did not.

    Attributes
    ----------
    step
        Step of the observation.
    kind
        What happened.
    message
        The same as a sentence without its full stop.
    rows
        Ids of all rows of which it became true, if it is about rows.
    """

    step: int
    kind: EventKind
    message: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trace(Result, Pictured):
    """A head over the steps of its training.

    Attributes
    ----------
    points
        The observations, by step.
    events
        What happened, by step.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> from superscope.watch import TracePoint
    >>> rows = np.random.default_rng(0).standard_normal((1000, 50))
    >>> measured = [superscope.measure(rows + shift, pairs="none") for shift in (0, 1)]
    >>> trace = superscope.Trace(tuple(map(TracePoint.of, (0, 100), measured)))
    >>> trace
    Trace(array: 2 observations to step 100, 0 events)
    >>> trace.to_frame()[["step", "mean_square_overlap", "mean_row_share"]].round(3)
       step  mean_square_overlap  mean_row_share
    0     0                 0.02           0.001
    1   100                 0.26             0.5
    """

    DERIVED: ClassVar[tuple[str, ...]] = ("model",)

    points: tuple[TracePoint, ...]
    events: tuple[Event, ...] = ()

    @property
    def model(self) -> str | None:
        """Name of the model; None before the first observation."""
        return self.points[-1].observation.model if self.points else None

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each observation.

        Returns
        -------
        pandas.DataFrame
            Column ``step``, those of the table of observations, those of :class:`TracePoint`,
            and ``regime``.
        """
        import pandas as pd

        observations = [point.observation for point in self.points]
        regimes = [point.regime for point in self.points]
        columns = {
            "step": [point.step for point in self.points],
            **{name: [getattr(o, name) for o in observations] for name in DTYPES},
            **{name: [getattr(point, name) for point in self.points] for name in OWN},
            "regime": [None if one is None else str(one) for one in regimes],
        }
        types: dict[str, Any] = {"step": "Int64", **DTYPES, **OWN, "regime": "string"}
        return pd.DataFrame({n: pd.array(v, dtype=types[n]) for n, v in columns.items()})

    def event_frame(self) -> pd.DataFrame:
        """Return one row for each event.

        Returns
        -------
        pandas.DataFrame
            Columns ``step``, ``kind``, ``message`` and ``rows``, a list of ids.
        """
        import pandas as pd

        rows: list[dict[str, Any]] = [
            {"step": e.step, "kind": str(e.kind), "message": e.message, "rows": list(e.rows)}
            for e in self.events
        ]
        return pd.DataFrame(rows, columns=["step", "kind", "message", "rows"])

    def __repr__(self) -> str:
        from superscope.text import counted, named

        name = type(self).__name__
        if not self.points:
            return f"{name}(no observations)"
        return (
            f"{name}({named(self.model or 'model')}: {counted(len(self.points), 'observation')} "
            f"to step {self.points[-1].step:,}, {counted(len(self.events), 'event')})"
        )
