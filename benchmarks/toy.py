"""The numba engine against the plain dense loop, as the throughput of the whole machine.

The plain loop has all cores to itself. Of the numba engine one single-threaded run trains on
each core at the same time, and their steps are added up.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.plain_toy import seconds_per_step
from benchmarks.pool import all_cores
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting
from threadpoolctl import threadpool_limits

from superscope.device import usable_cores
from superscope.toy import ToyConfig
from superscope.toy.denormals import denormals_flushed
from superscope.toy.engine import initial_weights
from superscope.toy.numba_engine import NumbaEngine
from superscope.toy.processor import one_blas_thread

WIDTHS = (10, 15, 25, 39, 63, 100)
DECAYS = (-1.0, 0.5)
EARLY, LATE = 500, 3000  # first and last steps that are timed on their own
PLAIN = 30  # steps of the plain loop whose median counts
SCRIPT = Path(__file__).with_name("plain_toy.py")


@dataclass(frozen=True)
class Times:
    """Seconds a step: over the first steps, the whole run, and the last steps."""

    early: float
    whole: float
    trained: float


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield the comparisons, as geometric means over widths, and how a step's cost grows."""
    yield from _comparisons(setting.quick)
    yield _cost_section(_costs(setting.quick))


def _comparisons(quick: bool) -> Iterator[Result]:
    n, batch, steps = (100, 128, 200) if quick else (1000, 2048, 20_000)
    widths = (5,) if quick else WIDTHS
    configs = [
        ToyConfig(n=n, width=width, batch=batch, steps=steps, decay=decay)
        for decay in DECAYS
        for width in widths
    ]
    with tempfile.TemporaryDirectory() as folder:
        if quick:
            ours = {config: _timed(config, folder) for config in configs}
        else:
            ours = _ours(configs, folder)
        plain = {config: _plain(config, folder, apart=not quick) for config in configs}
    cores = usable_cores()
    ratios = {
        config: (
            plain[config].early * cores / ours[config].early,
            plain[config].whole * cores / ours[config].whole,
            plain[config].trained * cores / ours[config].trained,
        )
        for config in configs
    }
    size = f"n = {n:,}, batch {batch:,}, α = 1, widths {widths[0]} to {widths[-1]}"
    for decay, promised in zip(DECAYS, (20, 12), strict=True):
        of = [c for c in configs if c.decay == decay]
        at = f"γ = {_signed(decay)}, {size}"
        yield _result(f"trained state, {at}", of, plain, ours, ratios, 2, promised)
        yield _result(f"whole run of {steps:,} steps, {at}", of, plain, ours, ratios, 1, 12)
    yield _result(
        f"first {min(EARLY, steps):,} steps, both γ, {size}", configs, plain, ours, ratios, 0, 4
    )


def _result(claim, configs, plain, ours, ratios, which, promised) -> Result:
    name = ("early", "whole", "trained")[which]
    shown = []
    for side, factor in ((plain, 1.0), (ours, 1 / usable_cores())):
        steps = [1e3 * factor * getattr(side[config], name) for config in configs]
        shown.append(f"{min(steps):.3g} to {max(steps):.3g} ms a step")
    each = [ratios[config][which] for config in configs]
    mean = float(np.exp(np.mean(np.log(each))))
    by_width = ", ".join(f"{ratio:.0f}" for ratio in each)
    return Result(
        f"toy model, numba engine against the plain dense loop: {claim}; each: {by_width}",
        shown[0], f"{shown[1]} (of the machine)", mean, "×", promised, least=True,
    )  # fmt: skip


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _ours(configs: list[ToyConfig], folder: str) -> dict[ToyConfig, Times]:
    """Train all configs, as many at a time as there are cores."""
    with all_cores() as pool:
        # Some again at the end, so that every run that counts has company to its last step.
        every = [*configs, *configs[: usable_cores() - 1]]
        times = list(pool.map(_timed, every, [folder] * len(every)))
    return dict(zip(configs, times[: len(configs)], strict=True))


def _weights(config: ToyConfig, folder: str) -> Path:
    return Path(folder) / f"{config.identity}.npz"


def _timed(config: ToyConfig, folder: str) -> Times:
    """Train a config as ``superscope.toy.train`` does, looking at the clock."""
    rng = np.random.default_rng(config.seed)
    engine = NumbaEngine(config, *initial_weights(config, rng))
    times = np.empty(config.steps + 1)
    with denormals_flushed(), one_blas_thread():
        times[0] = time.perf_counter()
        for step in range(config.steps):
            engine.loss(engine.draw(rng)).sum()
            engine.update()
            times[step + 1] = time.perf_counter()
    np.savez(_weights(config, folder), W=engine.W, b=engine.b)
    early, late = min(EARLY, config.steps), min(LATE, config.steps)
    return Times(
        early=(times[early] - times[0]) / early,
        whole=(times[-1] - times[0]) / config.steps,
        trained=(times[-1] - times[-1 - late]) / late,
    )


def _plain(config: ToyConfig, folder: str, apart: bool) -> Times:
    """Time the plain loop at the start and from our trained weights, each in its own process."""
    sizes = (config.n, config.width, config.batch, config.alpha, config.decay, PLAIN)
    weights = str(_weights(config, folder))
    if apart:
        start, trained = (_in_a_process(*sizes, *more) for more in ((), (weights,)))
    else:
        start, trained = (seconds_per_step(*sizes, given) for given in (None, weights))
    # Dense products take as long whatever is in them; a whole run is mostly the trained state.
    return Times(early=start, whole=trained, trained=trained)


def _in_a_process(*arguments: object) -> float:
    command = [sys.executable, SCRIPT, *map(str, arguments)]
    return float(subprocess.check_output(command, text=True))


@dataclass(frozen=True)
class Cost:
    """What a step of one single-threaded run costs.

    Attributes
    ----------
    varied, value
        Which size differs from n = 1,000, m = 39, batch 2,048, and its value.
    step, product
        Milliseconds of a step, and of the one product that remains in it.
    """

    varied: str
    value: int
    step: float
    product: float


SIZES = {
    "n": (250, 500, 1000, 2000, 4000, 8000),
    "width": (4, 10, 25, 63, 160, 400),
    "batch": (128, 512, 2048, 8192),
}


def _costs(quick: bool) -> list[Cost]:
    """Measure a step near the end of a short run, at each size, and its product alone."""
    found = []
    steps = 20 if quick else 1500
    for varied, values in SIZES.items():
        for value in values[:2] if quick else values:
            config = ToyConfig(**{"steps": steps, varied: value})
            rng = np.random.default_rng(0)
            engine = NumbaEngine(config, *initial_weights(config, rng))
            times = []
            with denormals_flushed(), one_blas_thread():
                for _ in range(steps):
                    begin = time.perf_counter()
                    batch = engine.draw(rng)
                    engine.loss(batch)
                    engine.update()
                    times.append(time.perf_counter() - begin)
            step = 1e3 * float(np.median(times[-100:]))
            cost = Cost(varied, value, step, _product(config, len(np.unique(batch.ids))))
            print(json.dumps(cost.__dict__), flush=True)
            found.append(cost)
    return found


def _product(config: ToyConfig, distinct: int) -> float:
    """Return the milliseconds of (distinct × m) by (m × n), on one thread."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((distinct, config.width), np.float32)
    W = rng.standard_normal((config.n, config.width), np.float32)
    out = np.empty((distinct, config.n), np.float32)
    times = []
    with threadpool_limits(1, "blas"):
        for _ in range(30):
            begin = time.perf_counter()
            np.matmul(rows, W.T, out=out)
            times.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(times))


def _cost_section(found: list[Cost]) -> Section:
    rows = (
        (f"{cost.varied} = {cost.value:,}", f"{cost.step:.3g}", f"{cost.product:.3g}")
        for cost in found
    )
    text = f"""\
One run on one thread, near the end of 1,500 steps at α = 1 and γ = −1, where up to twice as many
outputs are on as after 20,000; what is not named is n = 1,000, m = 39 and batch 2,048. The floor is
the one product that remains in a step, of the distinct active features' rows by Wᵀ.

![Milliseconds of a step and of its one product against n, m and batch](images/toy-cost.png)

{markdown_table(("size", "step, ms", "its one product, ms"), rows)}"""
    return Section("How cost grows", text, {"images/toy-cost.png": _figure(found)})


def _figure(found: list[Cost]) -> bytes:
    """Return how a step's cost grows with n, m and batch, with its floor beside it, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panels = figure.subplots(1, len(SIZES), sharey=True)
    for panel, (varied, label) in zip(
        panels, {"n": "features n", "width": "width m", "batch": "batch"}.items(), strict=True
    ):
        of = [cost for cost in found if cost.varied == varied]
        x = [cost.value for cost in of]
        panel.loglog(x, [cost.step for cost in of], "o-", label="a step")
        panel.loglog(x, [cost.product for cost in of], "s--", color="gray", label="its one product")
        panel.set_xlabel(label)
        panel.set_xticks(x, [f"{value:,}" for value in x], rotation=45)
        panel.minorticks_off()
    panels[0].set_ylabel("milliseconds, one thread")
    panels[0].legend(frameon=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=150, metadata={"Software": None})
    return file.getvalue()
