"""Simulated families of which the truth is known: steps found, false ones, and verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

from superscope.laws import Estimate
from superscope.study import Curves, Learned, Shape, emergence, toy_curves
from superscope.study.emerging._emergence import LEAST_IMPROVING
from superscope.study.emerging.result import having
from superscope.study.emerging.simulated import WIDTHS, make_curves
from superscope.study.emerging.tested import rejected
from superscope.toy import ToyConfig, train

FEW = (16, 24, 32, 48, 64, 96)
TOKENS, SEEDS = 200, 5
SHARES, SIZES, COUNTS = (0.0, 0.1, 0.4, 0.9), (0.1, 0.3, 1.0), (5, 7, 10)
GRID = 0.005  # half of what shares that are tried differ by
ERRORS = (("low", 1.0, 0.01), ("high", 3.0, 0.05))  # of the text, and between models
TOY_WIDTHS = (5, 8, 13, 20, 32, 50, 80, 125)


@dataclass(frozen=True)
class Design:
    """A kind of simulated family.

    Attributes
    ----------
    name
        What it is called.
    steps
        True share of steps.
    widths, models
        How many of each.
    scatter, unequal, common
        Of models of one width, how far tokens differ in it, and what all tokens have in common.
    """

    name: str
    steps: float
    widths: tuple[int, ...] = WIDTHS
    models: int = 1
    scatter: float = 0.0
    unequal: float = 0.0
    common: float = 0.0

    @property
    def right(self) -> tuple[Learned, ...]:
        """The verdicts that are right; where the truth is at a limit, several."""
        if self.steps == 1:
            return (Learned.ONE_BY_ONE,)
        return (Learned.TOGETHER,) if self.steps <= 0.1 else (Learned.MIXED,)


DESIGNS = (
    Design("8 widths, planted steps", 0.1),
    Design("8 widths, no steps", 0.0),
    Design("8 widths, half steps", 0.5),
    Design("8 widths, all steps", 1.0),
    Design("models differ by 2 %, one of each width", 0.1, scatter=0.02),
    Design("models differ by 2 %, two of each width", 0.1, models=2, scatter=0.02),
    Design("all tokens of a model by 5 %, one of each width, no steps", 0.0, common=0.05),
    Design("all tokens of a model by 5 %, one of each width", 0.1, common=0.05),
    Design("all tokens of a model by 5 %, two of each width", 0.1, models=2, common=0.05),
    Design("by 10 %, tokens unequally, two, no steps", 0.0, models=2, scatter=0.1, unequal=0.8),
    Design("by 10 %, tokens unequally, two, all steps", 1.0, models=2, scatter=0.1, unequal=0.8),
    Design("6 widths, planted steps", 0.1, FEW),
    Design("6 widths, all tokens by 5 %, one, no steps", 0.0, FEW, common=0.05),
    Design("6 widths, by 2 %, two, no steps", 0.0, FEW, models=2, scatter=0.02),
    Design("6 widths, by 2 %, two, all steps", 1.0, FEW, models=2, scatter=0.02),
)


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield false and found steps of planted ones, all designs, and the toy model."""
    tokens, seeds = (60, 1) if setting.quick else (TOKENS, SEEDS)
    rows = []
    for k, design in enumerate(DESIGNS[:2] if setting.quick else DESIGNS):
        counted = [_counted(design, tokens, seed) for seed in range(seeds)]
        false, told, found, true, right, held, power = np.array(counted, float).sum(axis=0)
        if k == 0:
            yield Result(
                "planted steps, 10 % of tokens: false ones among those said to step",
                f"{true:.0f} of {tokens * seeds:,} tokens step", f"{told:.0f} said to step",
                100 * false / max(1, told), "%", 5,
            )  # fmt: skip
            yield Result(
                "planted steps, 10 % of tokens: found", f"{true:.0f} step", f"{found:.0f} found",
                100 * found / max(1, true), "%", 80, least=True,
            )  # fmt: skip
        rows.append((
            design.name, f"{100 * design.steps:.0f}", f"{told:.0f}", f"{false:.0f}",
            f"{100 * found / true:.0f}" if true else "–", f"{100 * power / seeds:.0f}",
            f"{held:.0f}", f"{right:.0f}",
        ))  # fmt: skip
    header = ("family", "true steps, %", "said to step", "false", "found, %", "power stated, %",
              "share held", "verdict right")  # fmt: skip
    yield Section(
        "Simulated families",
        f"""\
Each is {seeds} families of {tokens} tokens. The last two columns count families: how often the
95 % interval of the share of steps holds it, and how often the verdict is right.

{markdown_table(header, rows)}""",
    )
    yield from _shares(setting.quick)
    yield from _toy(setting.quick)


def _shares(quick: bool) -> Iterator[Result | Section]:
    """Yield how often intervals of the share of steps hold it, and how long they are."""
    rows, every = [], []
    designs = list(product(SHARES, COUNTS))[: 2 if quick else None]
    for models in (1,) if quick else (1, 2, 3):
        for error, noise, scatter in ERRORS[: 1 if quick else None]:
            for size in SIZES[-1 if quick else 0 :]:
                cells = [
                    _share_held(
                        share, models=models, size=size, noise=noise, scatter=scatter,
                        widths=tuple(np.rint(np.geomspace(32, 512, count)).astype(int).tolist()),
                        seed=k,
                    )
                    for k, (share, count) in enumerate(designs)
                ]  # fmt: skip
                every += cells
                known = np.array([cell for cell in cells if cell is not None])
                held, length, power = known.mean(axis=0) if len(known) else (0, 0, 0)
                rows.append((
                    str(models), error, f"{2 * size:g}", f"{100 * power:.0f}", str(len(known)),
                    f"{held * len(known):.0f}", f"{100 * length:.0f}",
                ))  # fmt: skip
    known = np.array([cell for cell in every if cell is not None])
    yield Result(
        "share of steps: 95 % intervals that hold it", f"{len(known)} families with known shares",
        f"{known[:, 0].sum():.0f} held", 100 * float(known[:, 0].mean()), "%", 90, least=True,
    )  # fmt: skip
    header = ("models of a width", "errors", "fall, nats", "power stated, %", "families", "held",
              "mean length, points")  # fmt: skip
    yield Section(
        "The share of steps",
        f"""\
Families of {TOKENS} tokens of which {", ".join(f"{100 * s:.0f}" for s in SHARES)} % step, with
{", ".join(map(str, COUNTS))} widths from 32 to 512 each; falls differ by a factor of 8 about
what is said, and losses are 1 to 8 nats. Errors of the text are low (as above) or three times as
large, and models of one width differ by 1 or 5 % of a loss. What is held is the share among the
tokens that are found to improve, where 10 or more are.

{markdown_table(header, rows)}""",
    )


def _share_held(share: float, **design: Any) -> tuple[float, float, float] | None:
    """Return whether the interval holds the share, its length, and the power of single tests."""
    curves, truth = make_curves(TOKENS, share, **design)
    found = emergence(curves, resamples=100)
    improving = rejected(found.p_flat, found.fdr)
    if improving.sum() < LEAST_IMPROVING:
        return None
    said, true = found.share, float((truth == "step")[improving].mean())
    assert said is not None and said.low is not None and said.high is not None
    held = said.low - GRID <= true <= said.high + GRID
    return held, said.high - said.low, found.power_of_steps or 0.0


def _counted(design: Design, tokens: int, seed: int) -> tuple[float, ...]:
    curves, truth = make_curves(
        tokens, design.steps, widths=design.widths, models=design.models, scatter=design.scatter,
        unequal=design.unequal, common=design.common, seed=seed,
    )  # fmt: skip
    found = emergence(curves, resamples=1000)
    step = having(found.shapes, Shape.STEP)
    true = truth == "step"
    share = found.share
    held = share is not None and share.low <= true.mean() <= share.high  # type: ignore[operator]
    return (
        (step & ~true).sum(), step.sum(), (step & true).sum(), true.sum(),
        found.verdict in design.right, held, found.power_of_steps or 0.0,
    )  # fmt: skip


def _toy(quick: bool) -> Iterator[Result | Section]:
    rows = []
    for decay, said, limit in ((-1.0, "growth, γ = −1", 20), (1.0, "decay, γ = 1", 80)):
        curves = _toy_curves(decay, quick)
        for least in (1,) if quick else (100, 50):
            found = emergence(curves, least=least, resamples=1000)
            share, order = found.share, found.order
            if least != 50:
                yield Result(
                    f"toy model under {said}: share of features that step",
                    f"{len(found.ids)} features", f"learned {found.verdict}",
                    100 * (0.5 if share is None else share.value), "%", limit, least=decay > 0,
                )  # fmt: skip
            rows.append((
                f"{decay:g}".replace("-", "−"), str(len(found.ids)), str(found.verdict),
                _interval(share),
                *(str(found.count(s)) for s in Shape), "–" if order is None else f"{order:.2f}",
            ))  # fmt: skip
    header = ("γ", "features", "verdict", "share of steps", *map(str, Shape), "rank correlation")
    yield Section(
        "The toy model",
        f"""\
n = 1,000 features, α = 1, two models of each of the widths {", ".join(map(str, TOY_WIDTHS))},
6,000 steps of 1,024 samples, biases that begin at 0. The features are those with 100 and with 50
expected occurrences or more in the samples. The correlation is that of frequency and the width of
the step. The rarer ones of growth are learned late, too: they have been seen less than 7,600
times.

{markdown_table(header, rows)}""",
    )


def _interval(share: Estimate | None) -> str:
    if share is None:
        return "–"
    return f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f})"


def _toy_curves(decay: float, quick: bool) -> Curves:
    n, steps, batch, widths = (30, 50, 32, (2, 3, 5, 8)) if quick else (
        1000, 6000, 1024, TOY_WIDTHS
    )  # fmt: skip
    runs = [
        train(
            ToyConfig(n=n, width=m, steps=steps, batch=batch, decay=decay, seed=seed, bias="zeros")
        )
        for seed in range(2)
        for m in widths
    ]
    return toy_curves(runs, samples=64 if quick else 4096)
