"""What a benchmark yields: claims beside their baselines, and sections of its page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


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
        What is promised of it; None: it is reported, not promised.
    least
        Whether the figure must be at least (not at most) the limit.
    """

    claim: str
    baseline: str
    ours: str
    figure: float
    unit: str
    limit: float | None
    least: bool = False

    @property
    def holds(self) -> bool:
        if self.limit is None:
            return True
        return self.figure >= self.limit if self.least else self.figure <= self.limit

    @property
    def promise(self) -> str:
        if self.limit is None:
            return "–"
        return f"{'≥' if self.least else '≤'} {self.limit:g} {self.unit}".rstrip()

    @property
    def shown(self) -> str:
        return f"{self.figure:.3g} {self.unit}".rstrip() + ("" if self.holds else " (missed)")


@dataclass(frozen=True)
class Section:
    """A part of a page below its claims.

    Attributes
    ----------
    title, text
        Its heading and what stands below it, in Markdown.
    files
        What belongs to it, by path from the page's folder.
    """

    title: str
    text: str
    files: Mapping[str, bytes] = field(default_factory=dict)


def as_text(r: Result) -> str:
    """Return a result as two lines."""
    return f"{r.claim}\n    {r.baseline} | {r.ours} | {r.shown}, promised {r.promise}"


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    names = list(header)
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
