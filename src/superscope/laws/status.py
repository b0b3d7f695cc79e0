"""What can be wrong with a fit, and what to try."""

from __future__ import annotations

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
    WEAK = (
        "weakly identified", False,
        "an exponent's 95 % interval, or its profile's, is wider than half its value; or a floor's "
        "reaches 0",
        "vary that input more widely, the others held fixed; or fix the exponent",
    )  # fmt: skip
    INFLUENTIAL = (
        "influential point", False,
        "one point moves an exponent by more than one of so many should",
        "check that point; report the fit with and without it",
    )  # fmt: skip
    BELOW_FLOOR = (
        "point below its floor", False,
        "a measured loss lies below the floor that nothing should pass",
        "check that point: another text, tokenizer or training set?",
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
        "say why points are excluded, and report the range of exponents",
    )  # fmt: skip
    UNSTABLE_POINT = (
        "hangs on one point", True,
        "an exponent leaves its own interval when one point is left out",
        "check that point; measure more points near it",
    )  # fmt: skip
    NO_FREEDOM = (
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
    """

    status: FitStatus
    about: str
    text: str
