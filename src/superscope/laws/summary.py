"""A law in words and columns, for a terminal."""

from __future__ import annotations

from superscope.laws.law import Law
from superscope.laws.words import interval_text, refit_text
from superscope.text import as_text, columns, counted, rounded


@as_text.register
def law_text(law: Law) -> str:
    """Return the verdict, then the parameters, then how the fit was made."""
    lines = [*verdict_lines(law), "", law.form.formula, ""]
    lines += columns(("", "value", "± s.e.", "95 % interval"), parameter_rows(law))
    left_out = [("left out", line) for line in exclusions(law)]
    lines += ["", *(f"{label:<15}{said}" for label, said in [*facts(law), *left_out])]
    return "\n".join(lines)


def verdict_lines(law: Law) -> list[str]:
    """Return the verdict with one line for each reason, and what to try."""
    if not law.findings:
        return [law.verdict]
    lines = [f"{law.headline}."]
    lines += [f"  - {finding.text}" for finding in law.findings]
    remedies = {f.status: f.status.remedy for f in law.findings}
    lines.append("What to try:")
    lines += [f"  - {status.value}: {remedy}" for status, remedy in remedies.items()]
    return lines


def parameter_rows(law: Law) -> list[tuple[str, str, str, str]]:
    """Return each parameter's name, value, standard error and interval."""
    rows = []
    for name, value in law.parameters.items():
        error = law.standard_errors[name]
        if error == 0.0:
            rows.append((name, rounded(value), "held", ""))
        else:
            rows.append((name, rounded(value), rounded(error), interval_text(law.intervals[name])))
    return rows


def refit_rows(law: Law) -> list[tuple[str, ...]]:
    """Return one row for each exclusion the judge tried."""
    rows = []
    for refit in law.refits:
        values = [
            f"{rounded(value)} ± {rounded(refit.standard_errors[name])}"
            for name, value in refit.parameters.items()
        ]
        rows.append((refit_text(refit), str(refit.dropped), str(refit.points), *values))
    return rows


def refit_header(law: Law) -> tuple[str, ...]:
    """Return the names of the columns of :func:`refit_rows`."""
    return "exclusion", "points out", "points in", *law.refits[0].parameters


def facts(law: Law) -> list[tuple[str, str]]:
    """Return how the fit was made: what each fact is about, and the fact."""
    form = law.form
    objective = "squares" if form.loss == "squared" else f"Huber's function, δ = {form.delta:g}"
    residual = "log loss" if form.residual == "log" else "the loss itself"
    groups = len(law.points.groups)
    condition = law.condition_number
    return [
        ("objective", f"{law.objective:.8g}, the sum of {objective} of {residual}"),
        (
            "residual",
            f"mean square {law.mean_square_residual:.5g} ({law.residual_scale:.3g} rms for "
            f"{law.degrees_of_freedom} degrees of freedom)",
        ),
        (
            "points",
            f"{len(law.points)} in {groups} groups" if groups > 1 else str(len(law.points)),
        ),
        ("intervals", _interval_method(law)),
        ("starts", f"{law.share_of_starts:.0%} of {law.options.starts} reached the best"),
        ("condition", "singular" if condition is None else f"{condition:.3g}"),
        *(
            ("profile", f"{name} {interval_text(profile.interval)}")
            for name, profile in law.profiles.items()
        ),
    ]


def _interval_method(law: Law) -> str:
    units = int(law.points.unit.max()) + 1
    what = counted(units, law.points.units)
    if law.interval_method == "bca":
        return f"{len(law.bootstrap):,} resamples of {what}, BCa"
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
    return [f"{counted(len(e.rows), 'point')}: {e.rule}" for e in law.excluded]
