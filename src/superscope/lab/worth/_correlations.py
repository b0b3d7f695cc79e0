"""Do overlap and loss go together, at one width, budget and variant?

Across widths they do because width changes both. Within a cell, runs differ in learning rate,
decay and batch alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from superscope.arguments import checked
from superscope.lab.results import LabRuns
from superscope.lab.worth.bench import BENCH, CENTERED, RAW, Bench, bench_of
from superscope.lab.worth.blocks import full_block
from superscope.lab.worth.compared import SETTING, with_budgets
from superscope.lab.worth.joined import table_of
from superscope.laws.formula import Floats
from superscope.laws.intervals import NORMAL
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

LEAST_SETTINGS = 4  # of a cell: a correlation of three is ±1 or ±0.5
PERMUTATIONS = 9999

Points = tuple[Floats, Floats]
"""Overlaps and losses of some settings."""


@dataclass(frozen=True, eq=False)
class Cell:
    """The runs of one variant, width and budget; a point is a setting, the mean over its seeds.

    Attributes
    ----------
    bench, tokens, variant, width
        Whose runs.
    raw, centered
        Mean square overlap of raw and of mean-centered rows, shape (settings,).
    loss
        Nats per token, shape (settings,).
    varied
        What differs between the settings: columns of the table.
    """

    bench: Bench
    tokens: int
    variant: str
    width: int
    raw: Floats
    centered: Floats
    loss: Floats
    varied: tuple[str, ...]

    def overlap(self, column: str) -> Floats:
        """Return one of the overlaps, by its column of the table."""
        return self.raw if column == RAW else self.centered


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


@dataclass(frozen=True, eq=False, repr=False)
class LabCorrelations(Result, Pictured):
    """Correlations of overlap and loss.

    Attributes
    ----------
    found
        By bench, budget and column: those of all cells together, across them, and of each cell.
    cells
        All cells, also those with too few settings for a correlation.
    """

    found: tuple[Correlation, ...]
    cells: tuple[Cell, ...]

    @property
    def benches(self) -> tuple[Bench, ...]:
        """Texts and bodies."""
        return tuple(dict.fromkeys(one.bench for one in self.found))

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
    cells = _cells(with_budgets(table_of(runs)))
    rng = np.random.default_rng(seed)
    found: list[Correlation] = []
    for bench, tokens in dict.fromkeys((c.bench, c.tokens) for c in cells):
        here = [c for c in cells if (c.bench, c.tokens) == (bench, tokens)]
        wide = [c for c in here if len(c.loss) >= LEAST_SETTINGS]
        for column in (RAW, CENTERED) if wide else ():
            of = partial(_correlation, bench, tokens, column, rng)
            points = [(c.overlap(column), c.loss) for c in here]
            every = [np.concatenate(side) for side in zip(*points, strict=True)]
            within = of(None, None, "within", [(c.overlap(column), c.loss) for c in wide])
            found.append(within)
            if len(here) > 1:
                found.append(of(None, None, "across", [(every[0], every[1])]))
            if len(wide) == 1:  # other permutations would have another p
                (one,) = wide
                found.append(replace(within, variant=one.variant, width=one.width, kind="cell"))
                continue
            found += [of(c.variant, c.width, "cell", [(c.overlap(column), c.loss)]) for c in wide]
    return LabCorrelations(tuple(found), cells)


def _cells(table: pd.DataFrame) -> tuple[Cell, ...]:
    """Return the settings of each variant, width and budget: means over the seeds they share."""
    columns = [RAW, CENTERED, "loss"]
    found = []
    for _, rows in table.dropna(subset=columns).groupby(
        [*BENCH, "tokens", "variant", "width"], dropna=False
    ):
        settings = [part for _, part in rows.groupby(SETTING, sort=True)]
        seeds = {k: set(part["seed"].astype(int)) for k, part in enumerate(settings)}
        block = full_block(seeds, wide=True)
        taken = [settings[k] for k in block.widths]
        means = np.array([
            part[part["seed"].isin(block.seeds)][columns].to_numpy(np.float64).mean(axis=0)
            for part in taken
        ])  # fmt: skip
        varied = tuple(c for c in SETTING if len({part[c].iloc[0] for part in taken}) > 1)
        first, (raw, centered, loss) = rows.iloc[0], means.T
        found.append(
            Cell(bench_of(rows), int(first["tokens"]), str(first["variant"]), int(first["width"]),
                 raw, centered, loss, varied)
        )  # fmt: skip
    return tuple(found)


def _correlation(  # noqa: PLR0917 - where it is, and what it is of
    bench: Bench, tokens: int, column: str, rng: np.random.Generator, variant: str | None,
    width: int | None, kind: str, cells: Sequence[Points],
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
