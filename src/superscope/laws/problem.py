"""A law on its points, between the parameters as named and the equations as solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError, did_you_mean
from superscope.laws.formula import Floats, Form
from superscope.laws.options import FitOptions
from superscope.laws.points import Points
from superscope.laws.solver import Equations, Solutions, solve

Number = TypeVar("Number", bound=np.generic)

LEAST_UNITS = 8  # fewer are too few for a useful bootstrap
FEW_RUNS = 10  # fewer runs of several points tell too little of what the points of one share
HIGHEST = 8.0  # no exponent is sought above it
TRIED_EXPONENTS = 0.05, 2.5  # starts lie between these exponents


@dataclass(frozen=True)
class Problem:
    """A law on its points.

    Attributes
    ----------
    form, points
        The law and what it is fitted to.
    equations
        The same with inputs in logarithms, each centered on its mean unless the term's amplitude
        is bounded or tied: an amplitude at the middle of the data hardly depends on its exponent.
    centers
        Those means, 0 where not centered; shape (k,).
    starts
        Exponents to begin with, shape (S, k).
    """

    form: Form
    points: Points
    equations: Equations
    centers: Floats
    starts: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters: each term's amplitude and exponent, then the floors."""
        return parameter_names(self.form, self.points.groups)

    @property
    def low(self) -> Floats:
        """Lowest values of the parameters, in the order of the names."""
        return self._ordered(self.equations.low)

    @property
    def high(self) -> Floats:
        """Highest values, likewise."""
        return self._ordered(self.equations.high)

    @property
    def leader(self) -> npt.NDArray[np.int64]:
        """The number of the parameter that each equals: its own, or the first of those tied."""
        places = self._ordered(np.arange(len(self.equations.low)))
        return np.argsort(places)[self.equations.leader[places]]

    @property
    def untied(self) -> npt.NDArray[np.bool_]:
        """Which parameters are not equal to an earlier one, shape (P,)."""
        return np.asarray(self.leader == np.arange(len(self.leader)), np.bool_)

    def tied(self, columns: Floats) -> Floats:
        """Return derivatives (n, P) with those by tied parameters added to the first's; 0 there."""
        result = np.zeros_like(columns)
        for column, first in enumerate(self.leader):
            result[:, first] += columns[:, column]
        return result

    def parameters(self, exponents: Floats, linear: Floats) -> Floats:
        """Return parameters in the order of the names, shape (B, P).

        A floor whose group had no weight is not a number where nothing determines it.
        """
        k = self.equations.terms
        amplitudes = linear[:, :k] * np.exp(exponents * self.centers)
        pairs = np.stack([amplitudes, exponents], axis=2).reshape(len(exponents), 2 * k)
        return np.hstack([pairs, linear[:, k:]])

    def solve(self, weights: Floats, starts: Floats | None = None) -> Solutions:
        """Fit once for each row of weights."""
        return solve(self.equations, weights, self.starts if starts is None else starts)

    def held(self, name: str, value: float) -> Problem:
        """Return the problem with one exponent held at a value."""
        e = self.equations
        at = e.leader == e.leader[e.linear + self.form.exponents.index(name)]
        low, high = e.low.copy(), e.high.copy()
        low[at] = high[at] = value
        return replace(self, equations=replace(e, low=low, high=high))

    def _ordered(self, bounds: npt.NDArray[Number]) -> npt.NDArray[Number]:
        k, p = self.equations.terms, self.equations.linear
        pairs = np.stack([bounds[:k], bounds[p:]], axis=1).ravel()
        return np.concatenate([pairs, bounds[k:p]])


def parameter_names(form: Form, groups: Sequence[str]) -> tuple[str, ...]:
    """Return the parameters' names: each term's amplitude and exponent, then the floors."""
    terms = (name for term in form.terms for name in (term.amplitude, term.exponent))
    return *terms, *floor_names(form, groups)


def floor_names(form: Form, groups: Sequence[str]) -> tuple[str, ...]:
    """Return the floors' names: one for each group, or the bare name without groups."""
    if list(groups) == [""]:
        return (form.floor,)
    return tuple(f"{form.floor}[{group}]" for group in groups)


def make_problem(form: Form, points: Points, options: FitOptions) -> Problem:
    """Return a law on its points under the options' bounds.

    Raises
    ------
    UsageError
        Fewer points than parameters, an input that never changes, an unknown parameter, or
        bounds that exclude everything; parameters that cannot be equal.
    """
    k, floors = len(form.terms), floor_names(form, points.groups)
    low = np.zeros(2 * k + len(floors))
    high = np.full(2 * k + len(floors), np.inf)
    high[k + len(floors) :] = HIGHEST
    places: dict[str, list[int]] = {form.floor: list(range(k, k + len(floors)))}
    places |= {name: [k + i] for i, name in enumerate(floors)}
    for i, term in enumerate(form.terms):
        places[term.amplitude] = [i]
        places[term.exponent] = [k + len(floors) + i]
    for name, value in options.fix.items():
        at = _place(name, places, "fix")
        if not np.isfinite(value) or value < 0:
            raise UsageError(f"fix {name}={value:g}: a parameter is finite and not negative")
        if name in form.exponents and value > HIGHEST:
            raise UsageError(f"fix {name}={value:g}: no exponent is above {HIGHEST:g}")
        low[at] = high[at] = value
    for name, (least, most) in options.bounds.items():
        at = _place(name, places, "bounds")
        if (low[at] == high[at]).any():
            raise UsageError(f"{name} is both fixed and bounded; choose one")
        floor = name == form.floor or name in floors
        below = 0.0 if least is None else least
        above = (HIGHEST if name in form.exponents else np.inf) if most is None else most
        if not (below <= above and (floor or below >= 0)):
            sign = "lowest <= highest" if floor else "0 <= lowest <= highest"
            raise UsageError(f"bounds {name}={below:g}:{above:g}: {sign}")
        low[at], high[at] = below, above
    leader = _leader(options, form, places, low, high)
    for i, term in enumerate(form.terms):
        values = points.inputs[:, i]
        if len(np.unique(values)) == 1 and low[i] < high[i]:
            raise UsageError(
                f"{term.column} is {values[0] + term.offset:g} in all {len(points)} points: "
                f"how loss falls with it cannot be seen; vary it, or fix {term.amplitude} and "
                f"{term.exponent}"
            )
    free = int(np.sum((low < high) & (leader == np.arange(len(leader)))))
    distinct = len(np.unique(np.column_stack([points.inputs, points.group]), axis=0))
    if distinct < free:
        raise UsageError(
            f"{len(points)} points are fewer than the {free} parameters of {form.name}: "
            "add points, or fix a parameter"
            if distinct == len(points)
            else f"{len(points)} points at {distinct} different inputs are fewer than the {free} "
            f"parameters of {form.name}: add points, or fix a parameter"
        )
    starts = _starts(k, options.starts, options.seed)
    x = np.log(points.inputs)
    bounded = (low[:k] > 0) | np.isfinite(high[:k])
    together = np.bincount(leader, minlength=len(leader))[leader[:k]] > 1
    centers = np.where(bounded | together, 0.0, x.mean(axis=0))
    log = form.residual == "log"
    equations = Equations(
        np.ascontiguousarray(x - centers), np.log(points.loss) if log else points.loss.copy(),
        points.group, log, np.inf if form.loss == "squared" else form.delta, low, high, leader,
    )  # fmt: skip
    return Problem(form, points, equations, centers, starts)


def _leader(
    options: FitOptions, form: Form, places: dict[str, list[int]], low: Floats, high: Floats
) -> npt.NDArray[np.int64]:
    """Return which parameter each equals; those that are tied get their common bounds."""
    leader = np.arange(len(low))
    if not options.equal:
        return leader
    what = f"equal {','.join(options.equal)}"
    at = sorted({place for name in options.equal for place in _place(name, places, "equal")})
    if len(at) < 2 or len(set(options.equal)) < len(options.equal):
        raise UsageError(f"{what}: name at least two different parameters, such as alpha,beta")
    k = len(form.terms)
    kinds = np.searchsorted([k, len(low) - k], at, side="right")
    if len(set(kinds)) > 1:
        raise UsageError(
            f"{what}: only parameters of one kind can be equal; exponents: "
            f"{', '.join(form.exponents)}; scales: {', '.join(t.amplitude for t in form.terms)}"
        )
    if (low[at] == high[at]).any():
        raise UsageError(f"{what}: one of these is fixed; fix each of them, and leave out equal")
    if low[at].max() >= high[at].min():
        raise UsageError(f"{what}: their bounds have no value in common; widen them")
    low[at], high[at] = low[at].max(), high[at].min()
    leader[at] = at[0]
    return leader


def _place(name: str, places: dict[str, list[int]], purpose: str) -> list[int]:
    if name in places:
        return places[name]
    hint = did_you_mean(name, places)
    raise UsageError(f"{purpose}: no parameter {name!r}; {hint}parameters: {', '.join(places)}")


def _starts(terms: int, count: int, seed: int) -> Floats:
    """Return exponents that fill the box evenly on a logarithmic scale, shape (count, terms)."""
    from scipy.stats import qmc

    low, high = np.log(TRIED_EXPONENTS)
    even = qmc.Sobol(terms, rng=seed).random_base2(int(np.ceil(np.log2(max(count, 2)))))[:count]
    return np.asarray(np.exp(low + (high - low) * even), np.float64)
