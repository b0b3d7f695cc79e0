"""Simulated tables that are hard on intervals: noise far above Huber's δ, few runs, noise that
rises with an input; and whether a verdict hangs on the seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from benchmarks.pool import all_cores
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

from superscope.laws import TRUTHS, Interval, Law, fit, load_table, simulate
from superscope.laws.intervals import linear_interval

FAR = 4  # times the largest input: where a law with noise that rises is asked


@dataclass(frozen=True)
class Design:
    """Points of a law whose noise is far from Huber's δ = 1e-3, or far below it.

    Attributes
    ----------
    law, points
        Which, and how many.
    noise, tails
        Of log losses; degrees of freedom of Student's t, None for Gaussian noise.
    loss
        ``huber`` or ``squared``.
    """

    law: str
    points: int
    noise: float
    tails: float | None
    loss: str


DESIGNS = (
    Design("chinchilla", 34, 0.03, None, "huber"),
    Design("chinchilla", 240, 0.02, None, "huber"),
    Design("chinchilla", 240, 0.005, None, "huber"),
    Design("chinchilla", 60, 0.0015, None, "huber"),
    Design("chinchilla", 60, 0.0003, None, "huber"),
    Design("chinchilla", 60, 0.01, 2.5, "huber"),
    Design("power", 12, 0.01, None, "huber"),
    Design("power", 40, 0.005, None, "huber"),
    Design("shape", 100, 0.01, None, "huber"),
    Design("chinchilla", 60, 0.01, None, "squared"),
)
RUNS = (5, 6, 8, 12)
RISING = tuple((power, points) for power in (0.0, 0.3, 0.6) for points in (20, 40, 120))
VERDICTS = {
    "OPT": {"where": "family=opt"},
    "OPT, --exclude": {"exclude": "family != opt"},
    "GPT-2": {"where": "family=gpt2"},
    "Qwen": {"where": "family=Qwen"},
    "all families": {},
}


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield coverage on the designs, of few runs and of forecasts, and verdicts over seeds."""
    if setting.quick:
        yield from _parts(map, errors=1, tables=1, seeds=1)
        return
    with all_cores() as pool:
        yield from _parts(partial(pool.map, chunksize=4), errors=1000, tables=200, seeds=100)


def _parts(each: Callable, errors: int, tables: int, seeds: int) -> Iterator[Result | Section]:
    yield from _huber(each, errors)
    yield from _few_runs(each, tables)
    yield from _rising(each, tables)
    yield from _verdicts(each, seeds)


def _fit(law: str, table: pd.DataFrame, **options: object) -> Law:
    x = "x" if law == "power" else None
    return fit(table, law, x=x, judge=False, starts=4, progress=None, **options)


def _log_uniform(rng: np.random.Generator, low: float, high: float, count: int) -> np.ndarray:
    return np.exp(rng.uniform(np.log(low), np.log(high), count))


def _points(design: Design, rng: np.random.Generator) -> pd.DataFrame:
    n = design.points
    if design.law == "power":
        return pd.DataFrame({"x": np.geomspace(50, 50_000, n)})
    inputs = {"tokens": _log_uniform(rng, 1e9, 3e11, n)}
    if design.law == "shape":
        inputs |= {"width": _log_uniform(rng, 256, 5120, n), "depth": _log_uniform(rng, 3, 80, n)}
    else:
        inputs["parameters"] = _log_uniform(rng, 5e7, 1.6e10, n)
    return pd.DataFrame(inputs)


def _one_fit(design: Design, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    table = simulate(design.law, design=_points(design, rng), noise=0.0)
    n = design.points
    noise = rng.standard_normal(n) if design.tails is None else rng.standard_t(design.tails, n)
    table = table.assign(loss=table["loss"] * np.exp(design.noise * noise))
    found = _fit(design.law, table, loss=design.loss, residual="log", resamples=0)
    name = found.form.exponents[0]
    return {
        "away": found.parameters[name] - TRUTHS[design.law][name],
        "error": found.standard_errors[name] or np.nan,
        "held": TRUTHS[design.law][name] in found.intervals[name],
    }


def _huber(each: Callable, tables: int) -> Iterator[Result | Section]:
    rows, shares = [], []
    for design in DESIGNS:
        found = pd.DataFrame(each(_one_fit, [design] * tables, range(tables)))
        shares.append(100 * found["held"].mean())
        spread, error = found["away"].std(), found["error"].median()
        tails = "Gaussian" if design.tails is None else f"t of {design.tails:g}"
        rows.append((design.law, design.loss, str(design.points), f"{design.noise:g}", tails,
                     f"{spread:.3g}", f"{error:.3g}", f"{shares[-1]:.1f}"))  # fmt: skip
        print(*rows[-1], flush=True)
    header = ("law", "objective", "points", "noise", "its form", "true s.d. of the exponent",
              "median s.e.", "interval holds it, %")  # fmt: skip
    text = f"""\
The first exponent of laws whose noise (of log loss) lies far above or below Huber's δ = 0.001, in
{tables:,} simulated tables each: how much it scatters, the standard error that is printed, and how
many of its 95 % intervals (Student's, no resamples) hold the truth.

{markdown_table(header, rows)}"""
    yield Result(
        f"95 % intervals from standard errors that hold the truth, {len(DESIGNS)} designs",
        "95 %", f"{min(shares):.1f} to {max(shares):.1f} %",
        round(max(abs(share - 95) for share in shares), 1), "points from 95 %", 3,
    )  # fmt: skip
    yield Section("Standard errors", text)


def _runs(law: str, runs: int, rng: np.random.Generator) -> tuple[pd.DataFrame, float, float]:
    """Return a design of runs, and the noise of points and of runs."""
    if law == "time":
        run = np.repeat(np.arange(runs), 15).astype(str)
        tokens = np.tile(np.geomspace(1e8, 1e12, 15), runs)
        return pd.DataFrame({"run": run, "tokens": tokens}), 0.003, 0.01
    if law == "width":
        widths = np.round(np.geomspace(512, 8192, runs))
        rows = [
            {"model": f"model {i}", "family": "one", "dataset": f"text {d}", "width": width}
            for i, width in enumerate(widths)
            for d in range(4)
        ]
        return pd.DataFrame(rows), 0.02, 0.02
    sizes = _log_uniform(rng, 5e7, 5e9, runs)
    rows = [
        {"run": f"run {i}", "parameters": size, "tokens": tokens}
        for i, size in enumerate(sizes)
        for tokens in np.geomspace(1e9, 1e11, 10)
    ]
    return pd.DataFrame(rows), 0.003, 0.01


def _one_of_runs(law: str, runs: int, seed: int) -> list[dict[str, object]]:
    design, noise, of_run = _runs(law, runs, np.random.default_rng(seed))
    table = simulate(law, design=design, noise=noise, unit_noise=of_run, seed=seed)
    found = _fit(law, table, loss="squared", seed=seed)
    rows = []
    for name, value in found.parameters.items():
        truth = TRUTHS[law][name.partition("[")[0]]
        error = found.standard_errors[name]
        alone = Interval(None, None) if error is None else linear_interval(
            value, error, found.degrees_of_freedom, 0, np.inf
        )  # fmt: skip
        if name in found.form.exponents or name.startswith(found.form.floor):
            of = {"seed": seed, "parameter": name.partition("[")[0]}
            rows.append(of | {"held": truth in found.intervals[name], "alone": truth in alone})
    return rows


def _few_runs(each: Callable, tables: int) -> Iterator[Result | Section]:
    rows, shares = [], []
    for law in ("time", "width", "chinchilla"):
        for runs in RUNS:
            made = each(_one_of_runs, [law] * tables, [runs] * tables, range(tables))
            found = pd.DataFrame([row for some in made for row in some])
            by = 100 * found.groupby("parameter", sort=False)[["held", "alone"]].mean()
            for name, share in by.iterrows():
                shares.append(share["held"])
                rows.append((law, str(runs), str(name), f"{share['held']:.1f}",
                             f"{share['alone']:.1f}"))  # fmt: skip
            print(law, runs, by.round(1).to_dict(), flush=True)
    header = ("law", "runs", "parameter", "interval holds it, %", "joint Jacobian's, %")
    text = f"""\
Few runs of many points (15 checkpoints, 4 data sets, 10 budgets) that share an error of their run,
in {tables} tables each: how many 95 % intervals hold the truth. With fewer than ten runs they are
Student's, from fits without each run; from then on BCa. The last column takes every point as
independent.

{markdown_table(header, rows)}"""
    yield Result(
        "95 % intervals of exponents and floors that hold the truth, 5 to 12 runs", "95 %",
        f"{min(shares):.1f} to {max(shares):.1f} %",
        round(95 - min(shares), 1), "points below 95 %", 5,
    )  # fmt: skip
    yield Section("Few runs", text)


def _one_rising(power: float, points: int, seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    x = np.append(np.geomspace(50, 50_000, points), np.full(20, FAR * 50_000.0))
    truth = TRUTHS["power"]
    expected = truth["A"] * x ** -truth["alpha"] + truth["B"]
    loss = expected * np.exp(0.003 * (x / 1500) ** power * rng.standard_normal(len(x)))
    table = pd.DataFrame({"x": x, "loss": loss})[:points]
    found = _fit("power", table, loss="squared", residual="log", resamples=400, seed=seed)
    at, new = np.array([[FAR * 50_000.0]]), loss[points:]
    one, law = found.band(at, np.array([0]), new=True), found.band(at, np.array([0]))
    return {
        "new": float(np.mean((one.low[0] <= new) & (new <= one.high[0]))),
        "law": float(law.low[0] <= expected[-1] <= law.high[0]),
        "seen": float(bool(found.noise.column)),
    }


def _rising(each: Callable, tables: int) -> Iterator[Result | Section]:
    rows, worst = [], 100.0
    for power, points in RISING:
        made = each(_one_rising, [power] * tables, [points] * tables, range(tables))
        found = 100 * pd.DataFrame(made).mean()
        worst = min(worst, found["new"]) if points > 40 else worst
        rows.append((f"{power:g}", str(points), f"{found['seen']:.0f}", f"{found['new']:.1f}",
                     f"{found['law']:.1f}"))  # fmt: skip
        print(*rows[-1], flush=True)
    header = ("noise grows as x^", "points", "seen, %", "new model in its interval, %",
              "law's value in its, %")  # fmt: skip
    text = f"""\
Forecasts at {FAR} times the largest input, where noise (of log loss) grows as a power of it, in
{tables} tables each of `power` over three decades: in how many the residuals show it, and how many
95 % intervals of a new model and of the law's value hold it.

{markdown_table(header, rows)}"""
    yield Result(
        f"forecasts at {FAR} × whose 95 % interval holds a new model where noise grows, 120 "
        "points", "95 %", f"{worst:.1f} % at least", round(95 - worst, 1), "points below 95 %",
        None,
    )  # fmt: skip
    yield Section("Noise that depends on an input", text)


def _one_verdict(name: str, seed: int) -> tuple[str, ...]:
    law = fit(load_table("published-llms"), "width", seed=seed, progress=None, **VERDICTS[name])
    return (law.headline, *sorted({f"{f.status.value}: {f.about}" for f in law.findings}))


def _verdicts(each: Callable, seeds: int) -> Iterator[Result | Section]:
    rows, least = [], seeds
    for name in VERDICTS:
        found = Counter(v[0] for v in each(_one_verdict, [name] * seeds, range(seeds)))
        (headline, count), *_ = found.most_common()
        least = min(least, count)
        rows.append((name, headline, f"{count} of {seeds}"))
        print(*rows[-1], flush=True)
    text = f"""\
The verdict on families of `published-llms` (law `width`), fitted with {seeds} seeds each.

{markdown_table(("points", "verdict", "seeds"), rows)}"""
    yield Result(
        "seeds that agree on a verdict, the least of five choices of points", "all",
        f"{least} of {seeds}", round(100 * least / seeds, 1), "%", 99, least=True,
    )  # fmt: skip
    yield Section("Verdicts over seeds", text)
