"""Whether a law holds when other points are left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.errors import UsageError
from superscope.laws.forms import Form
from superscope.laws.options import FitOptions
from superscope.laws.points import select
from superscope.laws.problem import Problem, make_problem
from superscope.laws.uncertainty import Spread, leave_out, spread

Floats = npt.NDArray[np.float64]

MOST = 5  # influences kept for each exponent
SHARES = 0.0, 0.02, 0.05, 0.1, 0.15, 0.2  # of the highest losses, left out by default


@dataclass(frozen=True)
class Refit:
    """A law fitted under another exclusion.

    Attributes
    ----------
    rule
        How it differs from the law's own, in words; empty: it is the law's own.
    drop_highest
        How many of the highest losses were to be left out (of each group), where that is the
        difference; None where another rule is.
    dropped, points
        How many points were left out by all rules, ties included; how many were fitted.
    parameters, standard_errors
        Of the exponents, and the floor where there is only one.
    objective
        Its objective.
    """

    rule: str
    drop_highest: int | None
    dropped: int
    points: int
    parameters: dict[str, float]
    standard_errors: dict[str, float | None]
    objective: float


@dataclass(frozen=True)
class Influence:
    """A point, or a whole resampling unit, whose absence moves an exponent.

    Attributes
    ----------
    parameter
        The exponent.
    left_out
        The point's name, or the unit's.
    without
        The exponent without it.
    shift
        How far it moved, in standard errors of the exponent.
    below_floor
        Whether it is a point whose loss lies below its floor.
    """

    parameter: str
    left_out: str
    without: float
    shift: float
    below_floor: bool


def sensitivity(
    table: pd.DataFrame, form: Form, options: FitOptions, exponents: Floats
) -> tuple[Refit, ...]:
    """Fit again under other exclusions: the law's own first, then the others.

    Each of the law's rules is lifted, and all of them; then other numbers of the highest losses
    are left out, or what `options.sensitivity` names.

    Parameters
    ----------
    table, form, options
        As fitted.
    exponents
        Of the fit, a start for each refit, shape (k,).
    """
    others: list[tuple[str, int | None, dict[str, Any]]] = [("", options.drop_highest, {})]
    for rule in options.exclude:
        kept = tuple(other for other in options.exclude if other != rule)
        others.append((f"without the rule {rule}", None, {"exclude": kept}))
    if len(options.exclude) > 1:
        others.append(("without any rule", None, {"exclude": ()}))
    whole = select(table, form, options.changed({"drop_highest": 0})).points
    asked = options.sensitivity
    if asked is None:
        least = int(np.bincount(whole.group).min())
        asked = tuple(round(share * least) for share in SHARES)
    for rule_or_count in dict.fromkeys(asked):
        if isinstance(rule_or_count, str):
            more = {"exclude": (*options.exclude, rule_or_count)}
            others.append((f"also without {rule_or_count}", None, more))
        elif rule_or_count != options.drop_highest:
            label = f"{rule_or_count} highest left out"
            others.append((label, rule_or_count, {"drop_highest": rule_or_count}))
    refits = []
    for label, drop, changes in others:
        try:
            selection = select(table, form, options.changed(changes))
            problem = make_problem(form, selection.points, options)
        except UsageError:
            if options.sensitivity is None:
                continue  # too few points are left, or ones no law takes, under a rule of ours
            raise
        starts = np.vstack([exponents, problem.starts[:8]])
        out = {row for excluded in selection.excluded for row in excluded.rows}
        refits.append(_refit(problem, starts, label, drop, len(out)))
    return tuple(refits)


def _refit(problem: Problem, starts: Floats, rule: str, drop: int | None, dropped: int) -> Refit:
    found = problem.solve(problem.points.weights[None], starts)
    values = problem.natural(found.exponents, found.linear)[0]
    errors = np.sqrt(np.diagonal(spread(problem, values).covariance))
    shown = [*problem.form.exponents, problem.form.floor]
    chosen = [(i, name) for i, name in enumerate(problem.names) if name in shown]
    return Refit(
        rule, drop, dropped, len(problem.points),
        {name: float(values[i]) for i, name in chosen},
        {name: float(errors[i]) if np.isfinite(errors[i]) else None for i, name in chosen},
        float(found.objective[0]),
    )  # fmt: skip


def influences(
    problem: Problem, parameters: Floats, found: Spread, without_units: Floats, draws: Floats
) -> tuple[Influence, ...]:
    """Return for each exponent the points and units that move it most, the most first.

    Of points whose loss lies below their floor, those that move it most are always among them.

    Parameters
    ----------
    problem, parameters, found
        The fit.
    without_units
        Parameters without each resampling unit, shape (units, P); empty if there is none.
    draws
        Parameters of the resamples, (R, P): their spread is the standard error, where there are
        any; else it is the joint Jacobian's.
    """
    k = problem.equations.terms
    points = problem.points
    if len(points) <= int(found.free.sum()):
        return ()
    starts = parameters[None, 1 : 2 * k : 2]
    without = leave_out(problem, starts, np.arange(len(points)))
    labels, below = list(points.labels), points.loss < parameters[2 * k :][points.group]
    if points.units != "row" and len(without_units):
        without = np.vstack([without, without_units])
        first = np.unique(points.unit, return_index=True)[1]
        labels += [f"every point of {points.units} {points.unit_names[i]}" for i in first]
        below = np.concatenate([below, np.zeros(len(without_units), np.bool_)])
    result = []
    for i, name in enumerate(problem.names):
        error = float(np.nanstd(draws[:, i]) if len(draws) else np.sqrt(found.covariance[i, i]))
        if name not in problem.form.exponents or not found.free[i] or not error > 0:
            continue
        shifts = (without[:, i] - parameters[i]) / error
        order = np.argsort(-np.abs(shifts), kind="stable")
        lowest = [j for j in order if below[j]][:MOST]
        chosen = [j for rank, j in enumerate(order) if rank < MOST or j in lowest]
        result += [
            Influence(name, labels[j], float(without[j, i]), float(shifts[j]), bool(below[j]))
            for j in chosen
        ]
    return tuple(result)
