"""A head over the steps of its training: a row for each observation, and events."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from superscope.geometry import Geometry, Regime
from superscope.geometry.norms import regime
from superscope.observations import DTYPES, Observation
from superscope.plotting import Pictured
from superscope.result import Result

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
class TracePoint:
    """One observation of a head in training.

    Attributes
    ----------
    step
        Steps of the optimizer that were made.
    observation
        The head as a row of the table of observations.
    mean_row_share
        Squared norm of the mean row over the mean square norm of the rows: 0 for a centered head,
        1 if all rows are equal.
    drift_update, own_update
        How far rows moved since the last observation, over the root-mean-square norm they had:
        the norm of their mean change, which they share, and the root mean square of what each
        did beyond it. None at the first observation.
    dead_rows, runaway_rows
        Number of rows that are zero or near it; of rows much longer than the median.
    still_rows, abandoned_rows
        Number of rows that did not change since the last observation; of rows that have long
        moved only as all others do. None at the first observation.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> point = superscope.watch.TracePoint.of(0, superscope.measure(np.eye(4), pairs="none"))
    >>> point.mean_row_share, point.regime.value
    (0.25, 'none')
    """

    step: int
    observation: Observation
    mean_row_share: float | None = None
    drift_update: float | None = None
    own_update: float | None = None
    dead_rows: int | None = None
    runaway_rows: int | None = None
    still_rows: int | None = None
    abandoned_rows: int | None = None

    @classmethod
    def of(cls, step: int, geometry: Geometry) -> TracePoint:
        """Return the point of a geometry that is known without the one before it."""
        return cls(
            step=step,
            observation=geometry.observation(),
            mean_row_share=geometry.mean_row_share,
            dead_rows=len(geometry.zero_rows) + len(geometry.near_zero_rows),
            runaway_rows=len(geometry.norms.huge),
        )

    @property
    def regime(self) -> Regime | None:
        """Regime after LLG25; None where the shape is not known."""
        o = self.observation
        if o.features is None or o.width is None:
            return None
        return regime(o.features, o.width, o.represented_fraction)


OWN: dict[str, str] = {
    field.name: "Int64" if str(field.type).startswith("int") else "Float64"
    for field in fields(TracePoint)
    if field.name not in ("step", "observation")
}
"""Columns that a trace has beside those of the table of observations, with their types."""


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
