"""How steep a law may be whose fit has no floor, though a true one may have one.

A fit at the bound of its floor stays there without any single unit, so that neither fits without
each nor the Jacobian of what is free say how large the exponent is with a floor above 0.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from superscope.laws.formula import Floats
from superscope.laws.intervals import student
from superscope.laws.linearization import jacobian, residuals
from superscope.laws.noise import basis
from superscope.laws.problem import Problem

WIDER = 1.1  # times an exponent, from one that is tried to the next
HALVINGS = 30


def floor_is_open(problem: Problem, parameters: Floats) -> bool:
    """Whether a floor that is neither held nor bounded above 0 is 0."""
    floors = slice(2 * problem.equations.terms, None)
    low, high = problem.low[floors], problem.high[floors]
    return bool(((low == 0) & (high > 0) & (parameters[floors] == 0)).any())


def steepest(
    problem: Problem,
    parameters: Floats,
    term: int,
    least: float,
    *,
    unit: npt.NDArray[np.int64],
    freedom: int,
) -> Floats | None:
    """Return the parameters of the steepest law that units do not contradict; None for no limit.

    At each exponent above `least` all else is fitted again. The score of the exponent, freed of all
    other parameters and floors, is summed in each unit; one exponent is contradicted where the
    units' sums are not 0 in the mean by Student's t (the score test of whole units).

    Parameters
    ----------
    problem, parameters
        A fit.
    term
        Whose exponent.
    least
        An exponent that the interval holds in any case.
    unit
        Of each point, shape (n,).
    freedom
        Degrees of freedom of the quantile.
    """
    points = problem.points
    name, at = problem.form.exponents[term], int(problem.leader[2 * term + 1])
    roots, limit = np.sqrt(points.weights), student(freedom)
    units = int(unit.max()) + 1
    others = (problem.low < problem.high) & problem.untied
    others[at] = False

    def tried(value: float) -> tuple[bool, Floats]:
        held = problem.held(name, value)
        found = held.solve(points.weights[None], parameters[1 : 2 * held.equations.terms : 2][None])
        fitted = held.parameters(found.exponents, found.linear)[0]
        columns = roots[:, None] * problem.tied(jacobian(problem, fitted))
        known = basis(columns[:, others])
        score = columns[:, at] - known @ (known.T @ columns[:, at])
        e = problem.equations
        left = np.clip(residuals(problem, fitted), -e.delta, e.delta) * roots
        sums = np.bincount(unit, score * left, units)
        error = float(sums.std(ddof=1)) / math.sqrt(units)
        return bool(float(sums.mean()) <= -limit * error), fitted

    near, highest = least, float(problem.high[2 * term + 1])
    contradicted, fitted = tried(near)
    if contradicted:
        return parameters
    far = near
    while not contradicted:
        if far >= highest:
            return None
        near, far = far, min(max(WIDER * far, far + 1e-3), highest)
        contradicted, fitted = tried(far)
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        contradicted, there = tried(middle)
        if contradicted:
            far, fitted = middle, there
        else:
            near = middle
    return fitted
