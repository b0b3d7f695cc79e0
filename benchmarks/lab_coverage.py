"""Simulated tables of lab runs: how often the intervals of a variant's worth hold the truth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from benchmarks.result import Section, markdown_table
from benchmarks.setting import Setting

from superscope import lab
from superscope.lab.worth._simulate import simulated_loss

WIDTHS = (32, 64, 128)
WORTH = (1.0, 1.2, 0.9, 1.1, 1.3, 0.95, 1.05, 0.8, 1.0, 1.15, 1.0, 0.85, 1.25)
TABLES = {1: 800, 3: 400, 13: 100}  # simulated, by number of variants
NOISE, SHARED, ALIKE = 0.006, 0.02, 0.004  # nats per token


def run(setting: Setting) -> Iterator[Section]:
    """Yield the share of intervals that hold the truth, for few variants and for many."""
    rows = []
    for variants, tables in ({1: 2} if setting.quick else TABLES).items():
        for alike in (False, True):
            held, false = _held(variants, tables, alike)
            shares = (f"{100 * np.mean(found):.1f}" for found in held.values())
            scatter = "differ, seeds alike" if alike else "same"
            rows.append((str(variants), scatter, str(tables), *shares, f"{100 * false:.1f}"))
    header = ("variants", "noise", "tables", "gain at width 64, %", "factor at width 64, %",
              "mean gain, %", "mean factor, %", "any false after Holm, %")  # fmt: skip
    text = f"""\
Share of the 95 % intervals that hold the truth, in simulated tables of three seeds and the widths
{", ".join(map(str, WIDTHS))}. At each width a seed has {SHARED} nats in common to all variants, and
each run {NOISE} of its own. "Differ": that noise differs between variants by a factor of e^±0.5,
and a seed of a variant moves all its widths alike, by {ALIKE}. The last column is the share of
tables in which a variant that is worth nothing stands after Holm's correction.

{markdown_table(header, rows)}"""
    yield Section("Coverage of intervals", text)


def _held(variants: int, tables: int, alike: bool) -> tuple[dict[str, list[bool]], float]:
    """Return whether each interval holds the truth, and the share of tables with a false gain."""
    worth = {f"v{k}": 1.2 if variants == 1 else f for k, f in enumerate(WORTH[:variants])}
    held: dict[str, list[bool]] = {"gain": [], "factor": [], "mean gain": [], "mean factor": []}
    false = []
    for number in range(tables):
        table = lab.simulate(
            worth, widths=WIDTHS, noise=0.0 if alike else NOISE, shared=SHARED, rng=number
        )
        gains = lab.gains(_with_alike(table, number) if alike else table)
        for one in gains.comparisons:
            factor, at = worth[one.variant], one.widths[1]
            truth = {m: simulated_loss(m) - simulated_loss(m * factor) for m in WIDTHS}
            held["gain"].append(at.gain.low <= truth[at.width] <= at.gain.high)
            if at.factor.value is not None:
                low, high = at.factor.low or 0, at.factor.high or np.inf
                held["factor"].append(low <= factor <= high)
            mean = np.mean(list(truth.values()))
            held["mean gain"].append(one.gain.low <= mean <= one.gain.high)
            held["mean factor"].append(one.factor.low <= factor <= one.factor.high)
        false.append(any(c.adjusted < 0.05 for c in gains.comparisons if worth[c.variant] == 1))
    return held, float(np.mean(false))


def _with_alike(table, number: int):
    """Return a table with noise that differs between variants, and seeds that act alike."""
    draw = np.random.default_rng([number, 1])
    variants = table["variant"].unique()
    scale = dict(zip(variants, np.exp(0.5 * draw.standard_normal(len(variants))), strict=True))
    pairs = table[["variant", "seed"]].drop_duplicates().itertuples(index=False, name=None)
    moved = {pair: ALIKE * draw.standard_normal() for pair in pairs}
    noise = [
        moved[variant, seed] + NOISE * scale[variant] * draw.standard_normal()
        for variant, seed in zip(table["variant"], table["seed"], strict=True)
    ]
    return table.assign(loss=table["loss"] + noise)
