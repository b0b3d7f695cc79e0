"""Simulated tables of lab runs: how often the intervals of a variant's worth hold the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from benchmarks.result import Section, markdown_table
from benchmarks.setting import Setting

from superscope import lab
from superscope.lab.worth._simulate import simulated_loss

WIDTHS = (32, 64, 128)
WORTH = (1.0, 1.2, 0.9, 1.1, 1.3, 0.95, 1.05, 0.8, 1.0, 1.15, 1.0, 0.85, 1.25)
TABLES = {1: 800, 3: 400, 13: 100}  # simulated, by number of variants
ALONE = 1.2  # what a variant without others is worth
FACTORS = (*(f"factor at {m}" for m in WIDTHS), "mean factor")
HELD = ("gain at 64", "mean gain", *FACTORS)
KINDS = ("both ends", "one end beyond", "both beyond", "none")
NOISE, SHARED, ALIKE = 0.006, 0.02, 0.004  # nats per token


def run(setting: Setting) -> Iterator[Section]:
    """Yield how often intervals hold the truth and have both ends, for few variants and many."""
    covered, ended = [], []
    for variants, tables in ({1: 2} if setting.quick else TABLES).items():
        for alike in (False, True):
            found = [_table(variants, number, alike) for number in range(tables)]
            scatter = "differ, seeds alike" if alike else "same"
            false = _share([one.false] for one in found if one.false is not None)
            shares = [_share(one.held[name] for one in found) for name in HELD]
            covered.append((str(variants), scatter, str(tables), *shares, false))
            for name in FACTORS:
                kinds = [kind for one in found for kind in one.kinds[name]]
                counts = [f"{100 * kinds.count(kind) / len(kinds):.1f}" for kind in KINDS]
                ended.append((str(variants), scatter, name, *counts))
    header = ("variants", "noise", "tables", *(f"{name}, %" for name in HELD),
              "any false after Holm, %")  # fmt: skip
    text = f"""\
Share of the 95 % intervals that hold the truth, in simulated tables of three seeds and the widths
{", ".join(map(str, WIDTHS))}. At each width a seed has {SHARED} nats in common to all variants, and
each run {NOISE} of its own. "Differ": that noise differs between variants by a factor of e^±0.5,
and a seed of a variant moves all its widths alike, by {ALIKE}. An end beyond the baseline's widths
holds all that is beyond. The last column is the share of tables in which a variant that is worth
nothing stands after Holm's correction; – where there is none.

{markdown_table(header, covered)}
How many intervals of factors have both ends within the baseline's widths, or one or both beyond
them, and how many factors have no interval, in per cent. The variants are worth
{min(WORTH):g} to {max(WORTH):g} times the width; one alone is worth {ALONE:g}.

{markdown_table(("variants", "noise", "of", *KINDS), ended)}"""
    yield Section("Coverage of intervals", text)


@dataclass
class Table:
    """What intervals of a simulated table say.

    Attributes
    ----------
    held
        Whether each interval holds the truth; those that are there.
    kinds
        Which ends intervals of factors have.
    false
        Whether a variant that is worth nothing stands; None where there is none.
    """

    held: dict[str, list[bool]]
    kinds: dict[str, list[str]]
    false: bool | None


def _table(variants: int, number: int, alike: bool) -> Table:
    """Simulate a table, and return what its intervals say."""
    worth = {f"v{k}": ALONE if variants == 1 else f for k, f in enumerate(WORTH[:variants])}
    noise = 0.0 if alike else NOISE
    table = lab.simulate(worth, widths=WIDTHS, noise=noise, shared=SHARED, rng=number)
    gains = lab.gains(_with_alike(table, number) if alike else table)
    nothing = [c for c in gains.comparisons if worth[c.variant] == 1]
    false = any(c.adjusted is not None and c.adjusted < 0.05 for c in nothing) if nothing else None
    found = Table({name: [] for name in HELD}, {name: [] for name in FACTORS}, false)
    for one in gains.comparisons:
        factor = worth[one.variant]
        truth = [simulated_loss(m) - simulated_loss(m * factor) for m in WIDTHS]
        for name, gain, true in (
            ("gain at 64", one.widths[1].gain, truth[1]), ("mean gain", one.gain, np.mean(truth))
        ):  # fmt: skip
            found.held[name].append(gain.low <= true <= gain.high)
        factors = [*(at.factor for at in one.widths), one.factor]
        for name, of in zip(FACTORS, factors, strict=True):
            found.kinds[name].append(_kind(of))
            if of.ends is not None:
                found.held[name].append(of.ends[0] <= factor <= of.ends[1])
    return found


def _kind(factor: lab.Factor) -> str:
    """Return which ends of an interval are known."""
    if not factor.has_interval:
        return KINDS[-1]
    return KINDS[bool(factor.low_beyond) + bool(factor.high_beyond)]


def _share(held: Iterable[list[bool]]) -> str:
    """Return the share of intervals that hold the truth, in per cent; – if there is none."""
    each = [one for of_table in held for one in of_table]
    return f"{100 * np.mean(each):.1f}" if each else "–"


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
