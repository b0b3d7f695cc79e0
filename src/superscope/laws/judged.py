"""What the judge's findings come to: whether a law is identified, given what, in words."""

from __future__ import annotations

from superscope.laws import status
from superscope.laws.exclusion import Excluded
from superscope.laws.form_test import FormTest
from superscope.laws.formula import Form
from superscope.laws.options import FitOptions
from superscope.laws.status import Finding, FitStatus
from superscope.text import counted


class Judged:
    """A law with its findings, and what was held and tied; see :class:`superscope.laws.Law`."""

    form: Form
    options: FitOptions
    parameters: dict[str, float]
    standard_errors: dict[str, float | None]
    excluded: tuple[Excluded, ...]
    findings: tuple[Finding, ...]
    form_test: FormTest | None
    interval_method: str

    @property
    def status(self) -> FitStatus:
        """The gravest finding, or that the law is identified."""
        ordered = status.gravest_first(self.findings)
        return ordered[0].status if ordered else FitStatus.IDENTIFIED

    @property
    def identified(self) -> bool:
        """Whether no finding is severe."""
        return not any(f.status.severe for f in self.findings)

    @property
    def refused(self) -> str:
        """Why the form does not hold; empty where it may."""
        return "" if self.form_test is None else self.form_test.reason

    @property
    def untested(self) -> tuple[str, ...]:
        """What the verdict leaves open, and why."""
        if self.form_test is None:
            return ()
        left = []
        if self.interval_method == "linear":
            asked = self.options.resamples
            why = "too few to resample" if asked else "no resamples were asked for"
            left.append(f"the parameters on resampled points ({why})")
        if self.form_test.p is None:
            left.append(f"the form ({self.form_test.missing})")
        return tuple(left)

    @property
    def scope(self) -> str:
        """Of which rows alone the verdict is, in a sentence; empty if of all of its models.

        Rules of `where` are never lifted, and one that compares an input, say, hides what the
        other points of the same models would change.
        """
        parts = [e for e in self.excluded if e.where and not e.choice and e.rows]
        if not parts:
            return ""
        rules = " and ".join(
            dict.fromkeys(f"({e.rule})" if " or " in e.rule else e.rule for e in parts)
        )
        others = counted(sum(len(e.rows) for e in parts), "other was", "others were")
        return f"Of the rows where {rules} only; {others} not looked at."

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a verdict ends with, in sentences: of which rows it is, and what was not tested."""
        untested = f"Not tested: {'; '.join(self.untested)}." if self.untested else ""
        return tuple(filter(None, (self.scope, untested)))

    @property
    def equal(self) -> tuple[str, ...]:
        """Parameters that were tied to one value; empty without any."""
        floors = list(self.parameters)[2 * len(self.form.terms) :]
        every = floors if self.form.floor in self.options.equal else []
        return tuple(n for n in self.parameters if n in (*self.options.equal, *every))

    @property
    def held(self) -> dict[str, float]:
        """Parameters that were held and not fitted, by name."""
        return {n: self.parameters[n] for n, error in self.standard_errors.items() if error == 0.0}

    @property
    def held_text(self) -> str:
        """What was held: ``given alpha = 1``; empty if nothing was."""
        return status.held_text(self.held, list(self.parameters)[2 * len(self.form.terms) :])

    @property
    def headline(self) -> str:
        """Whether the law's form holds and the data identify it, and given what."""
        return status.headline(self.findings, self.held_text)

    @property
    def doubt(self) -> str:
        """Why not to build on the law, as a caption has it; empty if it is identified."""
        if self.identified:
            return ""
        form = any(f.status is FitStatus.FORM for f in self.findings)
        return "refused: its form does not hold" if form else "not identified"

    @property
    def verdict(self) -> str:
        """What the judge says, in a sentence or two."""
        said = status.verdict(self.findings, self.held_text, whole=not self.untested)
        return " ".join([said, *self.remarks])

    @property
    def short_verdict(self) -> str:
        """The verdict by its kinds: ``not identified (floor at its bound: E)``."""
        return status.short_verdict(self.findings, self.held_text)
