"""Fit a law and judge it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from superscope._version import __version__
from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.laws import formula
from superscope.laws._judge import judge
from superscope.laws._profile import Profile, profile
from superscope.laws.formula import Floats
from superscope.laws.intervals import SIGNIFICANT
from superscope.laws.lack_of_fit import form_test
from superscope.laws.law import FORMAT, Law
from superscope.laws.linearization import linearize, robust
from superscope.laws.options import FitOptions
from superscope.laws.points import Selection, select
from superscope.laws.problem import Problem, make_problem
from superscope.laws.resampled import resample
from superscope.laws.resampling import several_best, without_each
from superscope.laws.rows import numbered
from superscope.laws.solver import Solutions
from superscope.laws.stability import (
    Refit,
    below_floor,
    finite,
    influences,
    left_out_in_turn,
    sensitivity,
    unexplained,
)
from superscope.laws.status import Finding, FitStatus
from superscope.laws.table import load_table
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.tables import notes_of
from superscope.text import number

SAME_MINIMUM = 1e-6  # relative difference of objectives that are one minimum
EXACT = 1e-20  # mean objective of a fit without residuals
ROUNDING = 1e-13  # share of every loss below which a term is rounding


@checked
def fit(
    table: pd.DataFrame | Path | str,
    law: str,
    options: FitOptions | None = None,
    *,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Law:
    """Fit a law to a table and judge whether the data identify it.

    ``fit(table, "shape", drop_highest=40)``; every field of :class:`FitOptions` may be given
    by name. The same table, options and seed give the same law.

    Parameters
    ----------
    table
        The table of observations or any other with its columns: a data frame, a .csv, .parquet
        or .jsonl file, or the name of a public table.
    law
        ``power``, ``width``, ``chinchilla``, ``shape`` or ``time``.
    options
        How to fit; the keywords change them.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.
    **changes
        Fields of :class:`FitOptions`, by name.

    Returns
    -------
    Law
        The fitted law, with its intervals and every reason to doubt it.

    Raises
    ------
    UsageError
        An unknown law, option, column or parameter; fewer points than parameters; numbers that
        no law can take; nothing left after exclusion.

    Examples
    --------
    >>> from superscope.laws import fit, simulate
    >>> law = fit(simulate("chinchilla"), "chinchilla", resamples=0)
    >>> law.short_verdict
    'identified'
    >>> 0.35 in law.intervals["alpha"]  # the truth
    True
    """
    settings = (options or FitOptions()).changed(changes)
    frame = load_table(table, separator=settings.separator, decimal=settings.decimal)
    with chosen(progress) as report:
        return fit_rows(numbered(frame), law, settings, progress=report)


def fit_rows(frame: pd.DataFrame, law: str, settings: FitOptions, *, progress: Progress) -> Law:
    """Fit a law to rows of a table, whose index says which they are; see :func:`fit`."""
    form = settings.form(law)
    selection = select(frame, form, settings)
    selection = replace(selection, notes=(*notes_of(frame), *selection.notes))
    problem = make_problem(form, selection.points, settings)
    found = problem.solve(selection.points.weights[None])
    notes = (*selection.notes, *_tie_notes(problem, found, settings))
    selection = replace(selection, notes=notes)
    exponents = found.exponents[0]
    refits = sensitivity(frame, form, settings, exponents) if settings.judge else ()
    progress("fit", 1, 1)
    return _judged(selection, problem, found, options=settings, refits=refits, progress=progress)


def _tie_notes(problem: Problem, tied_fit: Solutions, options: FitOptions) -> tuple[str, ...]:
    """Say whether the points contradict that parameters are equal, by the likelihood ratio."""
    if not options.equal:
        return ()
    from scipy.stats import f as f_distribution

    tied = " = ".join(options.equal)
    try:
        apart = make_problem(problem.form, problem.points, options.changed({"equal": ()}))
    except UsageError:  # one parameter more than the tied fit has
        return (f"{tied} is assumed: the points are too few to fit them apart and test it",)
    free = apart.solve(problem.points.weights[None])
    values = apart.parameters(free.exponents, free.linear)[0]
    linear = linearize(apart, values)
    known = dict(zip(apart.names, values, strict=True))
    found = ", ".join(f"{n} = {number(known[n], 3)}" for n in options.equal if n in known)
    found = f"the best fit has {found}" if found else "they differ"
    if linear.degrees_of_freedom <= 0 or not linear.ratio_scale > 0:
        return (f"{tied} is assumed; apart, {found}",)
    rise = 2 * float(tied_fit.objective[0] - free.objective[0]) / linear.ratio_scale
    ties = int((~problem.untied).sum())
    p = float(f_distribution.sf(max(rise, 0.0) / ties, ties, linear.degrees_of_freedom))
    says = "contradict" if p < SIGNIFICANT else "do not contradict"
    return (f"{tied} is assumed; apart, {found}: the points {says} it (p = {p:.2g})",)


def _judged(
    selection: Selection,
    problem: Problem,
    found: Solutions,
    *,
    options: FitOptions,
    refits: tuple[Refit, ...],
    progress: Progress,
) -> Law:
    names = problem.names
    parameters = fold_constant_terms(problem, problem.parameters(found.exponents, found.linear)[0])
    objective = float(found.objective[0])
    objectives = found.objectives[0]
    best = objectives <= objective * (1 + SAME_MINIMUM) + EXACT * len(problem.points)
    share = float(np.mean(best))
    linear = robust(problem, parameters, linearize(problem, parameters))
    # Where searches part, resamples begin in several places, too.
    starts = found.exponents if share == 1 else np.vstack([found.exponents, problem.starts[:4]])
    several = several_best(problem, found)
    if several:  # where a search begins is then all that tells where it ends
        starts = problem.starts[:8]
    noted = [*selection.findings, *map(_several, several.items())]
    judged = options.judge and linear.degrees_of_freedom > 0
    odd = unexplained(problem, parameters, linear.free)
    out = left_out_in_turn(problem, odd)[: len(problem.points) * judged]
    without = without_each(problem, found.exponents, out)
    left_out = np.vstack([without, *(_in_order(refit, names) for refit in refits[1:])])
    resampled = resample(problem, parameters, linear, starts, options=options, left_out=left_out)
    noted += resampled.findings
    progress("resampling", 1, 1)
    profiles: dict[str, Profile] = {}  # tied exponents share one
    for i, name in enumerate(names):
        if judged and name in problem.form.exponents and linear.free[i]:
            leader = names[problem.leader[i]]
            profiles[name] = profiles.get(leader) or profile(
                problem, name, starts, objective, linear
            )
    below = below_floor(problem, parameters, odd)
    moved_by = np.where(linear.free, resampled.errors(problem, parameters, linear), 0.0)
    converged = bool(found.converged[0][objectives.argmin()])
    errors = np.sqrt(np.diagonal(linear.covariance))
    held = problem.low == problem.high
    known = np.isfinite(errors) & (errors > 0)
    covariance = np.where(np.outer(known, known), linear.covariance, 0.0)
    scale = np.where(known, errors, 1.0)
    condition = linear.condition_number
    law = Law(
        format=FORMAT,
        version=__version__,
        form=problem.form,
        options=options,
        grouped_by=selection.grouped_by,
        points=problem.points,
        excluded=selection.excluded,
        parameters={name: float(v) for name, v in zip(names, parameters, strict=True)},
        standard_errors={
            name: 0.0 if held[i] else (finite(errors[i]) or None) if linear.free[i] else None
            for i, name in enumerate(names)
        },
        intervals=resampled.intervals(problem, parameters, linear),
        interval_method=resampled.method,
        profiles=profiles,
        objective=objective,
        degrees_of_freedom=linear.degrees_of_freedom,
        share_of_starts=share,
        converged=converged,
        condition_number=None if math.isinf(condition) else condition,
        covariance=linear.covariance,
        correlations=covariance / np.outer(scale, scale),
        bootstrap=resampled.bootstrap,
        jackknife=resampled.without,
        refits=refits,
        influences=influences(problem, parameters, out, without, below=below, errors=moved_by),
        form_test=form_test(problem, parameters, linear) if options.judge else None,
        findings=(),
        notes=selection.notes,
    )
    return replace(law, findings=judge(law, problem, linear, noted, int(below.sum())))


def _in_order(refit: Refit, names: Sequence[str]) -> Floats:
    """Return a refit's parameters in the order of the names, shape (1, P); NaN if it has none."""
    return np.array([[refit.parameters.get(name, math.nan) for name in names]])


def fold_constant_terms(problem: Problem, parameters: Floats) -> Floats:
    """Return parameters in which a term with the exponent 0 is part of the floor it is.

    So is one that is lost in rounding beside the rest of every loss, as where all losses are equal.
    """
    k = problem.equations.terms
    free = problem.low < problem.high
    parameters = parameters.copy()
    points = problem.points
    parts = formula.parts(points.inputs, points.group, parameters)
    for i in range(k):
        if free[2 * i] and (parts[:, i] < ROUNDING * parts.sum(axis=1)).all():
            parameters[2 * i] = 0
        if parameters[2 * i + 1] == 0 and free[2 * i] and free[2 * i + 1] and free[2 * k :].all():
            parameters[2 * k :] += parameters[2 * i]
            parameters[2 * i] = 0
    return parameters


def _several(exponent: tuple[str, tuple[float, float]]) -> Finding:
    name, (low, high) = exponent
    text = f"fits with {name} from {low:.3g} to {high:.3g} are equally good: no single one is best"
    return Finding(FitStatus.SEVERAL_BEST, name, text)
