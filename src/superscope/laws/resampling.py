"""A law fitted again to resamples, and without each unit; fits that failed are not a number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.laws.formula import Floats
from superscope.laws.intervals import LARGEST_LOG
from superscope.laws.linearization import Linearization, free_slopes
from superscope.laws.monte_carlo import NEGLIGIBLE
from superscope.laws.problem import Problem
from superscope.laws.solver import Solutions

AS_GOOD = 1e-9  # relative difference of objectives that rounding or a flat valley explains
SAME_EXPONENT = 1e-3  # relative difference of exponents that are one minimum
RESTARTS = 0.8, 1.25  # where a search that did not move begins again, times its start
ELSEWHERE = 4  # starts of the problem's own that it tries, too
SINGULAR = 1e-7  # singular value of the Jacobian's columns of length 1 below which they depend
FEW = 12  # units, below which two signs give too few different resamples
SIX_POINTS = np.sqrt([0.5, 1.0, 1.5])  # and their negatives (Webb 2014)


def bootstrap(
    problem: Problem, exponents: Floats, count: int, seed: int | np.random.Generator
) -> Floats:
    """Return parameters fitted to resamples of the units, shape (count, P).

    Searches begin at `exponents`, (S, k). A floor whose group is not in a resample is not a number
    there; of a fit that failed, nothing is a number.
    """
    unit = problem.points.unit
    units = int(unit.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), count)
    return _refitted(problem, drawn[:, unit] * problem.points.weights, exponents)


def jackknife(problem: Problem, exponents: Floats, unit: npt.NDArray[np.int64]) -> Floats:
    """Return parameters fitted without each unit in turn, shape (units, P)."""
    return without_each(problem, exponents, unit == np.arange(int(unit.max()) + 1)[:, None])


def without_each(problem: Problem, exponents: Floats, out: npt.NDArray[np.bool_]) -> Floats:
    """Return parameters fitted without some points, (K, n), in turn; shape (K, P)."""
    return _refitted(problem, ~out * problem.points.weights, exponents)


def determined_without(problem: Problem, parameters: Floats, linear: Linearization) -> bool:
    """Whether the points determine every free parameter without each unit, too."""
    points = problem.points
    columns = free_slopes(problem, parameters, linear.free, centered=True)
    columns = columns / np.maximum(np.linalg.norm(columns, axis=0), 1e-300)
    return all(
        int(np.linalg.matrix_rank(columns[points.unit != u], tol=SINGULAR)) == columns.shape[1]
        for u in range(points.unit_count)
    )


def jackknife_covariance(
    without: Floats, parameters: Floats, terms: int, independent: Floats
) -> Floats:
    """Return the covariance (P, P) of parameters from fits without each unit, (U, P).

    Whole units are left out, so that their points need not be independent nor of one variance
    (Cameron and Miller 2015). It is that of amplitudes' logarithms, times their squares. A
    parameter that is the same without each unit, as an exponent is where runs differ by a factor
    alone, has the variance that points taken as independent give it, (P, P).
    """
    found = covariance_of_units(without, parameters, terms)
    same = unmoved(np.sqrt(np.diagonal(found)), parameters)
    found[same], found[:, same] = 0, 0
    found[same, same] = np.diagonal(independent)[same]
    return found


def covariance_of_units(without: Floats, parameters: Floats, terms: int) -> Floats:
    """Return :func:`jackknife_covariance` where units alone say it, (P, P)."""
    units = len(without)
    away = without - parameters
    for i in range(0, 2 * terms, 2):
        if parameters[i] > 0:
            shares = np.maximum(without[:, i] / parameters[i], np.exp(-LARGEST_LOG))
            away[:, i] = parameters[i] * np.log(shares)
    return np.asarray((units - 1) / units * away.T @ away, np.float64)


def unmoved(errors: Floats, parameters: Floats) -> npt.NDArray[np.bool_]:
    """Return which parameters' errors (P,) are rounding: resampled fits all have one value."""
    return np.asarray(errors <= NEGLIGIBLE * np.abs(parameters), np.bool_)


def random_weights(rng: np.random.Generator, draws: int, units: int) -> Floats:
    """Return factors of residuals for the wild bootstrap, of mean 0 and mean square 1.

    Shape (draws, units): signs, or for few units one of six numbers.
    """
    signs = rng.choice([-1.0, 1.0], (draws, units))
    return signs * rng.choice(SIX_POINTS, (draws, units)) if units < FEW else signs


def failed_fits(problem: Problem, parameters: Floats) -> npt.NDArray[np.bool_]:
    """Return which rows of parameters, shape (R, P), are of fits that failed."""
    missing = np.isnan(parameters[:, 1 : 2 * problem.equations.terms : 2])
    return np.asarray(missing.any(axis=1), np.bool_)


def several_best(problem: Problem, found: Solutions) -> dict[str, tuple[float, float]]:
    """Return the exponents that differ among equally good fits, and from where to where."""
    objectives = found.objectives[0]
    ends = found.ends[0][objectives <= found.objective[0] * (1 + AS_GOOD)]
    low, high = ends.min(axis=0), ends.max(axis=0)
    return {
        name: (float(low[i]), float(high[i]))
        for i, name in enumerate(problem.form.exponents)
        if high[i] - low[i] > 0.1 * found.exponents[0, i]
    }


def _refitted(problem: Problem, weights: Floats, exponents: Floats) -> Floats:
    found = problem.solve(weights, exponents)
    best, linear = found.exponents.copy(), found.linear.copy()
    failed = np.zeros(len(weights), np.bool_)
    still = np.flatnonzero(_unmoved(problem, found, exponents, weights))
    if len(still):
        aside = exponents[:1] * np.array(RESTARTS)[:, None]
        starts = np.vstack([aside, problem.starts[:ELSEWHERE]])
        again = problem.solve(weights[still], starts)
        good = again.objective <= found.objective[still] * (1 + AS_GOOD)
        good &= ~_unmoved(problem, again, starts, weights[still])
        failed[still] = ~good
        taken = still[good]
        best[taken], linear[taken] = again.exponents[good], again.linear[good]
    parameters = problem.parameters(best, linear)
    k = problem.equations.terms
    present = np.zeros((len(weights), len(problem.points.groups)))
    for g in range(present.shape[1]):
        present[:, g] = weights[:, problem.points.group == g].sum(axis=1)
    free = (
        problem.equations.low[k : problem.equations.linear]
        < (problem.equations.high[k : problem.equations.linear])
    )
    parameters[:, 2 * k :][(present == 0) & free] = np.nan
    parameters[failed] = np.nan
    return parameters


def _unmoved(
    problem: Problem, found: Solutions, starts: Floats, weights: Floats
) -> npt.NDArray[np.bool_]:
    """Return which searches ended at an exponent they began at, to the bit.

    Other weights have another minimum; an objective that hardly rises on any side of a start, as
    Huber's between two branches of points, keeps a search where it began.
    """
    e = problem.equations
    low, high = e.low[e.linear :], e.high[e.linear :]
    inside = (found.exponents > low) & (found.exponents < high)
    same = (found.exponents[:, None] == np.clip(starts, low, high)[None]).any(axis=1)
    other = (weights != problem.points.weights).any(axis=1)
    exact = found.objective <= 1e-20 * len(problem.points)
    return np.asarray((inside & same).any(axis=1) & other & ~exact, np.bool_)
