"""How far a forecast may miss where the law bends within the data, and the points do not show it.

Beyond the data a law is taken to go on as it is. Points near the end say little of whether it does:
a bend there changes a forecast by more than the law's own interval allows. So each place where the
exponent may be another beyond, or where the loss may stop falling, is weighed by how well it
describes the residuals, against a law that goes on (Kass and Raftery 1995, JASA 90:773).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.laws import Estimate, Law, formula
from superscope.laws.directions import between
from superscope.laws.formula import Floats
from superscope.laws.intervals import NORMAL
from superscope.laws.linearization import free_slopes, linearize, residuals
from superscope.laws.problem import Problem, make_problem

BENDS = 0.5  # chance of a bend within the data, before they are looked at
PLACES = 24  # where one may be along an input, at most; evenly, each with the same chance
NODES = 31  # values of a changed exponent that stand for all
STEPS = 60  # halvings of the range in which an interval's end lies


@dataclass(frozen=True)
class Bent:
    """The loss of one new model where the law may bend within the data.

    Attributes
    ----------
    loss
        With the 95 % interval over all places, and over none; the law's own is always inside.
    chance
        Of a bend, after the data were looked at.
    """

    loss: Estimate
    chance: float


def bent(
    law: Law, inputs: Floats, group: int, alone: Estimate, beyond: Sequence[float]
) -> Bent | None:
    """Return the loss of a new model beyond the data where a law may bend; None if none is sought.

    Parameters
    ----------
    law
        A law whose form was tested.
    inputs
        Shape (1, k), offsets subtracted.
    group
        Number of the group.
    alone
        The loss if the law goes on as it is.
    beyond
        How many times each input lies beyond the data; only above 1 a bend matters.
    """
    tested = law.form_test is not None and law.form_test.p is not None
    if not tested or alone.low is None or alone.high is None or not max(beyond) > 1:
        return None
    log = law.form.residual == "log"
    if log and not 0 < alone.low <= alone.high < math.inf:
        return None
    problem = make_problem(law.form, law.points, law.options)
    linear = linearize(problem, law.vector)
    here = _Here(problem, law.vector, linear.free, inputs, group)
    weights, shifts = [1.0], [np.zeros((1, NODES))]
    terms = [i for i, times in enumerate(beyond) if times > 1]
    for i in terms:
        for weight, shift in here.bends(i):
            weights.append(weight / len(terms))
            shifts.append(shift[None])
    if len(weights) == 1:  # the parameters take up any that the points could show
        return None
    share = np.array(weights) / sum(weights)
    low, middle, high = (_scaled(v, log) for v in (alone.low, alone.value, alone.high))
    ends = _ends(np.vstack(shifts), share, middle, (middle - low, high - middle))
    low, high = min(low, ends[0]), max(high, ends[1])
    if log:
        low, high = math.exp(low), math.exp(min(high, 700.0))
    return Bent(Estimate(alone.value, low, high), float(1 - share[0]))


def _scaled(value: float, log: bool) -> float:
    return math.log(value) if log else value


class _Here:
    """A law near its points, and at one place beyond them."""

    def __init__(
        self,
        problem: Problem,
        parameters: Floats,
        free: npt.NDArray[np.bool_],
        inputs: Floats,
        group: int,
    ) -> None:
        self._problem, self._parameters, self._inputs = problem, parameters, inputs
        points, log = problem.points, problem.equations.log
        self._roots = np.sqrt(points.weights)
        self._columns = self._roots[:, None] * free_slopes(problem, parameters, free)
        self._inverse = np.linalg.pinv(self._columns)
        at = np.array([group])
        slopes = problem.tied(formula.slopes(inputs, at, parameters, log=log))
        self._slopes = slopes[0, free & problem.untied]
        self._left = self._roots * residuals(problem, parameters)
        self._left -= self._columns @ (self._inverse @ self._left)
        self._freedom = len(points) - self._columns.shape[1] - 1
        self._units, self._by_row = points.unit_count, points.independent
        self._own = formula.parts(points.inputs, points.group, parameters)
        self._there = formula.parts(inputs, at, parameters)[0]

    def bends(self, term: int) -> list[tuple[float, Floats]]:
        """Return bends of a term: the chance of each against none, and shifts (NODES,) of y."""
        from scipy.stats import norm

        exponent = float(self._parameters[2 * term + 1])
        logs = np.log(self._problem.points.inputs[:, term])
        places = _places(np.unique(logs))
        if not (exponent > 0 and self._there[term] > 0 and len(places)):
            return []
        prior = BENDS / (1 - BENDS) / (2 * len(places))
        quantiles = norm.ppf((np.arange(NODES) + 0.5) / NODES)
        found = []
        for place in places:
            hinge = np.maximum(logs - place, 0)
            effect = -self._own[:, term] * hinge
            if self._problem.equations.log:
                effect = effect / self._own.sum(axis=1)
            moved = self._inverse @ (self._roots * effect)
            rest = self._roots * effect - self._columns @ moved
            size = float(rest @ rest)
            if size < 1e-12 * float(np.sum((self._roots * effect) ** 2)):
                continue
            change = float(rest @ self._left) / size
            variance, freedom = self._variance(rest, change, size)
            shrink = exponent**2 / (exponent**2 + variance)
            likelier = _likelier(change, change, variance, freedom)
            wider = math.log(variance / (exponent**2 + variance))
            another = math.exp(min(0.5 * wider + shrink * likelier, 500.0))
            changes = change * shrink + math.sqrt(variance * shrink) * quantiles
            stops = math.exp(min(_likelier(change, -exponent, variance, freedom), 500.0))
            further = float(np.log(self._inputs[0, term])) - place
            for weight, values in ((another, changes), (stops, np.full(NODES, -exponent))):
                shift = self._shift(term, np.maximum(values, -exponent), moved, further)
                found.append((prior * weight, shift))
        return found

    def _variance(self, rest: Floats, change: float, size: float) -> tuple[float, int]:
        """Return a change's variance and its degrees of freedom, by row or by whole units."""
        left = self._left - change * rest
        if self._by_row:
            freedom = max(self._freedom, 1)
            return max(float(left @ left) / freedom / size, 1e-300), freedom
        sums = np.bincount(self._problem.points.unit, rest * left, self._units)
        ratio = self._units / (self._units - 1)
        return max(ratio * float(sums @ sums) / size**2, 1e-300), self._units - 1

    def _shift(self, term: int, changes: Floats, moved: Floats, further: float) -> Floats:
        """Return how y moves at the place beyond, all other parameters fitted again."""
        again = -float(self._slopes @ moved) * changes
        part, others = self._there[term], np.delete(self._there, term).sum()
        with np.errstate(over="ignore", under="ignore"):
            bent_loss = np.clip(others + part * np.exp(-changes * further), 1e-300, 1e300)
        loss = part + others
        own = np.log(bent_loss / loss) if self._problem.equations.log else bent_loss - loss
        return np.asarray(again + own, np.float64)


def _likelier(best: float, change: float, variance: float, freedom: int) -> float:
    """Return the logarithm of the likelihood ratio of a change of an exponent against none."""
    none = math.log1p(best**2 / variance / freedom)
    that = math.log1p((best - change) ** 2 / variance / freedom)
    return 0.5 * (freedom + 1) * (none - that)


def _places(logs: Floats) -> Floats:
    """Return where a law may bend, evenly along an input."""
    possible = between(logs)
    if len(possible) <= PLACES:
        return possible
    at = np.round(np.linspace(0, len(possible) - 1, PLACES)).astype(int)
    return np.asarray(possible[at], np.float64)


def _ends(
    shifts: Floats, share: Floats, middle: float, halves: tuple[float, float]
) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % quantiles of all bends, shifts (M, NODES), and the law's own."""
    from scipy.special import ndtr

    low, high = (max(half, 1e-300) / NORMAL for half in halves)

    def below(y: float) -> float:
        away = y - middle - shifts
        return float(share @ ndtr(away / np.where(away < 0, low, high)).mean(axis=1))

    found = []
    for level in (0.025, 0.975):
        left = middle + float(shifts.min()) - 9 * low
        right = middle + float(shifts.max()) + 9 * high
        for _ in range(STEPS):
            half = (left + right) / 2
            left, right = (half, right) if below(half) < level else (left, half)
        found.append((left + right) / 2)
    return found[0], found[1]
