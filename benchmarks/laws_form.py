"""Laws that do not hold, and laws that do: what the test of the form refuses, what any test could
refuse, and whether the forecasts of what is still called identified hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from benchmarks.pool import all_cores
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

from superscope.forecasts import forecast
from superscope.laws import FitStatus, check_form, fit

FLOOR = 1.5
SMALLEST, LARGEST, FURTHER = 50.0, 50_000.0, 4.0
NOISES = 0.003, 0.01, 0.03
COUNTS = 12, 40, 120
RUNS = 1, 6, 20
LEAST = 5  # forecasts below which a share of them says nothing
CHANCE = 0.05  # of refusing a true law
SURE = 0.99  # chance with which the best test refuses, above which one may be asked to
LEVEL_TABLES = 1000  # of each number of points, at least


Loss = Callable[[np.ndarray], np.ndarray]


def _power(x: np.ndarray, exponent: float = 0.35) -> np.ndarray:
    return np.asarray(30 * x**-exponent)


def _broken(x: np.ndarray, at: float, after: float) -> np.ndarray:
    return np.where(x < at, _power(x), _power(np.array(at)) * (x / at) ** -after) + FLOOR


TRUE: dict[str, Loss] = {
    "power, exponent .35": lambda x: _power(x) + FLOOR,
    "power, exponent .6": lambda x: _power(x, 0.6) + FLOOR,
    "power, exponent .2, floor .5": lambda x: _power(x, 0.2) + 0.5,
    "power, exponent 1, floor 3": lambda x: _power(x, 1.0) + 3,
}
OTHERS: dict[str, Loss] = {
    "steepens at 3,000: .35 to .8": lambda x: _broken(x, 3000, 0.8),
    "flattens at 30,000: .35 to .1": lambda x: _broken(x, 30_000, 0.1),
    "ends at 30,000: .35 to 0": lambda x: _broken(x, 30_000, 0.0),
    "hard floor from 10,000 on": lambda x: _broken(x, 10_000, 0.0),
    "logarithm": lambda x: 6 - 0.4 * np.log(x),
    "stretched exponential": lambda x: 6 * np.exp(-((x / 2000) ** 0.35)) + FLOOR,
    "two terms: .9 and .15": lambda x: _power(x, 0.9) + 2 * x**-0.15 + FLOOR,
    "step of .15 at 3,000": lambda x: _power(x) + FLOOR - 0.15 * (x > 3000),
}
BENDS = {
    "steepens at 3,000: .35 to .8": 3000, "flattens at 30,000: .35 to .1": 30_000,
    "ends at 30,000: .35 to 0": 30_000, "hard floor from 10,000 on": 10_000,
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What is said of one simulated table.

    Attributes
    ----------
    design, noise, points, runs, seed
        Which.
    refused, identified
        Whether the form does not hold, and whether the law is called identified.
    beyond
        Where the law is said to bend; NaN for nowhere.
    alone, holds
        Whether the forecast's interval holds the new model's loss: that of the law alone, and the
        one that is printed.
    wider
        The printed interval's length over the law's own, in log loss.
    """

    design: str
    noise: float
    points: int
    runs: int
    seed: int
    refused: bool
    identified: bool
    beyond: float
    alone: bool
    holds: bool
    wider: float


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield the claims and the section."""
    if setting.quick:
        yield from parts(map, 1, designs=("power, exponent .6",))
        return
    with all_cores() as pool:
        yield from parts(partial(pool.map, chunksize=16), 36)


def parts(
    each: Callable[..., Iterable[Any]], draws: int, designs: tuple[str, ...] = (*TRUE, *OTHERS)
) -> Iterator[Result | Section]:
    """Yield the claims and the section, from so many draws of each design."""
    cells = [(*cell, seed) for cell in _cells(designs) for seed in range(draws)]
    seen = pd.DataFrame(map(asdict, each(_seen, *zip(*cells, strict=True))))
    tables = LEVEL_TABLES if draws > 1 else 1
    asked = [(points, seed) for points in COUNTS for seed in range(tables)]
    level = pd.DataFrame(each(_level, *zip(*asked, strict=True)))
    yield from said(seen, level)


def said(seen: pd.DataFrame, level: pd.DataFrame) -> Iterator[Result | Section]:
    """Yield the claims and the section: of what was seen, and of true laws refused alone."""
    most = {cell: _most(*cell) for cell in _cells(tuple(seen["design"].unique()))}
    keys = zip(*(seen[name] for name in _CELL), strict=True)
    seen = seen.assign(most=[most[key] for key in keys])
    yield from _levels(level)
    yield from _claims(seen)
    yield _section(seen, level)


_CELL = "design", "noise", "points", "runs"


def _cells(designs: tuple[str, ...]) -> list[tuple[str, float, int, int]]:
    return [
        (design, noise, points, runs)
        for design in designs
        for noise in NOISES
        for points in COUNTS
        for runs in RUNS
        if runs <= points / 2
    ]


def _table(
    law: Loss, noise: float, points: int, runs: int, rng: np.random.Generator
) -> pd.DataFrame:
    x = np.geomspace(SMALLEST, LARGEST, points)
    run = np.arange(points) % runs
    # Half of the variance is the run's own where there are several, and half the row's.
    own = noise * math.sqrt(0.5) * rng.standard_normal(runs) if runs > 1 else np.zeros(1)
    row = noise * (math.sqrt(0.5) if runs > 1 else 1.0)
    loss = law(x) * np.exp(own[run] + row * rng.standard_normal(points))
    return pd.DataFrame({"x": x, "loss": loss, "run": run.astype(str)})


def _seen(design: str, noise: float, points: int, runs: int, seed: int) -> Seen:
    place = [*TRUE, *OTHERS].index(design)
    rng = np.random.default_rng([seed, points, runs, round(1e4 * noise), place])
    law = (TRUE | OTHERS)[design]
    table = _table(law, noise, points, runs, rng)
    found = fit(
        table, "power", x="x", starts=8, resamples=200 if runs >= 8 else 0, seed=seed, progress=None
    )
    said = forecast(found, x=FURTHER * LARGEST)
    new = float(law(np.array([FURTHER * LARGEST]))[0] * np.exp(noise * rng.standard_normal()))
    test = found.form_test
    beyond = test.beyond if test is not None and test.rejected else None
    return Seen(
        design, noise, points, runs, seed,
        refused=any(f.status is FitStatus.FORM for f in found.findings),
        identified=found.identified,
        beyond=math.nan if beyond is None else beyond,
        alone=_within(new, said.unbent.low, said.unbent.high),
        holds=_within(new, said.loss.low, said.loss.high),
        wider=_length(said.loss.low, said.loss.high) / _length(said.unbent.low, said.unbent.high),
    )  # fmt: skip


def _level(points: int, seed: int) -> dict[str, float]:
    """Return whether the test alone refuses a true law; exponent, floor and the rest at random."""
    rng = np.random.default_rng([points, seed])
    exponent, floor = rng.uniform(0.15, 1.2), rng.uniform(0.3, 4)
    noise = float(np.exp(rng.uniform(np.log(min(NOISES)), np.log(max(NOISES)))))
    runs = int(rng.choice([1, *(count for count in RUNS[1:] if count <= points / 2)]))
    table = _table(lambda x: _power(x, exponent) + floor, noise, points, runs, rng)
    law = fit(table, "power", x="x", starts=8, resamples=0, judge=False, progress=None)
    test = check_form(law, seed=seed)
    return {"points": points, "runs": runs, "refused": test.rejected, "p": test.p or math.nan}


def _most(design: str, noise: float, points: int, runs: int) -> float:
    """Return the greatest chance with which any test that refuses 5 % of true laws can refuse this.

    It is that of the most powerful test (Neyman and Pearson) against the nearest law of the form,
    where all else is known: both laws, and the noise.
    """
    from scipy.optimize import least_squares
    from scipy.stats import norm

    x = np.geomspace(SMALLEST, LARGEST, points)
    run = np.arange(points) % runs
    shared = (run[:, None] == run) if runs > 1 else np.eye(points)
    root = np.linalg.cholesky(noise**2 * (0.5 * np.eye(points) + 0.5 * shared))
    true = np.log((TRUE | OTHERS)[design](x))

    def off(law: np.ndarray) -> np.ndarray:
        scale, exponent, floor = law
        own = np.log(np.exp(scale) * (x / SMALLEST) ** -exponent + floor)
        return np.asarray(np.linalg.solve(root, own - true))

    least, ends = math.inf, np.exp(true[[0, -1]])
    for exponent in (0.1, 0.35, 0.8):
        for share in (0.2, 0.9):
            floor = share * ends[1]
            found = least_squares(
                off, [math.log(ends[0] - floor), exponent, floor],
                bounds=([-20, 1e-6, 0], [20, 20, ends[0]]), x_scale="jac", max_nfev=2000,
            )  # fmt: skip
            least = min(least, math.sqrt(2 * found.cost))
    return float(norm.cdf(least - norm.isf(CHANCE)))


def _within(value: float, low: float | None, high: float | None) -> bool:
    return low is None or high is None or low <= value <= high


def _length(low: float | None, high: float | None) -> float:
    return math.nan if low is None or high is None else math.log(high / low)


def _levels(level: pd.DataFrame) -> Iterator[Result]:
    share = level.groupby("points")["refused"].agg(["mean", "size"])
    error = math.sqrt(CHANCE * (1 - CHANCE) / share["size"].min())
    yield Result(
        f"true laws refused by the test of the form alone, {len(level):,} tables of other "
        "exponents and floors, the most of any number of points", "5 %",
        ", ".join(f"{n} points {100 * row['mean']:.1f} %" for n, row in share.iterrows()),
        100 * float(share["mean"].max()), "%", round(100 * (CHANCE + 2 * error), 1),
    )  # fmt: skip


def _claims(seen: pd.DataFrame) -> Iterator[Result]:
    true = seen[seen["design"].isin(TRUE)]
    if len(true):
        yield Result(
            f"true laws whose form is refused, {len(true):,} simulated tables", "5 %",
            f"{100 * true['refused'].mean():.1f} %", 100 * float(true["refused"].mean()), "%", 6,
        )  # fmt: skip
    others = seen[~seen["design"].isin(TRUE)]
    missed = others[~others["alone"]]
    told = 100 * float((~missed["identified"]).mean()) if len(missed) else math.nan
    where = (
        f"other laws, where the fitted law's own interval at {FURTHER:g} × the largest input misses"
    )
    if len(missed):
        held = 100 * float((missed["identified"] & missed["holds"]).mean())
        yield Result(
            f"{where}, {len(missed):,} tables: refused, not identified, or held by the printed one",
            "without test and bends: 0 % but for what is not identified",
            f"{told:.1f} % refused or not identified, {held:.1f} % held", told + held, "%", 90,
            least=True,
        )  # fmt: skip
        yield Result(
            f"{where}, {len(missed):,} tables: refused or not identified",
            f"the best test there can be refuses {100 * missed['most'].mean():.1f} % of such",
            f"{told:.1f} %", told, "%", 90, least=True,
        )  # fmt: skip
    sure = missed[missed["most"] >= SURE]
    if len(sure):
        told = 100 * float((~sure["identified"]).mean())
        yield Result(
            f"{where}, {len(sure):,} tables which the best test there can be refuses in "
            f"{100 * SURE:.0f} % at least: refused or not identified",
            f"{100 * sure['most'].mean():.1f} %", f"{told:.1f} %", told, "%", 90, least=True,
        )  # fmt: skip
    called = seen[seen["identified"]]
    kept = called[called["design"].isin(OTHERS)]
    for what, own in (("all laws", called), ("laws that do not hold", kept)):
        if not len(own):
            continue
        share = 100 * float(own["holds"].mean())
        yield Result(
            f"forecasts at {FURTHER:g} × of what is called identified, {what}, {len(own):,} "
            "tables: the 95 % interval holds the new loss",
            f"the law's own interval: {100 * own['alone'].mean():.1f} %", f"{share:.1f} %",
            share, "%", 90, least=True,
        )  # fmt: skip


def _section(seen: pd.DataFrame, level: pd.DataFrame) -> Section:
    draws = len(seen) // len(seen.groupby(list(_CELL)))
    places = seen[seen["design"].isin(BENDS) & seen["beyond"].notna()]
    off = np.log(places["beyond"] / places["design"].map(BENDS).astype(np.float64)).abs()
    named = ""
    if len(off):
        middle, most = np.exp(off.quantile([0.5, 0.9]))
        named = (
            f"Where a law bends once and is refused, the place named is off by a factor of\n"
            f"{middle:.2g} (median) and {most:.2g} (nine of ten) in {len(off):,} tables."
        )
    others = seen[seen["design"].isin(OTHERS)].drop_duplicates(list(_CELL))
    out_of_reach = others[others["most"] < 0.9]
    text = f"""\
{draws} tables of each design, number of points, noise (of log loss) and number of runs, x evenly
from {SMALLEST:,.0f} to {LARGEST:,.0f} in logarithms, fitted by `power`; the forecast is that of one
new model at {FURTHER:g} × the largest x. With several runs half of the noise's variance is
a run's own. Shown are all numbers of runs together (6 and 20 runs only where a run has two points);
those apart are below. *refused*: the form does not hold. *most*: the greatest chance with which any
test that refuses 5 % of true laws can refuse this one. It is that of the most powerful test (Neyman
and Pearson) against the nearest law of the form, which knows both laws and the noise. *missed*: the
law's own interval, without bends, does not hold the new loss. *held*: the printed interval holds
it, among tables whose law is called identified (how many; – below {LEAST}). *wider*: the printed
interval's length over the law's own there, median. {named}
All cells are in [CSV](data/laws_form.csv).

{markdown_table(_HEADER, _rows(seen, ["design", "noise", "points"]))}
By number of runs, all numbers of points and noises together:

{markdown_table(_RUN_HEADER, _rows(seen, ["design", "runs"]))}
No test can refuse 90 % in {len(out_of_reach)} of the {len(others)} cells of other laws, where
*most* is below that: {_named(out_of_reach)}.

The test of the form alone, on tables of true laws with other exponents (.15 to 1.2), floors (.3 to
4) and noises (.3 to 3 %):

{markdown_table(("points", "runs", "tables", "refused, %"), _level_rows(level))}"""
    cells = seen.groupby(list(_CELL), sort=False)
    csv = cells.apply(_shares, include_groups=False).reset_index()
    content = csv.to_csv(index=False, float_format="%.4g").encode()
    return Section("The form", text, {"data/laws_form.csv": content})


def _named(cells: pd.DataFrame) -> str:
    counts = cells.groupby(["noise", "design"], sort=False).size()
    return "; ".join(f"“{design}” at noise {noise} ({n})" for (noise, design), n in counts.items())


def _level_rows(level: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    for (points, runs), own in level.groupby(["points", "runs"]):
        share = float(own["refused"].mean())
        error = math.sqrt(CHANCE * (1 - CHANCE) / len(own))
        shown = f"{100 * share:.1f} ± {100 * error:.1f}"
        yield f"{points:.0f}", f"{runs:.0f}", f"{len(own):,}", shown


_SHARES = "refused, %", "most, %", "identified, %", "missed, %", "held, %", "wider"
_HEADER = "design", "noise", "points", *_SHARES
_RUN_HEADER = "design", "runs", *_SHARES


def _rows(seen: pd.DataFrame, by: list[str]) -> Iterator[tuple[str, ...]]:
    for key, own in seen.groupby(by, sort=False):
        found = _shares(own)
        held = "–"
        if found["called"] >= LEAST:
            held = f"{100 * found['held']:.0f} ({found['called']:.0f})"
        yield (
            *(str(k) for k in key), f"{100 * found['refused']:.0f}", f"{100 * found['most']:.0f}",
            f"{100 * found['identified']:.0f}", f"{100 * found['missed']:.0f}", held,
            f"{found['wider']:.2g}" if found["called"] >= LEAST else "–",
        )  # fmt: skip


def _shares(own: pd.DataFrame) -> pd.Series:
    called = own[own["identified"]]
    return pd.Series({
        "tables": len(own), "refused": own["refused"].mean(), "most": own["most"].mean(),
        "identified": own["identified"].mean(), "missed": 1 - own["alone"].mean(),
        "called": len(called), "held": called["holds"].mean(),
        "held_alone": called["alone"].mean(), "wider": called["wider"].median(),
    })  # fmt: skip
