"""One claim beside its baseline, and the page of them all."""

from __future__ import annotations

from collections.abc import Iterable
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


def as_markdown(results: Iterable[Result], machine: str) -> str:
    """Return the page of all results."""
    rows = "\n".join(
        f"| {r.claim} | {r.baseline} | {r.ours} | {r.shown} | {r.promise} |" for r in results
    )
    return f"""# Benchmarks

Written by `make bench`, which measures both sides of every line in one run; do not edit.

{machine}

| claim | baseline | superscope | figure | promised |
| --- | --- | --- | --- | --- |
{rows}

- The plain double loop is what the paper's script does: the overlaps of every two blocks of 4,096
  unit rows by one matrix product (torch, float32), squared and summed. The Gram route finds the
  same mean c² from the m × m Gram matrix; reading norms and normalizing is in its time.
- The bare products are those of the all-pairs pass and nothing else: the same tiles by the same
  library (numpy), of unit rows computed before. The pass adds mean and standard deviation of |c|,
  histogram, coherence, the 20 top pairs and the 10 nearest rows of every row, and computes unit
  rows as it goes.
- Memory is the peak resident memory of a process that measures (raw and mean-centered) beyond its
  peak after the same imports, over the size of the head in float32. A head in memory is itself
  part of it; one in a file is not. The compiled kernels of the all-pairs pass are loaded by
  importing them, and so belong to the imports.
- The limited process may use that much address space beyond its imports.
"""
