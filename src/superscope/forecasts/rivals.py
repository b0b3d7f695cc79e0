"""Laws that are no sum of powers, as rivals in a roll-out: coupled inputs, a power that breaks.

They are fitted to the points and by the objective of the law whose inputs they share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from superscope.errors import UsageError
from superscope.laws import Estimate, FitOptions, Form
from superscope.laws.formula import Floats
from superscope.laws.intervals import student
from superscope.laws.linearization import scales
from superscope.laws.points import Points, select
from superscope.laws.problem import HIGHEST

NO_FLOOR = -12.0  # logarithm of a floor that is none, as a share of the smallest loss
LEAST_EXPONENT, WIDEST_BREAK, SHARPEST_BREAK = 1e-3, 3.0, 0.02
STARTS = 12  # searches from different places at most; each has a numeric Jacobian
MOST_STEPS = 200  # of a search
STEP = 1e-5  # of derivatives


@dataclass(frozen=True)
class Rival:
    """A law of positive parameters, which are sought in logarithms.

    Attributes
    ----------
    name, formula, source
        What it is called, looks like, and comes from.
    like
        The law whose inputs and objective it has.
    loss
        From parameters (p,) and logarithms of inputs (n, k), centered, to losses (n,).
    box
        Lowest and highest value of each parameter, from logarithms of inputs and losses.
    """

    name: str
    formula: str
    source: str
    like: str
    loss: Callable[[Floats, Floats], Floats]
    box: Callable[[Floats, Floats], tuple[Floats, Floats]]

    def form(self, options: FitOptions) -> Form:
        """Return the form of the law it is like, under options that fit it."""
        return options.form(self.like)


def _coupled(p: Floats, z: Floats) -> Floats:
    """Return E + [(A/N)^(α/β) + B/D]^β with p = log (size of A's part, α, size of B's part, β, E).

    The parts' sizes are those at the middle of the data.
    """
    a, alpha, b, beta, floor = p[0], math.exp(p[1]), p[2], math.exp(p[3]), math.exp(p[4])
    both = np.logaddexp((a - alpha * z[:, 0]) / beta, (b - beta * z[:, 1]) / beta)
    return np.asarray(floor + np.exp(beta * both), np.float64)


def _broken(p: Floats, z: Floats) -> Floats:
    """Return a + b x^(−c₀) (1 + (x/d)^(1/f))^(−c₁ f) with p = (log b, c₀, c₀ + c₁, log d, f, a).

    All but log d are logarithms.
    """
    before, after, f = math.exp(p[1]), math.exp(p[2]), math.exp(p[4])
    bend = np.logaddexp(0.0, (z[:, 0] - p[3]) / f)
    power = np.exp(p[0] - before * z[:, 0] - (after - before) * f * bend)
    return np.asarray(math.exp(p[5]) + power, np.float64)


def _coupled_box(z: Floats, log_loss: Floats) -> tuple[Floats, Floats]:
    low, high = math.log(LEAST_EXPONENT), math.log(HIGHEST)
    least, most = float(log_loss.min()), float(log_loss.max())
    return (
        np.array([least - 8, low, least - 8, low, least + NO_FLOOR]),
        np.array([most + 1, high, most + 1, high, least]),
    )


def _broken_box(z: Floats, log_loss: Floats) -> tuple[Floats, Floats]:
    low, high = math.log(LEAST_EXPONENT), math.log(HIGHEST)
    least, most = float(log_loss.min()), float(log_loss.max())
    sharp, wide = math.log(SHARPEST_BREAK), math.log(WIDEST_BREAK)
    return (
        np.array([least - 8, low, low, float(z.min()), sharp, least + NO_FLOOR]),
        np.array([most + 4, high, high, float(z.max()), wide, least]),
    )


RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        Rival("coupled", "L = [(A/N)^(alpha/beta) + B/D]^beta + E", "K20",
              "chinchilla", _coupled, _coupled_box),
        Rival("broken", "L = b x^(-c0) (1 + (x/d)^(1/f))^(-c1 f) + a", "C23",
              "power", _broken, _broken_box),
    )
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class FittedRival:
    """A rival fitted to points.

    Attributes
    ----------
    rival, log
        Which, and whether residuals are of log loss.
    parameters
        As they are sought, shape (p,).
    covariance
        Theirs, shape (p, p): from the Jacobian, of those not at a bound.
    middle
        Of the inputs' logarithms, shape (k,).
    residual
        Standard deviation of a residual.
    degrees_of_freedom
        Points minus parameters.
    """

    rival: Rival
    log: bool
    parameters: Floats
    covariance: Floats
    middle: Floats
    residual: float
    degrees_of_freedom: int

    def loss(self, inputs: Floats) -> Floats:
        """Return the losses at inputs (N, k)."""
        return self.rival.loss(self.parameters, np.log(inputs) - self.middle)

    def forecast(self, inputs: Floats) -> Estimate:
        """Return the loss of one new model at inputs (1, k), with its 95 % interval (Student's)."""
        z = np.log(inputs) - self.middle
        slope = np.array([
            (self._y(self.parameters + step, z) - self._y(self.parameters - step, z)) / (2 * STEP)
            for step in STEP * np.eye(len(self.parameters))
        ])  # fmt: skip
        value = self._y(self.parameters, z)
        spread = math.sqrt(float(slope @ self.covariance @ slope) + self.residual**2)
        half = student(self.degrees_of_freedom) * spread
        if self.log:
            return Estimate(
                math.exp(value), math.exp(value - half), math.exp(min(value + half, 700.0))
            )
        return Estimate(value, value - half, value + half)

    def _y(self, parameters: Floats, z: Floats) -> float:
        loss = float(self.rival.loss(parameters, z)[0])
        return math.log(loss) if self.log else loss


def fit_rival(rival: Rival, form: Form, points: Points, options: FitOptions) -> FittedRival:
    """Fit a rival to points.

    Raises
    ------
    UsageError
        No more points than parameters.
    """
    from scipy.optimize import least_squares
    from scipy.stats import qmc

    logs = np.log(points.inputs)
    middle = logs.mean(axis=0)
    z, log = logs - middle, form.residual == "log"
    low, high = rival.box(z, np.log(points.loss))
    freedom = len(points) - len(low)
    if freedom < 1:
        raise UsageError(
            f"{len(points)} points are too few for the {len(low)} parameters of {rival.name}"
        )
    y = np.log(points.loss) if log else points.loss
    roots = np.sqrt(points.weights)

    def left(p: Floats) -> Floats:
        loss = rival.loss(p, z)
        return np.asarray(roots * (y - (np.log(loss) if log else loss)), np.float64)

    # Huber's function in scipy's units: squares within f_scale, lines beyond.
    huber = {"loss": "huber", "f_scale": form.delta} if form.loss == "huber" else {}
    count = min(options.starts, STARTS)
    even = qmc.Sobol(len(low), rng=options.seed).random_base2(math.ceil(math.log2(max(count, 2))))
    found = [
        least_squares(
            left,
            low + (0.1 + 0.8 * share) * (high - low),
            bounds=(low, high),
            max_nfev=MOST_STEPS,
            **huber,
        )
        for share in even[:count]
    ]
    best = min(found, key=lambda each: float(each.cost))
    parameters = np.asarray(best.x, np.float64)
    residuals = left(parameters)
    variance = float(np.sum(np.square(residuals))) / freedom
    delta = form.delta if huber else math.inf
    scale, _ = scales(residuals, np.ones(len(residuals)), delta, freedom)
    inside = (parameters - low > 1e-3) & (high - parameters > 1e-3)
    covariance = np.zeros((len(low), len(low)))
    if inside.any():
        # scipy's own Jacobian is weighed by Huber's function.
        jacobian = np.column_stack([
            (left(parameters - step) - left(parameters + step)) / (2 * STEP)
            for step in STEP * np.eye(len(low))[inside]
        ])  # fmt: skip
        covariance[np.ix_(inside, inside)] = scale * np.linalg.pinv(jacobian.T @ jacobian)
    return FittedRival(rival, log, parameters, covariance, middle, math.sqrt(variance), freedom)


def like_form(law: str, options: FitOptions) -> Form:
    """Return the form whose inputs a law or a rival has, under options that fit it."""
    if law not in RIVALS:
        return options.form(law)
    if law == "broken" and options.x is None:
        raise UsageError("the law broken needs x='COLUMN', the column whose power breaks")
    return RIVALS[law].form(options)


def rival_forecasts(
    law: str, train: pd.DataFrame, test: pd.DataFrame, options: FitOptions
) -> Iterator[tuple[str, float, Estimate]]:
    """Yield each held-out point's name, its loss, and what a rival fitted without it forecasts.

    Raises
    ------
    UsageError
        No more points than parameters, or points that the rival cannot be fitted to.
    """
    alone = options.changed({"group": ("none",)})
    form = like_form(law, alone)
    fitted = fit_rival(RIVALS[law], form, select(train, form, alone).points, alone)
    for row in test.to_dict("records"):
        inputs = np.array([[float(row[column]) for column in form.columns]])
        yield str(row["point"]), float(row["loss"]), fitted.forecast(inputs)
