"""One claim beside its baseline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """A claim, what was measured, and what it is compared with.

    Attributes
    ----------
    claim
        What is compared.
    baseline, ours
        Both sides, with units.
    figure
        The number that is promised.
    unit
        Of the figure: ``×`` for ratios, ``s``.
    limit
        What is promised of it.
    least
        Whether the figure must be at least (not at most) the limit.
    """

    claim: str
    baseline: str
    ours: str
    figure: float
    unit: str
    limit: float
    least: bool = False

    @property
    def holds(self) -> bool:
        return self.figure >= self.limit if self.least else self.figure <= self.limit

    @property
    def promise(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.limit:g} {self.unit}"

    @property
    def shown(self) -> str:
        return f"{self.figure:.3g} {self.unit}" + ("" if self.holds else " (missed)")


def as_text(r: Result) -> str:
    """Return a result as two lines."""
    return f"{r.claim}\n    {r.baseline} | {r.ours} | {r.shown}, promised {r.promise}"
