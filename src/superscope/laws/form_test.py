"""What residuals say of a law's form."""

from __future__ import annotations

from dataclasses import dataclass

from superscope.laws.intervals import SIGNIFICANT
from superscope.result import Result
from superscope.text import as_text, number


@dataclass(frozen=True)
class FormTest(Result):
    """What residuals say of a law's form.

    Attributes
    ----------
    p
        Chance of residuals as orderly as these, or more so, if the form is true, with all that was
        looked for taken into account; None where it cannot be tested.
    missing
        Why not; empty where it was.
    text
        What is most unlike noise, and where: said where the form does not hold.
    column, beyond
        The input along which the law bends, and the value beyond which its exponent is another;
        empty and None where something else is most unlike noise.
    uneven
        On which input the size of the noise depends; empty where it does not seem to.
    excess, excess_p
        The residuals' size over that of the stated errors, and the chance of one as large, or
        larger (χ²); None where the table states none (the column loss_se).
    """

    p: float | None
    missing: str
    text: str = ""
    column: str = ""
    beyond: float | None = None
    uneven: str = ""
    excess: float | None = None
    excess_p: float | None = None

    @property
    def rejected(self) -> bool:
        """Whether the form does not hold."""
        return self.p is not None and self.p <= SIGNIFICANT

    @property
    def holds(self) -> bool | None:
        """Whether nothing speaks against the form; None where it cannot be tested."""
        return None if self.p is None else not self.rejected

    @property
    def reason(self) -> str:
        """Why the form does not hold, with its p-value; empty where it may."""
        return f"{self.text} (p = {number(self.p, 2)})" if self.p and self.rejected else ""

    @property
    def scatter(self) -> str:
        """How large the residuals are beside the stated errors; empty without any."""
        if self.excess is None or self.excess_p is None:
            return ""
        p = "< 1e-6" if self.excess_p < 1e-6 else f"= {number(self.excess_p, 2)}"
        times = number(self.excess, 2) if self.excess < 100 else f"{self.excess:,.0f}"
        return f"the residuals are {times} times as large as the stated errors (χ², p {p})"

    def __repr__(self) -> str:
        """Return what it says, in one line."""
        return f"FormTest({self})"


@as_text.register
def form_text(test: FormTest) -> str:
    """Return what residuals say of a form, in a sentence."""
    if test.p is None:
        return f"the form cannot be tested: {test.missing}"
    if test.rejected:
        return f"the form does not hold: {test.reason}"
    return f"nothing speaks against the form (p = {number(test.p, 2)})"
