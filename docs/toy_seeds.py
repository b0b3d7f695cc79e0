"""The part of docs/toy-sweep.md about seeds: by the engine, and by a script that is not ours.

Its data, docs/data/toy_seeds.csv, is made by benchmarks/plain_reference.py and
benchmarks/toy_seeds.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from superscope.laws import fit_exponent

DATA = Path(__file__).resolve().parent / "data" / "toy_seeds.csv"
SETTING = ["decay", "frequency_exponent", "width"]
DECAYS = {-1.0: "−1", -0.555556: "−5/9", 1.0: "1"}
SMALL = 200  # n of the small runs


def tables(sweep: pd.DataFrame, published: pd.DataFrame) -> dict[str, str]:
    """Return the tables by their places in the text, given the sweep (seed 0) and figure 6e."""
    runs = pd.concat([_first(sweep), pd.read_csv(DATA)])
    runs = runs.drop_duplicates([*SETTING, "script", "seed", "schedule", "features"], keep="last")
    return {
        "seeds": _seeds(runs),
        "exponents by seed": _exponents(runs, published),
        "scatter": _scatter(published),
        "plain": _plain(runs),
        "small": _small(runs),
    }


def _seeds(runs: pd.DataFrame) -> str:
    """Return how far the engine's losses of one setting are apart, and what averaging does."""
    rows = []
    for key, of in _of(runs, "engine", least=2).groupby(SETTING):
        log = np.log(of.loss_100)
        longer = [(of[f"loss_{k}"] / of.loss_100).mean() - 1 for k in (1000, 2000, 4000)]
        rows.append([
            *_named(key), f"{len(of)}", f"{np.exp(log.mean()):.4f}",
            f"{of.loss_100.min():.4f} to {of.loss_100.max():.4f}", f"{100 * log.std(ddof=1):.0f} %",
            *(f"{100 * value:+.1f} %" for value in longer),
        ])  # fmt: skip
    return markdown(
        ["γ", "α", "m", "seeds", "loss", "least to greatest", "spread", "1,000", "2,000", "4,000"],
        rows,
    )


def _plain(runs: pd.DataFrame) -> str:
    """Return the plain script's runs of full size beside the engine's of the same setting."""
    engine = _of(runs, "engine").groupby(SETTING)
    plain = _of(runs, "plain").sort_values([*SETTING, "seed", "schedule"])
    rows = []
    for run in plain.itertuples():
        key = (run.decay, run.frequency_exponent, run.width)
        of = engine.get_group(key)
        rows.append([
            *_named(key), f"{run.seed}", "the authors'" if run.schedule == "theirs" else "ours",
            f"{run.loss_100:.4f}", _range(of.loss_100, 4), f"{run.represented_fraction:.3f}",
            _range(of.represented_fraction, 3), f"{len(of)}",
        ])  # fmt: skip
    return markdown(
        ["γ", "α", "m", "seed", "schedule", "loss, plain", "engine", "share above ½, plain",
         "engine", "seeds of the engine"],
        rows,
    )  # fmt: skip


def _small(runs: pd.DataFrame) -> str:
    """Return the mean losses of many small runs by either, and of the schedules."""
    small = runs[runs.features == SMALL]
    rows = []
    for key, of in small.groupby(SETTING):
        by = dict(iter(of[of.schedule == "ours"].groupby("script")))
        logs = [np.log(by[name].loss_100) for name in ("plain", "engine")]
        shares = [by[name].represented_fraction for name in ("plain", "engine")]
        both = of[of.script == "plain"].pivot_table("loss_100", "seed", "schedule").dropna()
        step = np.log(both.theirs / both.ours)
        rows.append([
            *_named(key), f"{len(logs[0])}, {len(logs[1])}",
            *(f"{np.exp(log.mean()):.4f}" for log in logs),
            f"{100 * (logs[1].mean() - logs[0].mean()):+.1f} ± {100 * _error(*logs):.1f} %",
            *(f"{share.mean():.3f}" for share in shares),
            f"{round(shares[1].mean() - shares[0].mean(), 3) + 0.0:+.3f} ± {_error(*shares):.3f}",
            f"{100 * step.mean():+.3f} % (at most {100 * step.abs().max():.2f} %)",
        ])  # fmt: skip
    return markdown(
        ["γ", "α", "m", "seeds: plain, engine", "loss, plain", "engine", "difference",
         "share above ½, plain", "engine", "difference", "the authors' schedule for ours"],
        rows,
    )  # fmt: skip


def _first(sweep: pd.DataFrame) -> pd.DataFrame:
    """Return the sweep as rows of DATA; its loss is the mean of the last 100 steps."""
    columns = [*SETTING, "seed", "features", "represented_fraction", "share_norm_above_one"]
    return sweep[columns].assign(
        script="engine", schedule="ours", decay=sweep.decay.round(6), loss_100=sweep.loss
    )


def _exponents(runs: pd.DataFrame, published: pd.DataFrame) -> str:
    """Return the exponent of the loss in 1/m by seed, where all widths have the seed."""
    every = _of(runs, "engine")
    widths = every.width.nunique()
    rows = []
    for (decay, alpha), of in every.groupby(SETTING[:2]):
        fitted = [
            fit_exponent(seed.width, seed.loss_100).value
            for _, seed in of.groupby("seed")
            if len(seed) == widths
        ]
        theirs = published[
            np.isclose(published.weight_decay, decay, atol=1e-3)
            & (published.data_exponent_alpha == alpha)
        ].model_exponent_alpha_m
        if len(fitted) > 1 and len(theirs):
            rows.append([
                *_named((decay, alpha)),
                ", ".join(f"{value:.3f}" for value in fitted),
                f"{np.mean(fitted):.3f}", f"{theirs.item():.3f}",
            ])  # fmt: skip
    return markdown(["γ", "α", "exponents, one a seed", "mean", "published"], rows)


def _scatter(published: pd.DataFrame) -> str:
    """Say how much the published exponents scatter about a smooth curve over α.

    Third differences of a smooth curve are small; those of independent errors of standard
    deviation s have 20 s² as their mean square.
    """
    of = published[np.isclose(published.weight_decay, -5 / 9, atol=1e-3)]
    of = of.sort_values("data_exponent_alpha")
    third = np.diff(of.model_exponent_alpha_m, 3)
    middle = of.data_exponent_alpha.to_numpy()[:-3] + 1.5 * 0.125
    low, high = (np.sqrt((third[part] ** 2).mean() / 20) for part in (middle <= 1, middle > 1))
    return (
        f"The published exponents of neighbouring α scatter, too: by {low:.3f} for α ≤ 1 and by "
        f"{high:.3f} above, about a smooth curve (from third differences, γ = −5/9). Single seeds "
        f"of two sweeps then differ by √2 times that, {np.sqrt(2) * low:.3f} and "
        f"{np.sqrt(2) * high:.3f}."
    )


def _of(runs: pd.DataFrame, script: str, least: int = 1) -> pd.DataFrame:
    """Return a script's runs of full size, of settings with so many seeds."""
    of = runs[(runs.script == script) & (runs.features != SMALL)]
    return of[of.groupby(SETTING)["seed"].transform("size") >= least]


def _named(key: tuple[float, ...]) -> list[str]:
    return [DECAYS[key[0]], *(f"{value:g}" for value in key[1:])]


def _range(values: pd.Series, digits: int) -> str:
    return f"{values.min():.{digits}f} to {values.max():.{digits}f}"


def _error(a: pd.Series, b: pd.Series) -> float:
    return float(np.sqrt(a.var() / len(a) + b.var() / len(b)))


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
