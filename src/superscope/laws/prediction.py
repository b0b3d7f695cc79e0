"""The losses that a law predicts, with their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.laws import formula
from superscope.laws.formula import Floats
from superscope.laws.intervals import Estimate, Uncertainty, bca_quantiles, student, widened
from superscope.laws.noise import Noise

if TYPE_CHECKING:
    import pandas as pd

SCATTER_DRAWS = 4000
AT_ONCE = 1000  # inputs whose resamples are held in memory together


@dataclass(frozen=True, eq=False)
class Band:
    """Predicted losses with their intervals, shape (N,) each; NaN where there is no interval.

    Attributes
    ----------
    loss
        Predicted losses.
    low, high
        Ends of their intervals.
    """

    loss: Floats
    low: Floats
    high: Floats

    def __len__(self) -> int:
        """How many predictions there are."""
        return len(self.loss)

    def __repr__(self) -> str:
        """Return how many there are, in one line."""
        return f"Band({len(self)} predictions)"

    def estimate(self, at: int = 0) -> Estimate:
        """Return one of the predictions."""
        low, high = float(self.low[at]), float(self.high[at])
        if not (math.isfinite(low) and math.isfinite(high)):
            return Estimate(float(self.loss[at]), None, None)
        return Estimate(float(self.loss[at]), low, high)

    def to_frame(self) -> pd.DataFrame:
        """Return the columns loss, low and high, a row a prediction."""
        import pandas as pd

        return pd.DataFrame({"loss": self.loss, "low": self.low, "high": self.high})


@dataclass(frozen=True, eq=False)
class Scatter:
    """How single models scatter about a law.

    Attributes
    ----------
    log
        Whether residuals are of log loss.
    residuals
        Those of the fit, each as a share of its noise, shape (n,).
    noise
        How large that is.
    """

    log: bool
    residuals: Floats
    noise: Noise


def expected(
    law: Uncertainty, scatter: Scatter, x: Floats, group: npt.NDArray[np.int64], level: float
) -> Band:
    """Return the law's own values at inputs (N, k): the parameters' uncertainty alone."""
    if not len(law.bootstrap):
        return _student(law, scatter, x, group, level, residual=False)
    found: list[Estimate] = []
    for start in range(0, len(x), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        found += law.estimates(lambda p, s=some: _loss(x[s], group[s], p), level)  # type: ignore[misc]
    ends = np.array([[e.value, e.low, e.high] for e in found], np.float64).reshape(-1, 3)
    return Band(ends[:, 0], ends[:, 1], ends[:, 2])


def new_models(
    law: Uncertainty, scatter: Scatter, x: Floats, group: npt.NDArray[np.int64], level: float
) -> Band:
    """Return the losses of new models at inputs (N, k): a residual is in their intervals, too.

    The law's own value is drawn from all its one-sided BCa intervals, so that both agree.
    """
    if not len(law.bootstrap):
        return _student(law, scatter, x, group, level, residual=True)
    points, freedom = len(scatter.residuals), law.degrees_of_freedom
    # Fitted residuals are smaller than true ones by the parameters' share; a new point weighs 1.
    wider = math.sqrt(points / freedom) if freedom > 0 else math.nan
    loss, ends = _loss(x, group, law.parameters), np.full((len(x), 2), np.nan)
    levels, z = law.levels(level), widened(len(law.jackknife), level)
    sizes, errors = scatter.noise.at(x), scatter.noise.log_errors(x)
    for i in range(len(x)):
        at = x[i : i + 1], group[i : i + 1]
        drawn, without = (_loss(*at, p)[:, 0] for p in (law.bootstrap, law.jackknife))
        quantiles = bca_quantiles(drawn, float(loss[i]), without)
        if quantiles is None:
            continue
        rng = np.random.default_rng(law.seed)
        residuals = rng.choice(scatter.residuals, SCATTER_DRAWS) * wider * sizes[i]
        residuals *= np.exp(errors[i] * rng.standard_normal(SCATTER_DRAWS))
        one = quantiles(rng.standard_normal(SCATTER_DRAWS))
        new = np.quantile(one * np.exp(residuals) if scatter.log else one + residuals, levels)
        own = quantiles(np.array([-z, z]))  # residuals on one side would leave an end of it out
        ends[i] = min(new[0], own[0]), max(new[1], own[1])
    return Band(loss, ends[:, 0], ends[:, 1])


def _loss(x: Floats, group: npt.NDArray[np.int64], parameters: Floats) -> Floats:
    return np.asarray(formula.parts(x, group, parameters).sum(axis=-1), np.float64)


def _student(
    law: Uncertainty,
    scatter: Scatter,
    x: Floats,
    group: npt.NDArray[np.int64],
    level: float,
    *,
    residual: bool,
) -> Band:
    """Return Student's intervals, symmetric on the scale of the residuals."""
    loss = _loss(x, group, law.parameters)
    if law.degrees_of_freedom < 1:
        return Band(loss, np.full(len(x), np.nan), np.full(len(x), np.nan))
    slopes = formula.slopes(x, group, law.parameters, log=scatter.log)
    variance = np.einsum("ni,ij,nj->n", slopes, law.covariance, slopes)
    if residual:
        noise = scatter.noise
        variance = variance + (noise.at(x) * np.exp(noise.log_errors(x))) ** 2
    half = student(law.degrees_of_freedom, level) * np.sqrt(variance)
    middle = np.log(loss) if scatter.log else loss
    low, high = middle - half, middle + half
    if scatter.log:
        with np.errstate(over="ignore"):
            low, high = np.exp(low), np.exp(high)
    known = np.isfinite(low) & np.isfinite(high)
    return Band(loss, np.where(known, low, np.nan), np.where(known, high, np.nan))
