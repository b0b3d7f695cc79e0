"""One observation of a head in training."""

from __future__ import annotations

from dataclasses import dataclass, fields

from superscope.geometry import Geometry, Regime
from superscope.geometry.norms import regime
from superscope.observations import Observation


@dataclass(frozen=True)
class TracePoint:
    """One observation of a head in training.

    Attributes
    ----------
    step
        Steps of the optimizer that were made.
    observation
        The head as a row of the table of observations.
    rows
        Number of rows of the head, zero ones included.
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
        moved only together, as those of tokens that do not occur. None at the first observation;
        abandoned rows are not looked for in a head over several processes.

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
    rows: int | None = None
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
            rows=geometry.stored_features,
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
