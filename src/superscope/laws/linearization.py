"""The joint Jacobian of a fit: standard errors, degrees of freedom, condition."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.laws import formula
from superscope.laws.formula import Floats
from superscope.laws.problem import Problem

WINDOW = 1.96  # times √n: how many points say how dense residuals are about 0


@dataclass(frozen=True)
class Linearization:
    """What the joint Jacobian says of a fit's uncertainty.

    Attributes
    ----------
    covariance
        Of the parameters in the order of their names, shape (P, P); 0 for those held.
    free
        Which parameters are neither held nor at a bound, shape (P,).
    scale
        Variance of a residual of weight 1; for a Huber objective, what stands in its place.
    ratio_scale
        What twice a rise of the objective is measured by.
    degrees_of_freedom
        Points minus free parameters; parameters tied to one value count once.
    condition_number
        Of the Jacobian of amplitudes at the data's middle, exponents and floors, its columns
        of unit length; infinite if they are dependent.
    """

    covariance: Floats
    free: npt.NDArray[np.bool_]
    scale: float
    ratio_scale: float
    degrees_of_freedom: int
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


def scales(
    residuals: Floats, weights: Floats, delta: float, degrees_of_freedom: int
) -> tuple[float, float]:
    """Return the variance of a residual of weight 1, and what twice an objective's rise is in.

    For Huber's function these are Σψ²/(n − p) / s² and Σψ²/(n − p) / s, with s the share of points
    within δ (the classical M-estimate; Huber 1981, §7.6). Where δ is small against the noise, p
    parameters bring about as many residuals to nothing, and few others lie within δ: s is then
    counted without the p smallest, in a window that holds about 2 √n of the rest (McKean and
    Schrader 1987), and taken in proportion to δ. Not a number without degrees of freedom.
    """
    if degrees_of_freedom < 1:
        return math.nan, math.nan
    squares = float(np.sum(weights * np.clip(residuals, -delta, delta) ** 2)) / degrees_of_freedom
    rest = np.sort(np.abs(residuals))[-degrees_of_freedom:]
    least = min(math.ceil(WINDOW * math.sqrt(len(rest))), len(rest))
    window = max(delta, float(rest[least - 1]))
    inside = 1.0 if math.isinf(window) else float(np.mean(rest <= window)) * delta / window
    return squares / inside**2, squares / inside


def linearize(problem: Problem, parameters: Floats) -> Linearization:
    """Return what the joint Jacobian says of a fit.

    For a Huber objective the variance of a residual is that of :func:`scales`.
    """
    e = problem.equations
    free = problem.low < problem.high
    free &= (parameters > problem.low) & (parameters < problem.high)
    for i in range(len(problem.form.terms)):  # an exponent of nothing has no effect
        free[2 * i + 1] &= parameters[2 * i] > 0
    single = free & problem.untied
    degrees_of_freedom = len(problem.points) - int(single.sum())
    w, r = problem.points.weights, residuals(problem, parameters)
    scale, ratio_scale = scales(r, w, e.delta, degrees_of_freedom)
    covariance = np.zeros((len(parameters), len(parameters)))
    root = np.sqrt(w)[:, None]
    plain = problem.tied(root * jacobian(problem, parameters))[:, single]
    length = np.linalg.norm(plain, axis=0)
    if single.any():
        length[length == 0] = 1
        _, s, vt = np.linalg.svd(plain / length, full_matrices=False)
        kept = s > 1e-13 * s[0]
        inverse = np.full((single.sum(), single.sum()), np.inf)
        if kept.all():
            inverse = (vt.T / np.square(s)) @ vt / np.outer(length, length)
        covariance[np.ix_(single, single)] = scale * inverse if degrees_of_freedom > 0 else np.nan
        covariance = covariance[np.ix_(problem.leader, problem.leader)]
    middle = problem.tied(root * jacobian(problem, parameters, centered=True))[:, single]
    return Linearization(
        covariance, free, scale, ratio_scale, degrees_of_freedom, _condition(middle)
    )


def _condition(columns: Floats) -> float:
    if columns.shape[1] == 0:
        return 1.0
    length = np.linalg.norm(columns, axis=0)
    if not length.all():
        return math.inf
    s = np.linalg.svd(columns / length, compute_uv=False)
    return float(s[0] / s[-1]) if s[-1] > 1e-13 * s[0] else math.inf
