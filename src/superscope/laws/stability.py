"""Whether a law holds when other points are left out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.errors import UsageError
from superscope.laws.formula import Floats, Form
from superscope.laws.intervals import SIGNIFICANT
from superscope.laws.linearization import free_slopes, linearize, noise_of, residuals
from superscope.laws.noise import leverage
from superscope.laws.options import FitOptions
from superscope.laws.points import Selection, select
from superscope.laws.problem import Problem, make_problem
from superscope.text import with_sign

MOST_INFLUENCES = 5  # influences kept for each exponent
MOST_SHOWN = 100.0  # standard errors; of more only that they are more
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
    drop_highest, unit
        How many of the highest losses were to be left out (of each group), and an empty text; or
        how many of the resampling units whose losses are the highest, and the column that makes
        the units. None where another rule is the difference.
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
    unit: str
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
        if self.unit:
            units = f"{self.unit}{'s' * (self.drop_highest != 1)}"
            return f"without the {self.drop_highest} {units} of the highest losses"
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
        Whether it is a point whose loss lies below its floor by more than noise explains.
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

    @property
    def moved(self) -> str:
        """How many standard errors it moves the exponent, as is shown."""
        if abs(self.shift) > MOST_SHOWN:
            return f"over {with_sign(math.copysign(MOST_SHOWN, self.shift), 0)}"
        return with_sign(self.shift, 1)


def sensitivity(
    table: pd.DataFrame, form: Form, options: FitOptions, exponents: Floats
) -> tuple[Refit, ...]:
    """Fit again under other exclusions: the law's own first, then the others.

    Each of the law's rules that drops points is lifted, and all of them; then other numbers of the
    highest losses are left out, or what `options.rules` names. Where the points of a run may be
    alike, it is whole runs whose losses are the highest: single points of them would be chosen by
    what they share. Searches begin at `exponents`, (k,), too.
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
    highest: list[_Exclusion] = []
    if asked is None:
        selection = select(table, form, options)
        if not selection.points.independent:
            asked, highest = (0,), _highest_units(selection, options)
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
    others += highest
    refits = []
    for other in others:
        try:
            selection = select(table if other.rows is None else table.loc[other.rows], form,
                               other.options)  # fmt: skip
            problem = make_problem(form, selection.points, options)
        except UsageError:
            if options.rules is None:
                continue  # an exclusion of ours leaves points that cannot be fitted
            raise
        starts = np.vstack([exponents, problem.starts[:8]])
        out = {row for e in selection.excluded if e.drops for row in e.rows}
        refits.append(_refit(problem, starts, other, other.dropped + len(out)))
    return tuple(refits)


@dataclass(frozen=True)
class _Exclusion:
    """Options with another exclusion, and how it differs; see :class:`Refit`."""

    options: FitOptions
    own: bool = False
    lifted: tuple[str, ...] = ()
    added: str = ""
    drop_highest: int | None = None
    unit: str = ""
    rows: npt.NDArray[np.int64] | None = None
    dropped: int = 0


def _highest_units(selection: Selection, options: FitOptions) -> list[_Exclusion]:
    """Return exclusions of the units whose losses are the highest, beside others of their group."""
    points = selection.points
    logs = np.log(points.loss)
    logs -= (np.bincount(points.group, logs) / np.bincount(points.group))[points.group]
    order = np.argsort(-np.bincount(points.unit, logs) / np.bincount(points.unit), kind="stable")
    none: dict[str, object] = {"exclude": (), "where": (), "drop_highest": 0}
    already = len({row for e in selection.excluded if e.drops for row in e.rows})
    found = []
    for count in dict.fromkeys(round(share * len(order)) for share in SHARES):
        out = np.isin(points.unit, order[:count])
        if count:
            found.append(
                _Exclusion(
                    options.changed(none), drop_highest=count, unit=points.units,
                    rows=points.rows[~out] - 1, dropped=already + int(out.sum()),
                )
            )  # fmt: skip
    return found


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
        unit=exclusion.unit,
        dropped=dropped,
        points=len(problem.points),
        parameters={name: float(values[i]) for i, name in chosen},
        standard_errors={name: finite(errors[i]) for i, name in chosen},
        objective=float(found.objective[0]),
    )


def finite(value: float) -> float | None:
    """Return a number, or None for what is not finite."""
    return float(value) if np.isfinite(value) else None


def unexplained(
    problem: Problem, parameters: Floats, free: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which points lie further from the law than noise brings any of so many.

    By residuals over the noise's size, each measured by all others (externally studentized; Cook
    and Weisberg 1982), with Bonferroni's correction.
    """
    from scipy.stats import t

    points = problem.points
    roots = np.sqrt(points.weights)
    columns = roots[:, None] * free_slopes(problem, parameters, free)
    found, taken = roots * residuals(problem, parameters), leverage(columns)
    freedom = len(points) - columns.shape[1] - 1
    if freedom < 1 or not found.any():
        return np.zeros(len(points), np.bool_)
    relative = (found / noise_of(problem, parameters, free).at(points.inputs)) ** 2
    squares = relative / (1 - taken)
    others = np.maximum(relative.sum() - squares, 0) / freedom
    limit = float(t.isf(SIGNIFICANT / (2 * len(points)), freedom)) ** 2
    return np.asarray(squares > limit * others, np.bool_)


def below_floor(
    problem: Problem, parameters: Floats, odd: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Return which points lie below their floor, and noise does not explain it."""
    floors = parameters[2 * problem.equations.terms :]
    return np.asarray(odd & (problem.points.loss < floors[problem.points.group]), np.bool_)


def left_out_in_turn(problem: Problem, odd: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return what is left out in turn, (K, n): each point, or each unit whose points are alike.

    Of units also each point that noise does not explain.
    """
    points = problem.points
    if points.independent:
        return np.eye(len(points), dtype=np.bool_)
    units = points.unit == np.arange(points.unit_count)[:, None]
    return np.vstack([units, np.eye(len(points), dtype=np.bool_)[odd]])


def influences(
    problem: Problem,
    parameters: Floats,
    out: npt.NDArray[np.bool_],
    without: Floats,
    *,
    below: npt.NDArray[np.bool_],
    errors: Floats,
) -> tuple[Influence, ...]:
    """Return for each exponent the points or units that move it most, the most first.

    Of points that noise does not bring below their floor, those that move it most are always among
    them.

    Parameters
    ----------
    problem, parameters
        A fit.
    out, without
        What was left out in turn, (K, n), and the parameters without it, (K, P); both may be empty.
    below
        Which points lie below their floor, shape (n,).
    errors
        What shifts are measured in, (P,); 0 or not a number for a parameter that is not free.
    """
    points = problem.points
    units = 0 if points.independent else points.unit_count
    lies_below = np.zeros(len(out), np.bool_)
    lies_below[units:] = out[units:] @ below
    result = []
    for i, name in enumerate(problem.names):
        error = float(errors[i])
        if name not in problem.form.exponents or not error > 0 or not len(out):
            continue
        shifts = (without[:, i] - parameters[i]) / error
        order = np.argsort(-np.abs(shifts), kind="stable")
        order = order[np.isfinite(shifts[order])]
        lowest = [j for j in order if lies_below[j]][:MOST_INFLUENCES]
        chosen = [j for rank, j in enumerate(order) if rank < MOST_INFLUENCES or j in lowest]
        for j in chosen:
            members = np.flatnonzero(out[j])
            label, unit = points.labels[members[0]], ""
            if j < units:
                label, unit = points.unit_names[members[0]], points.units
            at = tuple(map(int, members))
            value, shift = float(without[j, i]), float(shifts[j])
            result.append(Influence(name, label, unit, at, value, shift, bool(lies_below[j])))
    return tuple(result)
