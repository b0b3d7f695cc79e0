"""Learning rates chosen from a search: for each variant the best of equally many tries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from superscope.arguments import refuse_unknown
from superscope.errors import UsageError
from superscope.lab.table import read_table
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

Edge = Literal["", "least", "largest"]
"""Which end of the rates that were tried one is; empty if neither."""
RATES = ["learning_rate", "head_learning_rate"]
CELL = ["dataset", "architecture", "width", "tokens", "decay", "batch", "context", "seed"]
"""What the tries of a variant have in common."""


@dataclass(frozen=True)
class Rates:
    """The learning rates of a variant, at width 64, and the search that found them.

    Attributes
    ----------
    learning_rate, head_learning_rate
        Of the body, and of the head's rows.
    loss
        Mean held-out loss of the search at these rates, nats per token.
    tries
        How many pairs of rates were tried.
    at_edge
        Rates that are the largest or the smallest of several that were tried.
    seeds
        Of the runs of the search.
    """

    learning_rate: float
    head_learning_rate: float
    loss: float
    tries: int
    at_edge: tuple[str, ...]
    seeds: tuple[int, ...]


def read_rates(path: Path, variants: Iterable[str]) -> dict[str, Rates]:
    """Choose the learning rates of variants from the table of a search.

    Parameters
    ----------
    path
        A table that ``lab table`` wrote.
    variants
        As configs spell them.

    Returns
    -------
    dict
        The rates with the least mean loss, by variant. A try of which a run diverged is never one.

    Raises
    ------
    NotFoundError, FormatError
        There is no such table, or it is none of lab runs.
    UsageError
        A variant is not in the table, or its tries are not those of the other variants.
    """
    frame = read_table(path)
    asked = list(dict.fromkeys(variants))
    refuse_unknown(f"the search {path}", "variant", asked, sorted(set(frame["variant"])))
    found = {name: _best(path, name, frame[frame["variant"] == name]) for name in asked}
    _refuse_unequal(path, found)
    return found


def _best(path: Path, name: str, runs: pd.DataFrame) -> Rates:
    """Return the best rates of a variant's runs."""
    settings = runs.groupby(CELL, dropna=False).ngroup()
    losses: dict[tuple[float, float], float] = {}
    for _, tried in runs.groupby(RATES):
        body, head = (float(rate) for rate in tried[RATES].iloc[0])
        if (count := settings[tried.index].nunique()) < settings.nunique():
            raise UsageError(
                f"{path}: {name} was tried at the rates {body:g} and {head:g} in {count} of "
                f"{settings.nunique()} settings; finish the search, or leave those runs out"
            )
        losses[body, head] = math.inf if tried["loss"].isna().any() else tried["loss"].mean()
    best = min(losses, key=lambda rates: losses[rates])
    if losses[best] == math.inf:
        raise UsageError(f"{path}: {name} diverged at all rates that were tried")
    seeds = tuple(sorted(int(seed) for seed in runs["seed"].dropna().unique()))
    return Rates(*best, losses[best], len(losses), _at_edge(best, list(losses)), seeds)


def _at_edge(best: tuple[float, float], tried: list[tuple[float, float]]) -> tuple[str, ...]:
    """Return which of two rates is the least or the largest of several that were tried."""
    columns = zip(RATES, best, zip(*tried, strict=True), strict=True)
    return tuple(column for column, rate, values in columns if edge_of(rate, values))


def edge_of(rate: float, tried: Iterable[float]) -> Edge:
    """Return which end of the rates that were tried a rate is, if there are two or more.

    Parameters
    ----------
    rate
        One of them.
    tried
        All of them, in any order.

    Returns
    -------
    str
        ``least``, ``largest``, or nothing where others lie on both sides.
    """
    known = set(map(float, tried))
    if len(known) < 2:
        return ""
    return "largest" if rate >= max(known) else "least" if rate <= min(known) else ""


def _refuse_unequal(path: Path, found: Mapping[str, Rates]) -> None:
    """Refuse to compare variants of which some had more tries than others."""
    most = max(found, key=lambda name: found[name].tries)
    least = min(found, key=lambda name: found[name].tries)
    if found[most].tries != found[least].tries:
        raise UsageError(
            f"{path} has {counted(found[most].tries, 'pair')} of rates for {most} and "
            f"{found[least].tries} for {least}; give each variant the same number of tries"
        )
