"""A run reduced to the numbers that tables and figures need, without its weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from superscope.errors import HeadDataError
from superscope.geometry import measure_head
from superscope.heads import Head
from superscope.observations import Observation
from superscope.result import Result
from superscope.toy import theory
from superscope.toy.config import ToyConfig
from superscope.toy.dimensionality import Phase, phase_of
from superscope.toy.features import Float32, Float64
from superscope.toy.run import ToyRun

if TYPE_CHECKING:
    import pandas as pd

NORM_EDGES: Float64 = np.linspace(0, 2, 81)


@dataclass(frozen=True, eq=False, repr=False)
class ToyPoint(Result):
    """The numbers of one run.

    Attributes
    ----------
    config
        The config of the run.
    observation
        The run's row in the table.
    unrepresented_loss, interference_loss
        The loss split by whether a feature's norm is above ½.
    expected_loss
        Theoretical loss of the features that are not represented (``theory``).
    norm_counts
        Histogram of ‖W_i‖ over ``NORM_EDGES``; norms beyond 2 are in the last bin.
    above_one
        Share of features with a norm above 1 (LLG25's strongly represented ones).
    mean_dimensionality
        Mean dimensionality of the represented features; None if there are none.
    phase
        What the run does with its last feature.
    kernel
        The machine code that trained it, as in :class:`ToyRun`.
    overlap_above_one
        Mean c² among those; None for fewer than two. With growth and small widths, many of the
        other features collapse onto a few directions, which raises the mean over all features.
    """

    config: ToyConfig
    observation: Observation
    unrepresented_loss: float
    interference_loss: float
    expected_loss: float
    norm_counts: Float64
    above_one: float
    overlap_above_one: float | None
    mean_dimensionality: float | None = None
    phase: Phase = Phase.NOT_REPRESENTED
    kernel: str = ""

    @classmethod
    def of(cls, run: ToyRun) -> ToyPoint:
        """Measure a run."""
        config = run.config
        return cls(
            config=config,
            observation=run.observation,
            unrepresented_loss=run.unrepresented_loss,
            interference_loss=run.interference_loss,
            expected_loss=theory.unrepresented_loss(
                config.features().probabilities * config.weights(), run.represented
            ),
            norm_counts=np.histogram(np.minimum(run.norms, 2), NORM_EDGES)[0].astype(np.float64),
            above_one=float(np.mean(run.norms > 1)),
            overlap_above_one=_overlap(run.W[run.norms > 1]),
            mean_dimensionality=float(run.dimensionality[run.represented].mean())
            if run.represented.any()
            else None,
            phase=phase_of(run.W),
            kernel=run.kernel,
        )

    def __repr__(self) -> str:
        c = self.config
        return f"ToyPoint({c.identity}: n={c.n}, width={c.width}, loss={self.observation.loss:.6g})"


def _overlap(rows: Float32) -> float | None:
    """Return the mean c² of some rows, or None if there are no two with a direction."""
    try:
        geometry = measure_head(Head.from_array(rows), pairs="none", device="cpu")
    except HeadDataError:
        return None
    return geometry.raw.mean_square_overlap


def losses_table(points: Iterable[ToyPoint]) -> pd.DataFrame:
    """Return the causes of each run's loss and how features share dimensions, one row per run.

    Parameters
    ----------
    points
        Runs, in any order.

    Returns
    -------
    DataFrame
        One row per run, to join with the observations by the column ``run``.
    """
    import pandas as pd

    return pd.DataFrame(
        {
            "run": point.config.identity,
            "unrepresented_loss": point.unrepresented_loss,
            "expected_unrepresented_loss": point.expected_loss,
            "interference_loss": point.interference_loss,
            "share_norm_above_one": point.above_one,
            "mean_square_overlap_norm_above_one": point.overlap_above_one,
            "mean_dimensionality": point.mean_dimensionality,
        }
        for point in points
    )
