"""The loss a law predicts, with its interval: of the law itself, and of one new model."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from superscope.laws import formula
from superscope.laws.derived import DRAWS, Estimate, estimate, levels
from superscope.laws.formula import Floats
from superscope.laws.law import Law
from superscope.laws.uncertainty import student


def band(law: Law, inputs: Floats, group: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the ends of the law's 95 % interval at inputs (N, k): parameters alone, (N,) each.

    Percentiles of the resamples, wider for few units; Student's without them; not a number where
    the law has no interval.
    """
    low, high = np.full(len(inputs), np.nan), np.full(len(inputs), np.nan)
    for number_ in np.unique(group):
        here = group == number_
        x, g = inputs[here], group[here]
        if len(law.draws):
            low[here], high[here] = np.nanquantile(law.loss(x, g, law.draws), levels(law), axis=0)
        else:
            middle, half = _linear(law, x, g, residual=False)
            back = np.exp if law.form.residual == "log" else np.asarray
            low[here], high[here] = back(middle - half), back(middle + half)
    return low, high


def expected_loss(law: Law, x: Floats, group: npt.NDArray[np.int64]) -> Estimate:
    """Return the law's value at one input (1, k) with the parameters' uncertainty."""
    if not len(law.draws):
        return _student(law, x, group, residual=False)
    return estimate(law, lambda p: law.loss(x, group, p)[:, 0])


def new_loss(law: Law, x: Floats, group: npt.NDArray[np.int64]) -> Estimate:
    """Return the loss of one new model: the parameters' uncertainty and a residual."""
    if not len(law.draws):
        return _student(law, x, group, residual=True)
    log = law.form.residual == "log"
    rng = np.random.default_rng(law.options.seed)
    # Fitted residuals are smaller than true ones by the parameters' share; a new point weighs 1.
    wider = math.sqrt(len(law.points) / law.freedom) if law.freedom > 0 else math.nan
    scatter = rng.choice(law.residuals * np.sqrt(law.points.weights), DRAWS) * wider
    drawn = law.loss(x, group, law.draws)[:, 0]
    one = rng.choice(drawn[np.isfinite(drawn)], DRAWS)
    new = one * np.exp(scatter) if log else one + scatter
    low, high = np.quantile(new, levels(law))
    return Estimate(float(law.loss(x, group)[0]), float(low), float(high))


def _student(law: Law, x: Floats, group: npt.NDArray[np.int64], *, residual: bool) -> Estimate:
    value = float(law.loss(x, group)[0])
    middle, half = _linear(law, x, group, residual)
    ends = np.array([middle[0] - half[0], middle[0] + half[0]])
    if law.form.residual == "log":
        with np.errstate(over="ignore"):
            ends = np.exp(ends)
    if not np.isfinite(ends).all():
        return Estimate(value, None, None)
    return Estimate(value, float(ends[0]), float(ends[1]))


def _linear(
    law: Law, x: Floats, group: npt.NDArray[np.int64], residual: bool
) -> tuple[Floats, Floats]:
    """Return the middle and half width of Student's interval, on the scale of the residuals."""
    log = law.form.residual == "log"
    loss = law.loss(x, group)
    middle = np.log(loss) if log else loss
    if law.freedom < 1:
        return middle, np.full(len(x), np.inf)
    slopes = formula.slopes(x, group, law.vector, log=log)
    variance = np.einsum("ni,ij,nj->n", slopes, law.covariance, slopes)
    if residual:
        variance = variance + law.residual_scale**2
    return middle, student(law.freedom) * np.sqrt(variance)
