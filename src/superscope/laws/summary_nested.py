"""A test of a restriction in words and columns, for a terminal."""

from __future__ import annotations

from superscope.laws._nested import NestedTest
from superscope.laws.problem import LEAST_UNITS
from superscope.text import as_text, columns, counted, rounded, sentence, shown_lines

COLUMNS = "", "free", "95 % interval", "restricted"


@as_text.register
def nested_text(test: NestedTest) -> str:
    """Return the verdict, then both p-values, what the restriction costs, and the parameters."""
    lines = [*nested_sentences(test), ""]
    lines += [f"{label:<15}{said}" for label, said in nested_facts(test)]
    rows = [
        (r.parameter, rounded(r.free), str(r.interval), rounded(r.restricted) + " held" * r.held)
        for r in test.parameters
    ]
    return shown_lines([*lines, "", *columns(COLUMNS, rows)])


def nested_sentences(test: NestedTest) -> list[str]:
    """Return what the test comes to, a sentence each: the verdict, and what it rests on."""
    said = {
        "contradicted": f"The points contradict {test.restriction} ({_p(test)})",
        "not contradicted": f"The points do not contradict {test.restriction} ({_p(test)}), which "
        "does not show that it holds: the intervals below say what else they allow",
        "borderline": f"Whether the points contradict {test.restriction} is borderline ({_p(test)} "
        f"± {rounded(test.p_error)} from the number of resamples)",
        "cannot be said": f"Whether the points contradict {test.restriction} cannot be said: "
        + _no_resamples(test),
    }
    lines = [sentence(said[test.verdict])]
    if test.doubts:
        lines.append(
            "The law itself is in doubt, and the test compares it with its restriction alone: "
            f"{'; '.join(test.doubts)}."
        )
    return [*lines, *[test.scope] * bool(test.scope)]


def nested_facts(test: NestedTest) -> list[tuple[str, str]]:
    """Return the numbers of the test: what each is about, and what it is."""
    units = counted(test.units, test.unit)
    resampled = f"{_p(test)}, {test.resamples:,} resamples of {units} under the restriction"
    f = "the law leaves no residuals"
    if test.f is not None:
        f = (
            f"{_classical_p(test)}, F = {test.f:.3g} for {test.restrictions} and "
            f"{test.degrees_of_freedom} degrees of freedom, every point taken as independent"
        )
    size = "{:.3g} % of the loss" if test.log else "{:.4g}"
    rms = [size.format((100 if test.log else 1) * r) for r in (test.restricted_rms, test.rms)]
    return [
        ("resampled", _no_resamples(test) if test.p is None else resampled),
        ("classical", f),
        ("residual rms", f"{rms[0]} restricted, {rms[1]} free"),
        (
            "objective",
            f"{test.restricted_objective:.5g} restricted, {test.objective:.5g} free: half the sums "
            "of squared residuals, or of Huber's function of them",
        ),
        ("points", f"{test.points:,}"),
    ]


def _p(test: NestedTest) -> str:
    if test.p is None:
        return "p unknown"
    least = 1 / (1 + test.resamples)
    return f"p < {2 * least:.2g}" if test.p <= least else f"p = {test.p:.2g}"


def _classical_p(test: NestedTest) -> str:
    return f"p = {test.f_p:.2g}" if test.f_p else "p < 1e-300"


def _no_resamples(test: NestedTest) -> str:
    if test.units < LEAST_UNITS:
        few = counted(test.units, f"{test.unit} is too few", f"{test.unit}s are too few")
        return f"{few} to resample; at least {LEAST_UNITS} are needed"
    return "no resamples were asked for"
