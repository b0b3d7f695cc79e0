"""Laws that do not hold, and laws that do: what the test of the form refuses, and whether the
forecasts of what is still called identified hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd
from benchmarks.pool import all_cores
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

from superscope.forecasts import forecast
from superscope.laws import FitStatus, fit

FLOOR = 1.5
SMALLEST, LARGEST, FURTHER = 50.0, 50_000.0, 4.0
NOISES = 0.003, 0.01, 0.03
COUNTS = 12, 40, 120
RUNS = 1, 6, 20
LEAST = 5  # forecasts below which a share of them says nothing


def _power(x: np.ndarray, exponent: float = 0.35) -> np.ndarray:
    return np.asarray(30 * x**-exponent)


def _broken(x: np.ndarray, at: float, after: float) -> np.ndarray:
    return np.where(x < at, _power(x), _power(np.array(at)) * (x / at) ** -after) + FLOOR


TRUE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "power, exponent .35": lambda x: _power(x) + FLOOR,
    "power, exponent .6": lambda x: _power(x, 0.6) + FLOOR,
}
OTHERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
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
    each: Callable[..., Iterable[Seen]], draws: int, designs: tuple[str, ...] = (*TRUE, *OTHERS)
) -> Iterator[Result | Section]:
    """Yield the claims and the section, from so many draws of each design."""
    cells = [
        (design, noise, points, runs, seed)
        for design in designs
        for noise in NOISES
        for points in COUNTS
        for runs in RUNS
        if runs <= points / 2
        for seed in range(draws)
    ]
    seen = pd.DataFrame(map(asdict, each(_seen, *zip(*cells, strict=True))))
    yield from _claims(seen, draws)
    yield _section(seen, draws)


def _seen(design: str, noise: float, points: int, runs: int, seed: int) -> Seen:
    rng = np.random.default_rng([seed, points, runs, round(1e4 * noise)])
    law = (TRUE | OTHERS)[design]
    x = np.geomspace(SMALLEST, LARGEST, points)
    run = np.arange(points) % runs
    # Half of the variance is the run's own where there are several, and half the row's.
    own = noise * math.sqrt(0.5) * rng.standard_normal(runs) if runs > 1 else np.zeros(1)
    row = noise * (math.sqrt(0.5) if runs > 1 else 1.0)
    loss = law(x) * np.exp(own[run] + row * rng.standard_normal(points))
    table = pd.DataFrame({"x": x, "loss": loss, "run": run.astype(str)})
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


def _within(value: float, low: float | None, high: float | None) -> bool:
    return low is None or high is None or low <= value <= high


def _length(low: float | None, high: float | None) -> float:
    return math.nan if low is None or high is None else math.log(high / low)


def _claims(seen: pd.DataFrame, draws: int) -> Iterator[Result]:
    true = seen[seen["design"].isin(TRUE)]
    if len(true):
        yield Result(
            f"true laws whose form is refused, {len(true):,} simulated tables", "5 %",
            f"{100 * true['refused'].mean():.1f} %", 100 * float(true["refused"].mean()), "%", 6,
        )  # fmt: skip
    others = seen[~seen["design"].isin(TRUE)]
    missed = others[~others["alone"]]
    if len(missed):
        told = 100 * float((~missed["identified"]).mean())
        held = 100 * float((missed["identified"] & missed["holds"]).mean())
        yield Result(
            f"other laws, where the fitted law's own interval at {FURTHER:g} × the largest input "
            f"misses, {len(missed):,} tables: refused, not identified, or held by the printed one",
            "without test and bends: 0 % but for what is not identified",
            f"{told:.1f} % refused or not identified, {held:.1f} % held", told + held, "%", 90,
            least=True,
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


def _section(seen: pd.DataFrame, draws: int) -> Section:
    places = seen[seen["design"].isin(BENDS) & seen["beyond"].notna()]
    off = np.log(places["beyond"] / places["design"].map(BENDS).astype(np.float64)).abs()
    named = ""
    if len(off):
        middle, most = np.exp(off.quantile([0.5, 0.9]))
        named = (
            f"Where a law bends once and is refused, the place named is off by a factor of\n"
            f"{middle:.2g} (median) and {most:.2g} (nine of ten) in {len(off):,} tables."
        )
    text = f"""\
{draws} tables of each design, number of points, noise (of log loss) and number of runs, x evenly
from {SMALLEST:,.0f} to {LARGEST:,.0f} in logarithms, fitted by `power`; the forecast is that of one
new model at {FURTHER:g} × the largest x. With several runs half of the noise's variance is
a run's own. Shown are all numbers of runs together (6 and 20 runs only where a run has two points);
those apart are below. *refused*: the form does not hold. *missed*: the law's own interval, without
bends, does not hold the new loss. *held*: the printed interval holds it, among tables whose law is
called identified (how many; – below {LEAST}). *wider*: the printed interval's length over the law's
own there, median. {named}
All cells are in [CSV](data/laws_form.csv).

{markdown_table(_HEADER, _rows(seen, ["design", "noise", "points"]))}
By number of runs, all numbers of points and noises together:

{markdown_table(_RUN_HEADER, _rows(seen, ["design", "runs"]))}"""
    cells = seen.groupby(["design", "noise", "points", "runs"], sort=False)
    csv = cells.apply(_shares, include_groups=False).reset_index()
    content = csv.to_csv(index=False, float_format="%.4g").encode()
    return Section("The form", text, {"data/laws_form.csv": content})


_SHARES = "refused, %", "identified, %", "missed, %", "held, %", "wider"
_HEADER = "design", "noise", "points", *_SHARES
_RUN_HEADER = "design", "runs", *_SHARES


def _rows(seen: pd.DataFrame, by: list[str]) -> Iterator[tuple[str, ...]]:
    for key, own in seen.groupby(by, sort=False):
        found = _shares(own)
        held = "–"
        if found["called"] >= LEAST:
            held = f"{100 * found['held']:.0f} ({found['called']:.0f})"
        yield (
            *(str(k) for k in key), f"{100 * found['refused']:.0f}",
            f"{100 * found['identified']:.0f}", f"{100 * found['missed']:.0f}", held,
            f"{found['wider']:.2g}" if found["called"] >= LEAST else "–",
        )  # fmt: skip


def _shares(own: pd.DataFrame) -> pd.Series:
    called = own[own["identified"]]
    return pd.Series({
        "tables": len(own), "refused": own["refused"].mean(),
        "identified": own["identified"].mean(), "missed": 1 - own["alone"].mean(),
        "called": len(called), "held": called["holds"].mean(),
        "held_alone": called["alone"].mean(), "wider": called["wider"].median(),
    })  # fmt: skip
