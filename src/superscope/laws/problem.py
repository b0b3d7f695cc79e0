"""A law on its points, between the parameters as named and the equations as solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from superscope.errors import UsageError, did_you_mean
from superscope.laws.formula import Floats, Form
from superscope.laws.options import FitOptions
from superscope.laws.points import Points
from superscope.laws.solver import Equations, Solutions, solve

LEAST_UNITS = 8  # fewer cannot be resampled to any purpose
HIGHEST = 8.0  # no exponent is sought above it
TRIED = 0.05, 2.5  # starts lie between these exponents


@dataclass(frozen=True)
class Problem:
    """A law on its points.

    Attributes
    ----------
    form, points
        The law and what it is fitted to.
    equations
        The same with inputs in logarithms, each centered on its mean unless the term's amplitude
        is bounded: an amplitude at the middle of the data hardly depends on its exponent.
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
        at = e.linear + self.form.exponents.index(name)
        low, high = e.low.copy(), e.high.copy()
        low[at] = high[at] = value
        return replace(self, equations=replace(e, low=low, high=high))

    def _ordered(self, bounds: Floats) -> Floats:
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
        bounds that exclude everything.
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
    for i, term in enumerate(form.terms):
        values = points.inputs[:, i]
        if len(np.unique(values)) == 1 and low[i] < high[i]:
            raise UsageError(
                f"{term.column} is {values[0] + term.offset:g} in all {len(points)} points: "
                f"how loss falls with it cannot be seen; vary it, or fix {term.amplitude} and "
                f"{term.exponent}"
            )
    free = int(np.sum(low < high))
    distinct = len(np.unique(np.column_stack([points.inputs, points.group]), axis=0))
    if distinct < free:
        where = "" if distinct == len(points) else f" at {distinct} different inputs"
        raise UsageError(
            f"{len(points)} points{where} are fewer than the {free} parameters of {form.name}: "
            "add points, or fix a parameter"
        )
    return _problem(form, points, low, high, _starts(k, options.starts, options.seed))


def _problem(form: Form, points: Points, low: Floats, high: Floats, starts: Floats) -> Problem:
    k = len(form.terms)
    x = np.log(points.inputs)
    bounded = (low[:k] > 0) | np.isfinite(high[:k])
    centers = np.where(bounded, 0.0, x.mean(axis=0))
    log = form.residual == "log"
    equations = Equations(
        np.ascontiguousarray(x - centers), np.log(points.loss) if log else points.loss.copy(),
        points.group, log, np.inf if form.loss == "squared" else form.delta, low, high,
    )  # fmt: skip
    return Problem(form, points, equations, centers, starts)


def _place(name: str, places: dict[str, list[int]], purpose: str) -> list[int]:
    if name in places:
        return places[name]
    hint = did_you_mean(name, places)
    raise UsageError(f"{purpose}: no parameter {name!r}; {hint}parameters: {', '.join(places)}")


def _starts(terms: int, count: int, seed: int) -> Floats:
    """Return exponents that fill the box evenly on a logarithmic scale, shape (count, terms)."""
    from scipy.stats import qmc

    low, high = np.log(TRIED)
    even = qmc.Sobol(terms, rng=seed).random_base2(int(np.ceil(np.log2(max(count, 2)))))[:count]
    return np.asarray(np.exp(low + (high - low) * even), np.float64)
