"""How much worse a fit becomes when an exponent is held elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from superscope.device import usable_cores
from superscope.laws.formula import Floats
from superscope.laws.intervals import Interval, student
from superscope.laws.linearization import Linearization
from superscope.laws.problem import Problem

GRID = 41


@dataclass(frozen=True)
class Profile:
    """The objective along one exponent, everything else fitted again at each value.

    Attributes
    ----------
    values, objectives
        Shape (41,).
    threshold
        The objective at the ends of the 95 % interval.
    interval
        Where the objective stays below the threshold; an end that the search did not reach
        within its bounds is None.
    """

    values: Floats
    objectives: Floats
    threshold: float
    interval: Interval


def profile(
    problem: Problem, name: str, starts: Floats, best: float, linear: Linearization
) -> Profile:
    """Return the profile of an exponent.

    The threshold is that of the likelihood ratio, with Student's quantile for few points; for a
    Huber objective the ratio's robust form, 2 Σ(ρ − ρ̂) · mean ρ'' / (Σψ²/(n − p)) (Heritier and
    Ronchetti 1994).

    Each search begins at `starts`, (S, k), the first of which is the best fit; `best` is its
    objective.
    """
    at = problem.form.exponents.index(name)
    low = problem.equations.low[problem.equations.linear + at]
    high = problem.equations.high[problem.equations.linear + at]
    threshold = math.inf
    if linear.degrees_of_freedom > 0:
        threshold = best + 0.5 * student(linear.degrees_of_freedom) ** 2 * linear.ratio_scale

    def objective(value: float) -> float:
        held = problem.held(name, value).solve(problem.points.weights[None], starts)
        return float(held.objective[0])

    def end(sign: int) -> tuple[float, float | None]:
        """Return how far to draw on one side, and where the threshold is crossed there."""
        center, bound = float(starts[0, at]), low if sign < 0 else high
        near, step = center, max(0.02 * center, 1e-4)
        while True:
            far = center + sign * step
            far = max(far, bound) if sign < 0 else min(far, bound)
            if objective(far) >= threshold:
                return _crossing(objective, near, far, threshold)
            if far == bound:
                return far, None
            near, step = far, 1.6 * step

    (left, lower), (right, upper) = end(-1), end(1)
    values = np.linspace(left, right, GRID)
    with ThreadPoolExecutor(usable_cores()) as threads:
        objectives = np.array(list(threads.map(objective, map(float, values))))
    return Profile(values, objectives, threshold, Interval(lower, upper))


def _crossing(
    objective: Callable[[float], float], near: float, far: float, threshold: float
) -> tuple[float, float]:
    """Return a place beyond the crossing of the threshold, and the crossing."""
    for _ in range(30):
        middle = (near + far) / 2
        if objective(middle) >= threshold:
            far = middle
        else:
            near = middle
        if abs(far - near) <= 1e-4 * max(abs(far), 1e-3):
            break
    return far + 0.15 * (far - near), far
