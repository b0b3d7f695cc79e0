"""Fits to resampled units: the bootstrap and the jackknife."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.laws.formula import Floats
from superscope.laws.problem import Problem

LEAST_UNITS = 8  # fewer cannot be resampled to any purpose


def bootstrap(problem: Problem, exponents: Floats, count: int, seed: int) -> Floats:
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


def jackknife(problem: Problem, exponents: Floats, unit: npt.NDArray[np.int64]) -> Floats:
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
    parameters = problem.parameters(found.exponents, found.linear)
    parameters[:, 2 * k :][(present == 0) & free] = np.nan
    return parameters
