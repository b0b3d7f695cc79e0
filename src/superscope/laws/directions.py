"""Ways in which residuals may follow the inputs of a law that does not hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.laws import formula
from superscope.laws.formula import Floats
from superscope.laws.problem import Problem

LOOKS = 24  # places where a bend is looked for along an input, at most
ENDS = 4  # of these, next to each end, where a bend decides a forecast


@dataclass(frozen=True)
class Direction:
    """How losses, or their logarithms, change where a law is another.

    Attributes
    ----------
    values
        Shape (n,).
    kind, term
        ``bend``, ``drift`` or ``group``, and the number of the law's term.
    at
        The input at a bend, offset subtracted, or the number of the other term or of the group.
    """

    values: Floats
    kind: str
    term: int
    at: float


def bends(problem: Problem, parameters: Floats) -> list[Direction]:
    """Return how losses change where a term's exponent is another beyond an input."""
    parts = _parts(problem, parameters)
    found = []
    for i in range(len(problem.form.terms)):
        logs = np.log(problem.points.inputs[:, i])
        for place in _places(np.unique(logs)):
            values = parts[:, i] * np.maximum(logs - place, 0)
            found.append(Direction(values, "bend", i, float(np.exp(place))))
    return found


def between(logs: Floats) -> Floats:
    """Return where a law may bend: between distinct inputs, two or more before, one or more beyond.

    One that bends before the last input alone is seldom seen, and forecasts hang on it.
    """
    return np.asarray((logs[1:] + logs[:-1])[1:] / 2, np.float64)


def _places(logs: Floats) -> Floats:
    """Return where to look for a bend: evenly, and at each place next to the ends."""
    possible = between(logs)
    if len(possible) <= LOOKS:
        return possible
    last = len(possible) - 1
    even = np.round(np.linspace(0, last, LOOKS - 2 * ENDS)).astype(int)
    chosen = {*even.tolist(), *range(ENDS + 1), *range(last - ENDS, last + 1)}
    return np.asarray(possible[sorted(chosen)])


def drifts(problem: Problem, parameters: Floats) -> list[Direction]:
    """Return how losses change where an exponent differs with another input, or with the group."""
    parts, points = _parts(problem, parameters), problem.points
    logs = np.log(points.inputs)
    logs = logs - logs.mean(axis=0)
    terms = len(problem.form.terms)
    found = []
    for i in range(terms):
        for j in range(terms):
            if i != j:
                found.append(Direction(parts[:, i] * logs[:, i] * logs[:, j], "drift", i, j))
        if len(points.groups) > 1:
            for g in range(len(points.groups)):
                values = parts[:, i] * logs[:, i] * (points.group == g)
                found.append(Direction(values, "group", i, g))
    return found


def _parts(problem: Problem, parameters: Floats) -> Floats:
    """Return the terms' parts of each loss, as shares of it where residuals are of logs; (n, k)."""
    points = problem.points
    parts = formula.parts(points.inputs, points.group, parameters)
    if problem.form.residual == "log":
        parts = parts / parts.sum(axis=1, keepdims=True)
    return np.asarray(parts[:, :-1])


def orders(problem: Problem) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Return pairs of neighbours along each input, within groups."""
    points = problem.points
    found = []
    for i in range(len(problem.form.terms)):
        others = [points.inputs[:, j] for j in range(points.inputs.shape[1]) if j != i]
        order = np.lexsort((*others, points.inputs[:, i], points.group))
        before, after = order[:-1], order[1:]
        same = points.group[before] == points.group[after]
        found.append((before[same], after[same]))
    return found


def repeats(problem: Problem) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    """Return each point's place among the distinct inputs and how many have each; None if none."""
    points = problem.points
    _, cell, counts = np.unique(
        np.column_stack([points.inputs, points.group]), axis=0,
        return_inverse=True, return_counts=True,
    )  # fmt: skip
    if len(counts) == len(points):
        return None
    return cell.ravel().astype(np.int64), counts.astype(np.int64)
