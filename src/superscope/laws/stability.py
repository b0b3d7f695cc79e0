"""Whether a law holds when other points are left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from superscope.errors import UsageError
from superscope.laws.formula import Floats, Form
from superscope.laws.linearization import linearize
from superscope.laws.options import FitOptions
from superscope.laws.points import select
from superscope.laws.problem import Problem, make_problem

MOST_INFLUENCES = 5  # influences kept for each exponent
MOVED = 1 / 3  # standard errors by which one of many points may move an exponent without a finding
SHARES = 0.0, 0.02, 0.05, 0.1, 0.15, 0.2  # of the highest losses, left out by default


@dataclass(frozen=True)
class Refit:
    """A law fitted under another exclusion.

    Attributes
    ----------
    own
        Whether it is the law's own exclusion.
    lifted, added
        Rules of the law's own that were lifted, and a further one; empty where there is none.
    drop_highest
        How many of the highest losses were to be left out (of each group), where that is the
        difference; None where another rule is.
    dropped, points
        How many points were left out by all rules that drop some, ties included; how many were
        fitted.
    parameters, standard_errors
        Of the exponents, and the floor where there is only one.
    objective
        Its objective.
    """

    own: bool
    lifted: tuple[str, ...]
    added: str
    drop_highest: int | None
    dropped: int
    points: int
    parameters: dict[str, float]
    standard_errors: dict[str, float | None]
    objective: float

    @property
    def text(self) -> str:
        """How its exclusion differs from the law's own."""
        if self.own:
            return "this fit"
        if self.added:
            return f"also without {self.added}"
        if self.drop_highest is not None:
            return f"{self.drop_highest} highest left out"
        if len(self.lifted) > 1:
            return "without any rule"
        return f"without the rule {self.lifted[0]}"


@dataclass(frozen=True)
class Influence:
    """A point, or a whole resampling unit, whose absence moves an exponent.

    Attributes
    ----------
    parameter
        The exponent.
    name, unit
        The point's name, and empty; or the unit's name, and the column that makes the units.
    points
        Numbers of the points that were left out, counted from 0.
    value
        The exponent without it.
    shift
        How far it moved, in standard errors of the exponent.
    below_floor
        Whether it is a point whose loss lies below its floor.
    """

    parameter: str
    name: str
    unit: str
    points: tuple[int, ...]
    value: float
    shift: float
    below_floor: bool

    @property
    def text(self) -> str:
        """The point or the resampling unit that was left out."""
        return f"every point of {self.unit} {self.name}" if self.unit else self.name


def sensitivity(
    table: pd.DataFrame, form: Form, options: FitOptions, exponents: Floats
) -> tuple[Refit, ...]:
    """Fit again under other exclusions: the law's own first, then the others.

    Each of the law's rules that drops points is lifted, and all of them; then other numbers of the
    highest losses are left out, or what `options.rules` names. Searches begin at `exponents`, (k,),
    too.
    """
    others = [_Exclusion(options, own=True, drop_highest=options.drop_highest)]
    selection = select(table, form, options.changed({"drop_highest": 0}))
    whole, choices = selection.points, {e.rule for e in selection.excluded if e.choice}
    chosen = tuple(rule for rule in options.exclude if rule in choices)
    dropping = tuple(rule for rule in options.exclude if rule not in choices)
    for rule in dropping:
        kept = tuple(other for other in options.exclude if other != rule)
        others.append(_Exclusion(options.changed({"exclude": kept}), lifted=(rule,)))
    if len(dropping) > 1:
        others.append(_Exclusion(options.changed({"exclude": chosen}), lifted=dropping))
    asked = options.rules
    if asked is None:
        least = int(np.bincount(whole.group).min())
        asked = tuple(round(share * least) for share in SHARES)
    for asked_for in dict.fromkeys(asked):
        if isinstance(asked_for, str):
            more = options.changed({"exclude": (*options.exclude, asked_for)})
            others.append(_Exclusion(more, added=asked_for))
        elif asked_for != options.drop_highest:
            fewer = options.changed({"drop_highest": asked_for})
            others.append(_Exclusion(fewer, drop_highest=asked_for))
    refits = []
    for other in others:
        try:
            selection = select(table, form, other.options)
            problem = make_problem(form, selection.points, options)
        except UsageError:
            if options.rules is None:
                continue  # an exclusion of ours leaves points that cannot be fitted
            raise
        starts = np.vstack([exponents, problem.starts[:8]])
        out = {row for e in selection.excluded if e.drops for row in e.rows}
        refits.append(_refit(problem, starts, other, len(out)))
    return tuple(refits)


@dataclass(frozen=True)
class _Exclusion:
    """Options with another exclusion, and how it differs; see :class:`Refit`."""

    options: FitOptions
    own: bool = False
    lifted: tuple[str, ...] = ()
    added: str = ""
    drop_highest: int | None = None


def _refit(problem: Problem, starts: Floats, exclusion: _Exclusion, dropped: int) -> Refit:
    found = problem.solve(problem.points.weights[None], starts)
    values = problem.parameters(found.exponents, found.linear)[0]
    errors = np.sqrt(np.diagonal(linearize(problem, values).covariance))
    shown = [*problem.form.exponents, problem.form.floor]
    chosen = [(i, name) for i, name in enumerate(problem.names) if name in shown]
    return Refit(
        own=exclusion.own,
        lifted=exclusion.lifted,
        added=exclusion.added,
        drop_highest=exclusion.drop_highest,
        dropped=dropped,
        points=len(problem.points),
        parameters={name: float(values[i]) for i, name in chosen},
        standard_errors={
            name: float(errors[i]) if np.isfinite(errors[i]) else None for i, name in chosen
        },
        objective=float(found.objective[0]),
    )


def influences(
    problem: Problem,
    parameters: Floats,
    without_points: Floats,
    without_units: Floats,
    errors: Floats,
) -> tuple[Influence, ...]:
    """Return for each exponent the points and units that move it most, the most first.

    Of points whose loss lies below their floor, those that move it most are always among them.

    `without_points`, (n, P), and `without_units`, (units, P), are parameters without each; both may
    be empty. `errors`, (P,), are what shifts are measured in; 0 or not a number for a parameter
    that is not free.
    """
    k = problem.equations.terms
    points, without = problem.points, without_points
    if not len(without):
        return ()
    below = points.loss < parameters[2 * k :][points.group]
    left_out: list[tuple[str, str, tuple[int, ...]]] = [
        (label, "", (i,)) for i, label in enumerate(points.labels)
    ]
    if points.units != "row" and len(without_units):
        without = np.vstack([without, without_units])
        members = [np.flatnonzero(points.unit == u) for u in range(len(without_units))]
        left_out += [
            (points.unit_names[m[0]], points.units, tuple(int(i) for i in m)) for m in members
        ]
        below = np.concatenate([below, np.zeros(len(without_units), np.bool_)])
    result = []
    for i, name in enumerate(problem.names):
        error = float(errors[i])
        if name not in problem.form.exponents or not error > 0:
            continue
        shifts = (without[:, i] - parameters[i]) / error
        order = np.argsort(-np.abs(shifts), kind="stable")
        lowest = [j for j in order if below[j]][:MOST_INFLUENCES]
        chosen = [j for rank, j in enumerate(order) if rank < MOST_INFLUENCES or j in lowest]
        for j in chosen:
            label, unit, members = left_out[j]
            value, shift = float(without[j, i]), float(shifts[j])
            result.append(Influence(name, label, unit, members, value, shift, bool(below[j])))
    return tuple(result)
