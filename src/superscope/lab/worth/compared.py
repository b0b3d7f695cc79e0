"""Which runs of a table are compared: one setting of each variant at each budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from superscope.arguments import refuse_unknown
from superscope.errors import UsageError
from superscope.lab.rates import RATES, Edge, edge_of
from superscope.lab.variants.registry import spelled, variants_of
from superscope.lab.worth.bench import BENCH, CENTERED, RAW, Bench, bench_of

if TYPE_CHECKING:
    import pandas as pd

SAME_BUDGET = 1.05  # times: whole steps of other batches are not the same number of tokens
NEAR = 1.1  # times: a step that is more of a budget is not hidden
CELL = ["width", "tokens", "seed"]
SETTING = [*RATES, "decay", "batch"]
READ = ["variant", *SETTING, *CELL, "loss", RAW, CENTERED]  # of the runs that are compared


@dataclass(frozen=True)
class Setting:
    """What was tuned.

    Attributes
    ----------
    learning_rate, head_learning_rate
        Of the body and of the head's rows, at width 64.
    decay
        Weight decay.
    batch
        Sequences of a step.
    """

    learning_rate: float
    head_learning_rate: float
    decay: float
    batch: int


@dataclass(frozen=True)
class Choice:
    """Which runs of a variant are compared at a budget.

    Attributes
    ----------
    bench, variant, tokens
        Whose runs, and about how many tokens they read.
    setting
        The one with most runs.
    runs
        How many of it are compared.
    tries
        Learning rates that were tried beside each other, at one width, budget and seed.
    equally
        Other settings with as many runs. The one of least loss is taken, which is optimistic.
    searched
        Seeds that were only used to find the rates, and are not compared.
    diverged
        Runs of this setting without a loss.
    search
        Whether all its runs are tries of a search.
    body_edge, head_edge
        Whether the rate of body or head is at an end of those that were tried.
    """

    bench: Bench
    variant: str
    tokens: int
    setting: Setting
    runs: int
    tries: int
    equally: int
    searched: tuple[int, ...]
    diverged: int
    search: bool
    body_edge: Edge
    head_edge: Edge


@dataclass(frozen=True, eq=False)
class Compared:
    """The runs of a variant at a budget that are compared.

    Attributes
    ----------
    choice
        How they were chosen.
    rows
        The part of the table with a loss, one row for each width and seed, columns `READ`.
    """

    choice: Choice
    rows: pd.DataFrame

    def values(self, column: str) -> dict[int, dict[int, float]]:
        """Return a column by width, then by seed."""
        found: dict[int, dict[int, float]] = {}
        for row in self.rows[["width", "seed", column]].dropna().itertuples(index=False):
            found.setdefault(int(row[0]), {})[int(row[1])] = float(row[2])
        return found


Group = dict[str, Compared]
"""The runs of one bench and budget that are compared, by variant."""


def with_budgets(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which runs of about the same number of tokens have that of their budget.

    A run trains whole steps, and so a few tokens less than it was asked for: its budget is the
    roundest number that gives as many steps.

    Parameters
    ----------
    table
        Of lab runs.

    Raises
    ------
    UsageError
        Two runs differ in something that the table does not tell.
    """
    tokens = table["tokens"].to_numpy(np.int64)
    step = (table["batch"] * table["context"]).to_numpy(np.int64)
    given = np.unique(tokens)
    ends = np.append(np.flatnonzero(given[1:] > SAME_BUDGET * given[:-1]), len(given) - 1)
    place = np.searchsorted(given[ends], tokens)
    asked = [_roundest(int(t), int((tokens + step)[place == k].min()))
             for k, t in enumerate(given[ends].tolist())]  # fmt: skip
    budgets = np.array(asked, np.int64)[place]
    return _each_once(table.assign(tokens=budgets))


def _roundest(least: int, below: int) -> int:
    """Return the roundest number from the least on, if it is told from others; else the least."""
    sizes = [int(k * 10**digits) for digits in range(len(str(least)), -1, -1) for k in (5, 1)]
    for size in sizes if below <= NEAR * least else ():
        found = -(-least // size) * size
        if found < below:
            return found if found + size >= below else least
    return least


def _each_once(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without runs that another one equals but for its name.

    Raises
    ------
    UsageError
        Two runs differ in something that the table does not tell.
    """
    cell = [*BENCH, "variant", *SETTING, *CELL]
    once = table.drop_duplicates([*cell, "loss"], ignore_index=True)
    twice = once[once.duplicated(cell, keep=False)]
    if len(twice):
        first = twice.iloc[0]
        second = twice[(twice[cell].fillna(-1) == first[cell].fillna(-1)).all(axis=1)].iloc[1]
        raise UsageError(
            f"runs {first['run']} and {second['run']} ({first['variant']}, width {first['width']}, "
            f"seed {first['seed']}) have the same settings and other losses: they differ in "
            "something that the table does not tell; compare them apart"
        )
    return once


def named_in(table: pd.DataFrame, variant: str) -> str:
    """Return a variant as a table names it: ``bias`` is there as ``bias=1``.

    Parameters
    ----------
    table
        Of lab runs.
    variant
        As the table or a config names it.

    Raises
    ------
    UsageError
        The table has no such variant.
    """
    known = list(dict.fromkeys(table["variant"].astype(str)))
    if variant not in known:
        with suppress(UsageError):
            if (full := spelled(variants_of(variant))) in known:
                return full
    refuse_unknown("the table", "variant", [variant], known)
    return variant


def compared(table: pd.DataFrame) -> dict[tuple[Bench, int], Group]:
    """Return the runs that are compared, by bench and budget.

    Of the settings of a variant at a budget, the one with most runs is compared. Seeds that only
    occur where several rates were tried are left out, if there are others.

    Parameters
    ----------
    table
        Of lab runs.

    Returns
    -------
    dict
        By bench and budget; then by variant, in the order of the table.

    Raises
    ------
    UsageError
        Two runs differ in something that the table does not tell.
    """
    found: dict[tuple[Bench, int], Group] = {}
    for _, of_bench in with_budgets(table).groupby(BENCH, sort=True, dropna=False):
        bench = bench_of(of_bench)
        runs = of_bench[READ]  # of all columns, each selection takes several times as long
        for tokens in sorted(set(runs["tokens"])):
            of_budget = runs[runs["tokens"] == tokens]
            group: Group = {}
            for variant in dict.fromkeys(of_budget["variant"]):
                rows = runs[runs["variant"] == variant]
                group[str(variant)] = _chosen(bench, str(variant), int(tokens), rows)
            found[bench, int(tokens)] = group
    return found


def _chosen(bench: Bench, variant: str, tokens: int, rows: pd.DataFrame) -> Compared:
    """Return the runs of one variant that are compared at a budget; `rows` has all budgets."""
    at_budget = rows[rows["tokens"] == tokens]
    settings = {_setting(part): part for _, part in at_budget.groupby(SETTING, sort=True)}
    runs = max(map(len, settings.values()))
    most = [setting for setting, part in settings.items() if len(part) == runs]
    setting = min(most, key=lambda one: _mean_loss(settings[one]))
    alike = rows[(rows["decay"] == setting.decay) & (rows["batch"] == setting.batch)]
    tried = alike.drop_duplicates([*RATES, *CELL])
    cells = [(int(m), int(t), int(s)) for m, t, s in tried[CELL].to_numpy(np.int64)]
    tries = Counter(cells)
    several = tried[[tries[cell] > 1 for cell in cells]]
    of_search = _searched(settings[setting], tries, tokens)
    search = len(of_search) == settings[setting]["seed"].nunique()
    searched = () if search else of_search
    kept = settings[setting][~settings[setting]["seed"].isin(searched)]
    with_loss = kept[kept["loss"].notna()]
    return Compared(
        Choice(
            bench, variant, tokens, setting, len(kept), max(tries.values()), len(most) - 1,
            searched, len(kept) - len(with_loss), search,
            edge_of(setting.learning_rate, several[RATES[0]]),
            edge_of(setting.head_learning_rate, several[RATES[1]]),
        ),
        with_loss,
    )  # fmt: skip


def _setting(rows: pd.DataFrame) -> Setting:
    first = rows.iloc[0]
    return Setting(
        float(first["learning_rate"]), float(first["head_learning_rate"]), float(first["decay"]),
        int(first["batch"]),
    )  # fmt: skip


def _mean_loss(rows: pd.DataFrame) -> float:
    return float(rows["loss"].mean()) if rows["loss"].notna().all() else float("inf")


def _searched(
    rows: pd.DataFrame, tries: Mapping[tuple[int, int, int], int], tokens: int
) -> tuple[int, ...]:
    """Return the seeds of which every run has others beside it at other rates."""
    searched = {
        seed
        for seed in set(rows["seed"].astype(int))
        if all(tries[int(m), tokens, seed] > 1 for m in rows[rows["seed"] == seed]["width"])
    }
    return tuple(sorted(searched))
