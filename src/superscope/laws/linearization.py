"""The joint Jacobian of a fit: standard errors, degrees of freedom, condition."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from superscope.laws import formula
from superscope.laws.formula import Floats
from superscope.laws.noise import Noise, leverage
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


def free_slopes(
    problem: Problem, parameters: Floats, free: npt.NDArray[np.bool_], centered: bool = False
) -> Floats:
    """Return :func:`jacobian` by the parameters that are free, each of tied ones once."""
    columns = problem.tied(jacobian(problem, parameters, centered))
    return columns[:, free & problem.untied]


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
    inside = float(_share(residuals, np.array([delta]), degrees_of_freedom)[0])
    return squares / inside**2, squares / inside


def _share(residuals: Floats, within: Floats, degrees_of_freedom: int) -> Floats:
    """Return the share of noise within each of some limits of 0; see :func:`scales`."""
    rest = np.sort(np.abs(residuals))[-degrees_of_freedom:]
    least = min(math.ceil(WINDOW * math.sqrt(len(rest))), len(rest))
    window = np.maximum(within, rest[least - 1])
    inside = np.searchsorted(rest, window, side="right") / len(rest)
    narrow = within < window
    share = np.where(narrow, inside * within / np.where(narrow, window, 1.0), inside)
    return np.asarray(share, np.float64)


def _clipped_squares(values: Floats, limits: Floats) -> Floats:
    """Return Σ min(|value|, limit)² over all values for each limit."""
    ordered = np.sort(np.abs(values))
    limits = np.minimum(limits, ordered[-1])
    below = np.searchsorted(ordered, limits, side="right")
    sums = np.concatenate([[0.0], np.cumsum(ordered**2)])
    return np.asarray(sums[below] + (len(values) - below) * limits**2, np.float64)


def noise_of(problem: Problem, parameters: Floats, free: npt.NDArray[np.bool_]) -> Noise:
    """Return the noise of a fit's points: the size of residuals of weight 1."""
    points, roots = problem.points, np.sqrt(problem.points.weights)
    taken = leverage(roots[:, None] * free_slopes(problem, parameters, free))
    found = roots * residuals(problem, parameters)
    return Noise.of(problem.form.columns, points.inputs, found, taken, points.unit)


def robust(problem: Problem, parameters: Floats, linear: Linearization) -> Linearization:
    """Return a linearization whose covariance is right where noise depends on an input.

    The sandwich of A = Σ w d J Jᵀ and B = Σ w v J Jᵀ (Huber 1981), with each point's share d of
    noise within δ and mean square v of ψ from its own noise's size; that of :class:`Noise`, which
    scatters less than single squared residuals would.
    """
    points, e = problem.points, problem.equations
    freedom = linear.degrees_of_freedom
    if freedom < 1:
        return linear
    roots = np.sqrt(points.weights)
    found = roots * residuals(problem, parameters)
    single = linear.free & problem.untied
    plain = roots[:, None] * free_slopes(problem, parameters, linear.free)
    noise = noise_of(problem, parameters, linear.free)
    if not noise.column:
        return linear
    sizes = noise.at(points.inputs)
    relative, limits = found / sizes, roots * e.delta / sizes
    shares = _share(relative, limits, freedom)
    squares = _clipped_squares(relative, limits) / freedom * sizes**2
    length = np.linalg.norm(plain, axis=0)
    if not (np.isfinite(linear.covariance).all() and length.all()):
        return linear
    u, s, vt = np.linalg.svd(plain / length, full_matrices=False)
    bread = (vt.T / s / length[:, None]) @ np.linalg.inv(u.T @ (shares[:, None] * u))
    covariance = np.zeros_like(linear.covariance)
    covariance[np.ix_(single, single)] = bread @ (u.T @ (squares[:, None] * u)) @ bread.T
    return replace(linear, covariance=covariance[np.ix_(problem.leader, problem.leader)])


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
    plain = root * free_slopes(problem, parameters, free)
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
    middle = root * free_slopes(problem, parameters, free, centered=True)
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
