"""Do overlap and loss go together, at one width, budget and variant?

Across widths they do because width changes both. Within a cell, runs differ in learning rate,
decay and batch alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from superscope.arguments import checked
from superscope.lab.results import LabRuns
from superscope.lab.worth._slopes import CENTERED, RAW
from superscope.lab.worth.blocks import full_block
from superscope.lab.worth.compared import BENCH, SETTING, Bench, bench_of, with_budgets
from superscope.lab.worth.joined import table_of
from superscope.laws.formula import Floats
from superscope.result import Result
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

LEAST_SETTINGS = 4  # of a cell: a correlation of three is ±1 or ±0.5
PERMUTATIONS = 9999
NORMAL = 1.959964  # standard normal quantile of a 95 % interval

Points = tuple[Floats, Floats]
"""Overlaps and losses of some settings."""


@dataclass(frozen=True)
class Correlation:
    """Spearman's correlation of mean square overlap and loss.

    Attributes
    ----------
    bench, tokens
        Of which runs.
    variant, width
        Of which runs; None where it pools the cells of all.
    column
        Which overlap: of raw or of mean-centered rows.
    kind
        ``cell``; ``within`` pools cells, with ranks within each; ``across`` ranks all runs of a
        budget together, so that width and variant are confounded with overlap.
    settings, cells
        Points, and cells they lie in. A point is the mean over seeds.
    value, low, high
        The correlation and its 95 % interval (Bonett & Wright 2000); None where too few.
    p
        Of permutations within cells, two-sided.
    """

    bench: Bench
    tokens: int
    variant: str | None
    width: int | None
    column: str
    kind: str
    settings: int
    cells: int
    value: float
    low: float | None
    high: float | None
    p: float


@dataclass(frozen=True, repr=False)
class LabCorrelations(Result):
    """Correlations of overlap and loss.

    Attributes
    ----------
    found
        By bench, budget and column: those of all cells together, across them, and of each cell.
    """

    found: tuple[Correlation, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each correlation."""
        import pandas as pd

        rows = [
            {
                "dataset": c.bench.dataset, "architecture": c.bench.architecture,
                "tokens": c.tokens, "variant": c.variant, "width": c.width, "of": c.column,
                "kind": c.kind, "settings": c.settings, "cells": c.cells, "spearman": c.value,
                "low": c.low, "high": c.high, "p": c.p,
            }
            for c in self.found
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(FRAME)).astype(FRAME)

    def __repr__(self) -> str:
        return f"LabCorrelations({counted(len(self.found), 'correlation')})"


FRAME = {
    **dict.fromkeys(("dataset", "architecture"), "string"), "tokens": "Int64",
    "variant": "string", "width": "Int64", **dict.fromkeys(("of", "kind"), "string"),
    **dict.fromkeys(("settings", "cells"), "Int64"),
    **dict.fromkeys(("spearman", "low", "high", "p"), "Float64"),
}  # fmt: skip


@checked
def correlations(runs: LabRuns | pd.DataFrame, *, seed: int = 0) -> LabCorrelations:
    """Correlate overlap and loss over learning rate, decay and batch, and across all runs.

    Parameters
    ----------
    runs
        Runs, or a table of them.
    seed
        Of the permutations.

    Returns
    -------
    LabCorrelations
        Empty where no variant has four settings or more at one width and budget.

    Raises
    ------
    FormatError, UsageError
        The table is of another kind.
    """
    table = with_budgets(table_of(runs))
    table = table[table["loss"].notna()]
    rng = np.random.default_rng(seed)
    found: list[Correlation] = []
    for _, rows in table.groupby([*BENCH, "tokens"], sort=True):
        bench, tokens = bench_of(rows), int(rows["tokens"].iloc[0])
        for column in (RAW, CENTERED):
            known = rows[rows[column].notna()]
            cells = {
                (str(part["variant"].iloc[0]), int(part["width"].iloc[0])): _points(part, column)
                for _, part in known.groupby(["variant", "width"], sort=True)
            }
            wide = {at: of for at, of in cells.items() if len(of[0]) >= LEAST_SETTINGS}
            if not wide:
                continue
            within = list(wide.values())
            every = [np.concatenate(side) for side in zip(*cells.values(), strict=True)]
            found.append(_of(bench, tokens, None, None, column, "within", within, rng))
            found.append(
                _of(bench, tokens, None, None, column, "across", [(every[0], every[1])], rng)
            )
            found += [_of(bench, tokens, *at, column, "cell", [of], rng) for at, of in wide.items()]
    return LabCorrelations(tuple(found))


def _points(rows: pd.DataFrame, column: str) -> Points:
    """Return overlap and loss of each setting: means over the seeds that all of them have."""
    settings = [part for _, part in rows.groupby(SETTING, sort=True)]
    seeds = {k: set(part["seed"].astype(int)) for k, part in enumerate(settings)}
    block = full_block(seeds, wide=True)
    means = [
        part[part["seed"].isin(block.seeds)][[column, "loss"]].astype(float).mean()
        for part in (settings[k] for k in block.widths)
    ]
    return np.array([m[column] for m in means]), np.array([m["loss"] for m in means])


def _of(  # noqa: PLR0917 - where it is, and what it is of
    bench: Bench, tokens: int, variant: str | None, width: int | None, column: str, kind: str,
    cells: Sequence[Points], rng: np.random.Generator,
) -> Correlation:  # fmt: skip
    ranked = [(_ranks(x), _ranks(y)) for x, y in cells]
    value = _pooled(ranked)
    chance = np.zeros(PERMUTATIONS)
    scale = _scale(ranked)
    for x, y in ranked:
        chance += rng.permuted(np.tile(y, (PERMUTATIONS, 1)), axis=1) @ x / scale
    p = (1 + np.sum(np.abs(chance) >= abs(value) - 1e-12)) / (1 + PERMUTATIONS)
    points = sum(len(x) for x, _ in ranked)
    low, high = _interval(value, points - len(cells) - 2)
    return Correlation(
        bench, tokens, variant, width, column, kind, points, len(cells), value, low, high, float(p)
    )


def _ranks(values: Floats) -> Floats:
    from scipy.stats import rankdata

    ranks = rankdata(values)
    return np.asarray(ranks - ranks.mean(), np.float64)


def _scale(ranked: Sequence[Points]) -> float:
    squares = [sum(float(side @ side) for side in sides) for sides in zip(*ranked, strict=True)]
    return math.sqrt(squares[0] * squares[1]) or 1.0


def _pooled(ranked: Sequence[Points]) -> float:
    """Return the correlation of ranks that are centered within their cells."""
    return sum(float(x @ y) for x, y in ranked) / _scale(ranked)


def _interval(value: float, degrees_of_freedom: int) -> tuple[float | None, float | None]:
    if degrees_of_freedom < 1:
        return None, None
    z = math.atanh(max(-1 + 1e-12, min(1 - 1e-12, value)))
    half = NORMAL * math.sqrt((1 + value**2 / 2) / degrees_of_freedom)
    return math.tanh(z - half), math.tanh(z + half)
