"""A law in words and columns, for a terminal."""

from __future__ import annotations

from superscope.laws.law import Law
from superscope.laws.uncertainty import interval_text
from superscope.text import as_text, columns, rounded


@as_text.register
def law_text(law: Law) -> str:
    """Return the verdict, then the parameters, then how the fit was made."""
    lines = [*verdict_lines(law), "", law.form.formula, ""]
    lines += columns(("", "value", "± s.e.", "95 % interval"), parameter_rows(law))
    lines += ["", *facts(law)]
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
        rows.append((refit.rule or "this fit", str(refit.dropped), str(refit.points), *values))
    return rows


def refit_header(law: Law) -> tuple[str, ...]:
    """Return the names of the columns of :func:`refit_rows`."""
    return "exclusion", "points out", "points in", *law.refits[0].parameters


def facts(law: Law) -> list[str]:
    """Return how the fit was made, a line each."""
    form = law.form
    objective = "squares" if form.loss == "squared" else f"Huber's function, δ = {form.delta:g}"
    residual = "log loss" if form.residual == "log" else "the loss itself"
    units = int(law.points.unit.max()) + 1
    what = f"{units} {'rows' if law.points.units == 'row' else law.points.units + 's'}"
    resampled = f"{len(law.draws):,} resamples of {what}, BCa"
    if law.interval_method == "linear":
        resampled = "from the joint Jacobian (Student's t): " + (
            "no resamples were asked for" if not law.options.resamples
            else f"{what} are too few to resample for {len(law.parameters)} parameters"
        )  # fmt: skip
    condition = law.condition_number
    lines = [
        f"objective      {law.objective:.8g}, the sum of {objective} of {residual}",
        f"residual       mean square {law.mean_square_residual:.5g} "
        f"({law.residual_scale:.3g} rms for {law.freedom} degrees of freedom)",
        f"points         {len(law.points)}"
        + (f" in {len(law.points.groups)} groups" if len(law.points.groups) > 1 else ""),
        f"intervals      {resampled}",
        f"starts         {law.share_of_starts:.0%} of {law.options.starts} reached the best",
        f"condition      {'singular' if condition is None else f'{condition:.3g}'}",
    ]
    lines += [
        f"profile        {name} {interval_text(profile.interval)}"
        for name, profile in law.profiles.items()
    ]
    for excluded in law.excluded:
        lines.append(f"left out       {len(excluded.rows)} points: {excluded.rule}")
    if not law.excluded:
        lines.append("left out       nothing")
    return lines
