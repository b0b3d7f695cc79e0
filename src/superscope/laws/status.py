"""What can be wrong with a fit, what to try, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


class FitStatus(Enum):
    """How far the data identify a law.

    Attributes
    ----------
    value
        What a finding of this kind is called.
    severe
        Whether the law is not identified for this reason.
    meaning, remedy
        What it says, and what to try.
    """

    severe: bool
    meaning: str
    remedy: str

    def __new__(cls, name: str, severe: bool, meaning: str, remedy: str) -> FitStatus:
        """Make a member whose value is its name in words."""
        member = object.__new__(cls)
        member._value_ = name
        member.severe, member.meaning, member.remedy = severe, meaning, remedy
        return member

    IDENTIFIED = "identified", False, "the data determine every parameter", ""
    NOT_JUDGED = (
        "not judged", False,
        "the fit was made without the judge: nothing is known of its stability",
        "fit with judge=True",
    )  # fmt: skip
    REPEATED = (
        "repeated rows", False,
        "rows repeat an earlier one in every column, and each counts as a point: if they are "
        "copies, all errors and intervals are too small",
        "remove rows that are copies; tell others apart by a column, such as seed",
    )  # fmt: skip
    LITTLE_FREEDOM = (
        "little freedom", False,
        "one or two points more than parameters: the law passes near them whatever is true",
        "add points, or fix a parameter",
    )  # fmt: skip
    WEAK = (
        "wide interval", False,
        "an exponent's 95 % interval, or its profile's, is wider than half its value; or a floor's "
        "reaches 0",
        "vary that input more widely, the others held fixed; or fix the exponent",
    )  # fmt: skip
    INFLUENTIAL = (
        "influential point", False,
        "one point, or one run, moves an exponent by more than is usual for so many",
        "check that point; report the fit with and without it",
    )  # fmt: skip
    BELOW_FLOOR = (
        "point below its floor", False,
        "a measured loss lies further below the floor than noise explains",
        "check that point: another text, tokenizer or training set?",
    )  # fmt: skip
    MOVES_INSIDE = (
        "moves inside its interval", False,
        "with other points excluded, an exponent moves by more than its standard error explains, "
        "but not out of its resampled interval",
        "say why points are excluded, and cite the resampled interval, not the standard error",
    )  # fmt: skip
    START_DEPENDENT = (
        "few starts agree", False,
        "fewer than one search in ten ended in the best minimum: a better one may exist",
        "try more starts, or bound the exponents",
    )  # fmt: skip
    UNITS = (
        "units in doubt", False,
        "numbers differ by factors near 1e6, as if units were mixed up",
        "give widths, parameters and tokens as plain counts",
    )  # fmt: skip
    POOLED = (
        "pooled", False,
        "points that a column tells apart share one law and one floor",
        "name the column in group, which gives each of its values a floor of its own; or in "
        "resample, which draws its values whole",
    )  # fmt: skip
    NOISE_DEPENDS = (
        "uneven noise", False,
        "the residuals are larger at one end of an input than at the other, and standard errors "
        "take them as alike",
        "weigh the points (weights loss_se), or take the interval that is resampled",
    )  # fmt: skip
    EXCESS_NOISE = (
        "more scatter than stated", False,
        "the residuals are larger than the standard errors in the table allow (χ²)",
        "ask what the stated errors leave out, such as another seed or another text; or try "
        "another law",
    )  # fmt: skip
    FORM = (
        "the form does not hold", True,
        "the residuals follow the inputs as they would if another law made them, and not as noise "
        "does",
        "fit the points on one side of the place named, or another law; forecast nothing beyond "
        "the data",
    )  # fmt: skip
    FEW_RUNS = (
        "few runs", False,
        "points of fewer than ten runs: how much the points of a run share is hardly known",
        "add runs, such as other seeds; more points of the same runs do not help",
    )  # fmt: skip
    BORDERLINE = (
        "borderline", False,
        "an interval ends so near to what the verdict turns on that other resamples might change "
        "the verdict",
        "draw more resamples",
    )  # fmt: skip
    SEVERAL_BEST = (
        "several best fits", True,
        "searches from different starts ended in equally good fits that are not the same",
        "name the column that tells different floors apart in group, or fit squares (loss squared)",
    )  # fmt: skip
    RESAMPLES_FAILED = (
        "resampled fits failed", True,
        "searches on resampled points never left the place where they began",
        "add points, fix a parameter, or fit squares (loss squared)",
    )  # fmt: skip
    UNDETERMINED = (
        "undetermined", True,
        "an exponent's 95 % interval, or its profile's, is wider than the exponent itself",
        "vary that input more widely, the others held fixed; or fix the exponent",
    )  # fmt: skip
    TERM_VANISHED = (
        "term vanished", True,
        "an amplitude is zero, so its exponent means nothing",
        "use a law without that term, or vary its input more widely",
    )  # fmt: skip
    FLOOR_AT_BOUND = (
        "floor at its bound", True,
        "the data show no floor; the exponents take its part",
        "measure larger models or more data, closer to the floor; fix the floor if it is known; "
        "or exclude what another law governs (early training, the smallest models)",
    )  # fmt: skip
    EXPONENT_AT_BOUND = (
        "exponent at its bound", True,
        "the search ended at the edge of the exponents it may try",
        "widen the bounds, or fix the exponent",
    )  # fmt: skip
    UNBOUNDED = (
        "unbounded interval", True,
        "the data do not limit the parameter on one side",
        "add points where that part is large, or fix the parameter",
    )  # fmt: skip
    COLLINEAR = (
        "collinear", True,
        "two parts of the law change alike over these points and cannot be told apart",
        "vary the inputs independently, or over a wider range; or fix one of the parameters",
    )  # fmt: skip
    UNSTABLE_EXCLUSION = (
        "moves with exclusion", True,
        "an exponent leaves its own interval when other points are excluded",
        "say why points are excluded, and report the range of exponents; a rule that says what the "
        "law is of belongs in where",
    )  # fmt: skip
    UNSTABLE_POINT = (
        "hangs on one point", True,
        "an exponent leaves its own interval when one point, or one run, is left out",
        "check that point; measure more points near it",
    )  # fmt: skip
    NO_DEGREES_OF_FREEDOM = (
        "no freedom left", True,
        "as many parameters as points: the law passes through them whatever is true",
        "add points, or fix a parameter",
    )  # fmt: skip
    ITERATION_LIMIT = (
        "iteration limit", True,
        "the best search stopped before it had converged",
        "try more starts, or bound the exponents",
    )  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One reason to doubt a law, and what it is about.

    Attributes
    ----------
    status
        Which kind.
    about
        The parameter, or the parts.
    text
        What was found, with its numbers.
    remedy
        What to try; the status's own, unless another fits this case better.
    """

    status: FitStatus
    about: str
    text: str
    remedy: str = ""

    def __post_init__(self) -> None:
        """Take the status's own remedy where no other is given."""
        if not self.remedy:
            object.__setattr__(self, "remedy", self.status.remedy)


def held_text(held: Mapping[str, float], floors: Sequence[str]) -> str:
    """Return what was held and not fitted, ``given alpha = 1``; empty if nothing was."""
    every_floor = len(floors) > 1 and set(floors) <= set(held)
    named = [f"{n} = {v:.4g}" for n, v in held.items() if not (every_floor and n in floors)]
    what = [*named, *(["every floor"] if every_floor else [])]
    return f"given {', '.join(what)}" if what else ""


def headline(findings: Sequence[Finding], held: str) -> str:
    """Return whether a law's form holds and the data identify it, and given what."""
    if any(f.status is FitStatus.FORM for f in findings):
        kind = "Refused"
    elif any(f.status.severe for f in findings):
        kind = "Not identified"
    else:
        kind = "Identified, with reservations" if findings else "Identified"
    return f"{kind}, {held}" if held else kind


def gravest_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order in which they are said.

    The form, what is severe, that rows repeat (so that no error is right), and the rest.
    """
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                f.status is not FitStatus.FORM,
                not f.status.severe,
                f.status is not FitStatus.REPEATED,
            ),
        )
    )


def verdict(findings: Sequence[Finding], held: str, *, whole: bool) -> str:
    """Return what the judge says, in a sentence or two; `whole` if all was tested."""
    refused = [f for f in findings if f.status is FitStatus.FORM]
    severe = [f for f in findings if f.status.severe]
    first = refused or severe or list(findings)
    said = f"{headline(findings, held)}: {'; '.join(f.text for f in first)}."
    others = [f.text for f in gravest_first(findings) if f not in first]
    if others:
        said += f" Also: {'; '.join(others)}."
    if not first:
        every = "every other parameter" if held else "every parameter"
        points = ", whichever points are left out" if whole else ""
        said = f"{headline(findings, held)}: the data determine {every}{points}."
    return said


def short_verdict(findings: Sequence[Finding], held: str) -> str:
    """Return the verdict by its kinds: ``not identified (floor at its bound: E)``."""
    only_severe = any(f.status.severe for f in findings)
    kinds: dict[str, list[str]] = {}
    for f in gravest_first(findings):
        if f.status.severe or not only_severe:
            kinds.setdefault(f.status.value, []).append(f.about)
    said = "; ".join(
        f"{kind}: {', '.join(filter(None, about))}".rstrip(": ") for kind, about in kinds.items()
    )
    start = headline(findings, held)
    start = start[0].lower() + start[1:]
    return f"{start} ({said})" if said else start
