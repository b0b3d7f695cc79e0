"""A law in words and columns, for a terminal."""

from __future__ import annotations

import math
from typing import Any

from superscope.laws._compare import Comparison, Difference
from superscope.laws.form_test import FormTest
from superscope.laws.groups import LawsByGroup
from superscope.laws.intervals import Interval
from superscope.laws.law import Law
from superscope.text import advice, as_text, columns, counted, rounded, shown_lines


@as_text.register
def law_text(law: Law) -> str:
    """Return the verdict, then the parameters, then how the fit was made."""
    lines = [*verdict_lines(law), "", law.form.formula, ""]
    lines += columns(("", "value", "± s.e.", "95 % interval"), parameter_rows(law))
    left_out = [("left out", line) for line in exclusions(law)]
    left_out += [("read", advice(note)) for note in law.notes]
    lines += ["", *(f"{label:<15}{said}" for label, said in [*facts(law), *left_out])]
    return shown_lines(lines)


def verdict_lines(law: Law) -> list[str]:
    """Return the verdict with one line for each reason, and what to try."""
    if not law.findings:
        return [law.verdict]
    lines = [f"{law.headline}."]
    lines += [f"  - {advice(finding.text)}" for finding in law.findings]
    remedies = {(f.status, f.remedy): None for f in law.findings}
    lines.append("What to try:")
    lines += [f"  - {status.value}: {advice(remedy)}" for status, remedy in remedies]
    return [*lines, *law.remarks]


def parameter_rows(law: Law) -> list[tuple[str, str, str, str]]:
    """Return each parameter's name, value, standard error and interval."""
    rows = []
    for name, value in law.parameters.items():
        error = law.standard_errors[name]
        if error == 0.0:
            rows.append((name, rounded(value), "held", ""))
        else:
            rows.append((name, rounded(value), rounded(error), str(law.intervals[name])))
    return rows


def refit_rows(law: Law) -> list[tuple[str, ...]]:
    """Return one row for each exclusion the judge tried."""
    rows = []
    for refit in law.refits:
        values = [
            f"{rounded(value)} ± {rounded(refit.standard_errors[name])}"
            for name, value in refit.parameters.items()
        ]
        rows.append((refit.text, str(refit.dropped), str(refit.points), *values))
    return rows


def refit_header(law: Law) -> tuple[str, ...]:
    """Return the names of the columns of :func:`refit_rows`."""
    return "exclusion", "points out", "points in", *law.refits[0].parameters


def facts(law: Law) -> list[tuple[str, str]]:
    """Return how the fit was made: what each fact is about, and the fact."""
    form = law.form
    objective = (
        "half the sum of squared residuals"
        if form.loss == "squared"
        else f"the sum of Huber's function (δ = {form.delta:g}) of residuals"
    )
    residual = "log loss" if form.residual == "log" else "the loss itself"
    groups = len(law.points.groups)
    condition = law.condition_number
    return [
        ("objective", f"{law.objective:.8g}, {objective} of {residual}"),
        (
            "residual",
            f"mean square {law.mean_square_residual:.5g} ({law.residual_scale:.3g} rms for "
            f"{counted(law.degrees_of_freedom, 'degree')} of freedom)",
        ),
        (
            "points",
            f"{len(law.points)} in {groups} groups" if groups > 1 else str(len(law.points)),
        ),
        *([("tied", f"{' = '.join(law.equal)}, one free parameter")] if law.equal else []),
        ("intervals", _interval_method(law)),
        ("starts", f"{law.share_of_starts:.0%} of {law.options.starts} reached the best"),
        ("condition", "singular" if condition is None else f"{condition:.3g}"),
        *(("profile", f"{name} {profile.interval}") for name, profile in law.profiles.items()),
        *([] if law.form_test is None else _form_facts(law.form_test)),
    ]


def _form_facts(test: FormTest) -> list[tuple[str, str]]:
    scatter = [("loss_se", test.scatter)] if test.scatter else []
    return [("form", str(test)), *scatter]


def _interval_method(law: Law) -> str:
    units = law.points.unit_count
    what = counted(units, law.points.units)
    if law.interval_method == "bca":
        failed = -len(law.bootstrap) % law.options.resamples  # rounds of as many were drawn
        made = f"{len(law.bootstrap):,} resamples of {what}, BCa"
        return f"{made} ({failed:,} more could not be fitted)" if failed else made
    if law.interval_method == "jackknife":
        return f"from fits without each of {what} (jackknife, Student's t of {units - 1})"
    if law.interval_method == "none":
        return (
            f"none: of {law.options.resamples:,} resamples of {what} too many could not be fitted"
        )
    if not law.options.resamples:
        return "from the joint Jacobian (Student's t): no resamples were asked for"
    return (
        f"from the joint Jacobian (Student's t): {what} are too few to resample for "
        f"{len(law.parameters)} parameters"
    )


def exclusions(law: Law) -> list[str]:
    """Return what was left out by which rule, a line each."""
    if not law.excluded:
        return ["nothing"]
    return [f"{counted(len(e.rows), 'point')}: {e.text}" for e in law.excluded]


EXPONENTS = "exponent", "value", "± s.e.", "95 % interval", "points", "verdict"
DIFFERENCES = "difference", "exponent", "value", "95 % interval", "differs"


@as_text.register
def comparison_text(comparison: Comparison) -> str:
    """Return the verdict on each exponent, then the numbers."""
    lines = [difference_text(d) for d in comparison.differences]
    if not comparison.identified:
        lines.append(DOUBT)
    rows = [_difference_row(d) for d in comparison.differences]
    return shown_lines([*lines, "", *columns(DIFFERENCES, rows)])


DOUBT = "The data do not identify every one of these laws; read their verdicts first."


@as_text.register
def groups_text(found: LawsByGroup) -> str:
    """Return the exponents of each group, then the differences of every pair."""
    several = len(next(iter(found.laws.values())).form.exponents) > 1
    rows = []
    for group, law in found.laws.items():
        by_name = {row[0]: row[1:] for row in parameter_rows(law)}
        for name in law.form.exponents:
            of = f"{group} {name}" if several else group
            rows.append((of, *by_name[name], str(len(law.points)), law.headline))
    lines = [difference_text(d) for d in found.differences]
    if lines and not all(law.identified for law in found.laws.values()):
        lines.append(DOUBT)
    lines += [""] * bool(lines)
    lines += columns((found.by, *EXPONENTS[1:]), rows)
    if found.differences:
        lines += ["", *columns(DIFFERENCES, [_difference_row(d) for d in found.differences])]
    if found.impossible:
        lines += ["", "Not fitted:"]
        lines += [f"  {group}: {reason}" for group, reason in found.impossible.items()]
    return shown_lines(lines)


def difference_text(found: Difference) -> str:
    """Return in a sentence whether an exponent differs."""
    pair = f"{found.parameter} of {found.first} and of {found.second}"
    if found.differs is None:
        return f"Whether {pair} differ cannot be told: there is no interval."
    if found.differs:
        return f"{pair} differ: the interval of their difference leaves out 0."
    return f"{pair} do not differ by more than their errors."


def _difference_row(found: Difference) -> tuple[str, ...]:
    d = found.difference
    return (
        f"{found.first} − {found.second}",
        found.parameter,
        rounded(d.value),
        str(Interval(d.low, d.high)),
        {True: "yes", False: "no", None: "not known"}[found.differs],
    )


def law_summary(law: Law) -> dict[str, Any]:
    """Return what a law comes to, in plain values that JSON takes: no arrays of points.

    What nothing determines is None.
    """
    frame = law.to_frame()
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    scale = law.residual_scale
    return {
        "law": law.form.name,
        "formula": law.form.formula,
        "identified": law.identified,
        "verdict": law.verdict,
        "form": None if law.form_test is None else form_summary(law.form_test),
        "scope": law.scope or None,
        "untested": list(law.untested),
        "parameters": {
            str(row["parameter"]): {
                "estimate": row["estimate"],
                "standard_error": row["standard_error"],
                "low": row["low"],
                "high": row["high"],
                "held": row["parameter"] in law.held,
                "equal_to": [n for n in law.equal if n != row["parameter"]]
                if row["parameter"] in law.equal
                else [],
            }
            for row in rows
        },
        "findings": [
            {
                "finding": f.status.value,
                "severe": f.status.severe,
                "about": f.about,
                "text": f.text,
                "remedy": f.remedy,
            }
            for f in law.findings
        ],
        "facts": {
            "objective": law.objective,
            "mean_square_residual": law.mean_square_residual,
            "residual_scale": scale if math.isfinite(scale) else None,
            "degrees_of_freedom": law.degrees_of_freedom,
            "points": len(law.points),
            "groups": len(law.points.groups),
            "interval_method": law.interval_method,
            "resamples": len(law.bootstrap),
            "resampled": law.points.units,
            "share_of_starts": law.share_of_starts,
            "condition_number": law.condition_number,
            "profiles": {
                name: {"low": profile.interval.low, "high": profile.interval.high}
                for name, profile in law.profiles.items()
            },
            "seed": law.options.seed,
            "notes": list(law.notes),
            "version": law.version,
        },
        "excluded": [
            {"rule": e.rule, "rows": list(e.rows), "choice": e.choice, "where": e.where}
            for e in law.excluded
        ],
    }


def form_summary(test: FormTest) -> dict[str, Any]:
    """Return what the residuals say of a form, in plain values that JSON takes."""
    return {
        "holds": test.holds,
        "p": test.p,
        "text": str(test),
        "column": test.column if test.rejected and test.column else None,
        "beyond": test.beyond if test.rejected else None,
        "noise_depends_on": test.uneven or None,
        "excess_over_stated_errors": test.excess,
        "excess_p": test.excess_p,
    }


def groups_summary(found: LawsByGroup) -> dict[str, Any]:
    """Return what laws of groups come to, in plain values that JSON takes."""
    return {
        "law": found.law,
        "by": found.by,
        "groups": {name: law_summary(law) for name, law in found.laws.items()},
        "differences": [
            {
                "parameter": d.parameter,
                "first": d.first,
                "second": d.second,
                "difference": d.difference.value,
                "low": d.difference.low,
                "high": d.difference.high,
                "differs": d.differs,
            }
            for d in found.differences
        ],
        "impossible": found.impossible,
    }
