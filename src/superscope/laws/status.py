"""What can be wrong with a fit, and what to try."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class FitStatus(Enum):
    """How far the data identify a law. Each member says what it means and what to try."""

    IDENTIFIED = "identified"
    """Every parameter is determined by the data, whichever points are left out."""

    NOT_JUDGED = "not judged"
    """The fit was made without the judge: nothing is known of its stability."""

    WEAK = "weakly identified"
    """An exponent is known no better than to a quarter: its interval is over half its value."""

    INFLUENTIAL = "influential point"
    """Leaving out one point moves an exponent by more than one of so many should."""

    BELOW_FLOOR = "point below its floor"
    """A measured loss lies below the floor that the law says no width or data will pass."""

    START_DEPENDENT = "few starts agree"
    """Fewer than one search in ten ended in the best minimum: a better one may exist."""

    UNITS = "units in doubt"
    """Numbers of one column, or of two that belong together, differ by factors near 1e6."""

    TERM_VANISHED = "term vanished"
    """An amplitude is zero: its exponent means nothing."""

    FLOOR_AT_BOUND = "floor at its bound"
    """The floor is as low as it may be: the data show no floor, so the exponents take its part."""

    EXPONENT_AT_BOUND = "exponent at its bound"
    """The search ended at the edge of the exponents it may try."""

    UNBOUNDED = "unbounded interval"
    """The interval has no end on one side: the data do not limit the parameter there."""

    COLLINEAR = "collinear"
    """Two parts of the law change alike over these points and cannot be told apart."""

    UNSTABLE_EXCLUSION = "moves with exclusion"
    """An exponent leaves its own interval when other points are excluded."""

    UNSTABLE_POINT = "hangs on one point"
    """An exponent leaves its own interval when one point is left out."""

    NO_FREEDOM = "no freedom left"
    """As many parameters as points: the law passes through them whatever is true."""

    ITERATION_LIMIT = "iteration limit"
    """The best search stopped before it had converged."""

    @property
    def meaning(self) -> str:
        """What the status says, in a sentence."""
        return _MEANING[self]

    @property
    def remedy(self) -> str:
        """What to try."""
        return _REMEDY[self]

    @property
    def severe(self) -> bool:
        """Whether the law is not identified for this reason."""
        return self not in (
            FitStatus.IDENTIFIED, FitStatus.WEAK, FitStatus.INFLUENTIAL, FitStatus.UNITS,
            FitStatus.START_DEPENDENT, FitStatus.BELOW_FLOOR, FitStatus.NOT_JUDGED,
        )  # fmt: skip


_MEANING = {
    FitStatus.IDENTIFIED: "the data determine every parameter",
    FitStatus.NOT_JUDGED: "the fit was made without the judge",
    FitStatus.WEAK: "the 95 % interval of an exponent is wider than half its value",
    FitStatus.INFLUENTIAL: "one point moves an exponent by more than one of so many should",
    FitStatus.BELOW_FLOOR: "a measured loss lies below the floor that nothing should pass",
    FitStatus.START_DEPENDENT: "fewer than one search in ten ended in the best minimum",
    FitStatus.UNITS: "numbers differ by factors near 1e6, as if units were mixed up",
    FitStatus.TERM_VANISHED: "an amplitude is zero, so its exponent means nothing",
    FitStatus.FLOOR_AT_BOUND: "the data show no floor; the exponents take its part",
    FitStatus.EXPONENT_AT_BOUND: "the search ended at the edge of the exponents it may try",
    FitStatus.UNBOUNDED: "the data do not limit the parameter on one side",
    FitStatus.COLLINEAR: "two parts of the law change alike over these points",
    FitStatus.UNSTABLE_EXCLUSION: "an exponent leaves its interval when other points are excluded",
    FitStatus.UNSTABLE_POINT: "an exponent leaves its interval when one point is left out",
    FitStatus.NO_FREEDOM: "there are as many parameters as points",
    FitStatus.ITERATION_LIMIT: "the best search stopped before it had converged",
}
_REMEDY = {
    FitStatus.IDENTIFIED: "",
    FitStatus.NOT_JUDGED: "fit with judge=True",
    FitStatus.WEAK: "vary that input more widely, the others held fixed; or fix the exponent",
    FitStatus.INFLUENTIAL: "check that point; report the fit with and without it",
    FitStatus.BELOW_FLOOR: "check that point: another text, tokenizer or training set?",
    FitStatus.START_DEPENDENT: "more starts (--starts), or bounds on the exponents (--bound)",
    FitStatus.UNITS: "give widths, parameters and tokens as plain counts",
    FitStatus.TERM_VANISHED: "use a law without that term, or vary its input more widely",
    FitStatus.FLOOR_AT_BOUND: (
        "larger models or more data, closer to the floor; fix the floor (--fix) if it is known; "
        "or exclude what another law governs (early training, the smallest models)"
    ),
    FitStatus.EXPONENT_AT_BOUND: "wider bounds (--bound), or fix the exponent",
    FitStatus.UNBOUNDED: "more points where that part is large, or fix the parameter",
    FitStatus.COLLINEAR: (
        "vary the inputs independently, or over a wider range; or fix one of the parameters"
    ),
    FitStatus.UNSTABLE_EXCLUSION: "say why points are excluded, and report the range of exponents",
    FitStatus.UNSTABLE_POINT: "check that point; measure more points near it",
    FitStatus.NO_FREEDOM: "more points, or fix a parameter (--fix)",
    FitStatus.ITERATION_LIMIT: "more starts (--starts), or bounds on the exponents (--bound)",
}


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
