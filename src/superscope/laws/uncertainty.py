"""How uncertain the parameters are: the joint Jacobian, and case resampling with BCa intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.laws import formula
from superscope.laws.problem import Problem

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
LEAST_UNITS = 8  # fewer cannot be resampled to any purpose


@dataclass(frozen=True)
class Interval:
    """A 95 % interval.

    Attributes
    ----------
    low, high
        Its ends; None where the data set none.
    """

    low: float | None
    high: float | None

    def __contains__(self, value: object) -> bool:
        """Whether a number lies between the ends."""
        if not isinstance(value, (int, float)):
            return False
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


def interval_text(interval: Interval) -> str:
    """Return an interval in words: ``0.8 to 1.5``, ``below 0.4``."""
    if interval.low is None and interval.high is None:
        return "no limits"
    if interval.low is None:
        return f"below {interval.high:.3g}"
    if interval.high is None:
        return f"above {interval.low:.3g}"
    return f"{interval.low:.3g} to {interval.high:.3g}"


@dataclass(frozen=True)
class Spread:
    """The joint Jacobian's account of a fit.

    Attributes
    ----------
    covariance
        Of the parameters in the order of their names, shape (P, P); 0 for those held.
    free
        Which parameters are neither held nor at a bound, shape (P,).
    scale
        Variance of a residual of weight 1; for a Huber objective, what stands in its place.
    ratio_scale
        What twice a rise of the objective is measured by: `scale` times the share within δ.
    freedom
        Points minus free parameters.
    condition_number
        Of the Jacobian of amplitudes at the data's middle, exponents and floors, its columns
        of unit length; infinite if they are dependent.
    """

    covariance: Floats
    free: npt.NDArray[np.bool_]
    scale: float
    ratio_scale: float
    freedom: int
    condition_number: float


def predictions(problem: Problem, parameters: Floats) -> Floats:
    """Return the losses the law gives its points, shape (n,)."""
    points = problem.points
    return np.asarray(formula.parts(points.inputs, points.group, parameters).sum(axis=1))


def residuals(problem: Problem, parameters: Floats) -> Floats:
    """Return measured minus predicted losses, or their logarithms' difference; shape (n,)."""
    fitted = predictions(problem, parameters)
    return np.asarray(
        problem.equations.y - (np.log(fitted) if problem.equations.log else fitted), np.float64
    )


def jacobian(problem: Problem, parameters: Floats, centered: bool = False) -> Floats:
    """Return derivatives of the predicted y by the parameters, shape (n, P).

    `centered`: amplitudes are those at the middle of the data.
    """
    inputs = problem.points.inputs
    if centered:
        k = problem.equations.terms
        inputs, parameters = inputs / np.exp(problem.centers), parameters.copy()
        parameters[0 : 2 * k : 2] *= np.exp(-parameters[1 : 2 * k : 2] * problem.centers)
    return formula.slopes(inputs, problem.points.group, parameters, log=problem.equations.log)


def spread(problem: Problem, parameters: Floats) -> Spread:
    """Return what the joint Jacobian says of a fit.

    For a Huber objective the variance of a residual is replaced by Σψ²/(n − p) divided by the
    square of the share of points within δ (the classical M-estimate; Huber 1981, §7.6).
    """
    e = problem.equations
    free = problem.low < problem.high
    free &= (parameters > problem.low) & (parameters < problem.high)
    for i in range(len(problem.form.terms)):  # an exponent of nothing has no effect
        free[2 * i + 1] &= parameters[2 * i] > 0
    freedom = len(problem.points) - int(free.sum())
    w, r = problem.points.weights, residuals(problem, parameters)
    inside = max(float(np.mean(np.abs(r) <= e.delta)), 1 / len(r))
    score = np.clip(r, -e.delta, e.delta)
    scale = math.nan
    if freedom > 0:
        scale = float(np.sum(w * score**2)) / freedom / inside**2
    covariance = np.zeros((len(parameters), len(parameters)))
    root = np.sqrt(w)[:, None]
    plain = (root * jacobian(problem, parameters))[:, free]
    length = np.linalg.norm(plain, axis=0)
    if free.any():
        length[length == 0] = 1
        _, s, vt = np.linalg.svd(plain / length, full_matrices=False)
        kept = s > 1e-13 * s[0]
        inverse = np.full((free.sum(), free.sum()), np.inf)
        if kept.all():
            inverse = (vt.T / np.square(s)) @ vt / np.outer(length, length)
        covariance[np.ix_(free, free)] = scale * inverse if freedom > 0 else np.nan
    middle = (root * jacobian(problem, parameters, centered=True))[:, free]
    return Spread(covariance, free, scale, scale * inside, freedom, _condition(middle))


def _condition(columns: Floats) -> float:
    if columns.shape[1] == 0:
        return 1.0
    length = np.linalg.norm(columns, axis=0)
    if not length.all():
        return math.inf
    s = np.linalg.svd(columns / length, compute_uv=False)
    return float(s[0] / s[-1]) if s[-1] > 1e-13 * s[0] else math.inf


def resample(problem: Problem, exponents: Floats, count: int, seed: int) -> Floats:
    """Return parameters fitted to resamples of the units, shape (count, P).

    A floor whose group is not in a resample is not a number there.

    Parameters
    ----------
    problem
        The law on its points.
    exponents
        Where the searches begin, shape (S, k).
    count, seed
        How many resamples, and of which generator.
    """
    unit = problem.points.unit
    units = int(unit.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), count)
    return _refitted(problem, drawn[:, unit] * problem.points.weights, exponents)


def leave_out(problem: Problem, exponents: Floats, unit: npt.NDArray[np.int64]) -> Floats:
    """Return parameters fitted without each unit in turn, shape (units, P)."""
    kept = unit != np.arange(int(unit.max()) + 1)[:, None]
    return _refitted(problem, kept * problem.points.weights, exponents)


def _refitted(problem: Problem, weights: Floats, exponents: Floats) -> Floats:
    found = problem.solve(weights, exponents)
    k = problem.equations.terms
    present = np.zeros((len(weights), len(problem.points.groups)))
    for g in range(present.shape[1]):
        present[:, g] = weights[:, problem.points.group == g].sum(axis=1)
    free = (
        problem.equations.low[k : problem.equations.linear]
        < (problem.equations.high[k : problem.equations.linear])
    )
    parameters = problem.natural(found.exponents, found.linear)
    parameters[:, 2 * k :][(present == 0) & free] = np.nan
    return parameters


def student(freedom: float) -> float:
    """Return Student's quantile of the upper end of a 95 % interval."""
    from scipy.stats import t

    return float(t.ppf((1 + LEVEL) / 2, freedom))


def widened(units: int) -> float:
    """Return the quantile of an interval's ends for a resampling of few units.

    Resamples vary less than samples do, by (U − 1)/U, and U units tell their own variance as
    Student's t has it (Hesterberg 2015, the expanded percentile interval).
    """
    return student(units - 1) * math.sqrt(units / (units - 1))


def bca(draws: Floats, value: float, without: Floats, z: float) -> Interval:
    """Return the bias-corrected and accelerated interval (Efron 1987).

    Parameters
    ----------
    draws
        The parameter in each resample.
    value
        In all the data.
    without
        Without each unit in turn.
    z
        Standard normal quantile of the interval's ends, made wider for few units.
    """
    from scipy.stats import norm

    draws = np.sort(draws[np.isfinite(draws)])
    without = without[np.isfinite(without)]
    if len(draws) < 100:
        return Interval(None, None)
    if draws[0] == draws[-1]:
        return Interval(value, value)
    below = (np.sum(draws < value) + 0.5 * np.sum(draws == value)) / len(draws)
    bias = float(norm.ppf(np.clip(below, 0.5 / len(draws), 1 - 0.5 / len(draws))))
    from_mean = without.mean() - without
    spread_ = float(np.sum(from_mean**2))
    acceleration = float(np.sum(from_mean**3)) / (6 * spread_**1.5) if spread_ > 0 else 0.0

    def end(z: float) -> float:
        moved = bias + z
        shrunk = 1 - acceleration * moved
        level = norm.cdf(bias + moved / shrunk) if shrunk > 0 else float(z > 0)
        return float(np.quantile(draws, level))

    return Interval(end(-z), end(z))


def linear_interval(value: float, error: float, freedom: int, low: float, high: float) -> Interval:
    """Return Student's interval from a standard error, cut at the parameter's bounds."""
    if freedom < 1 or not math.isfinite(error):
        return Interval(None, None)
    half = student(freedom) * error
    return Interval(max(value - half, low), min(value + half, high))
