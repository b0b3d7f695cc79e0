"""Bootstrap refits of the law ``shape``, against Adam on the same resamples."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch
from benchmarks.adam_laws import minimize
from benchmarks.result import Result
from benchmarks.setting import Setting

from superscope.device import usable_cores
from superscope.laws import FitOptions, load_public, simulate
from superscope.laws.linearization import residuals
from superscope.laws.points import select
from superscope.laws.problem import Problem, make_problem
from superscope.laws.resampling import bootstrap

Floats = npt.NDArray[np.float64]

POINTS = 203
TIMED = 3  # resamples that Adam fits one by one
RATES = (0.03, 0.01, 0.003, 0.001)
FIRST_USE = """
import time, numba
begin = time.perf_counter()
import superscope.laws.kernels
print(time.perf_counter() - begin)
"""


def run(setting: Setting) -> Iterator[Result]:
    """Yield the refits' time, both ratios to Adam's, whose minimum is lower, and first use."""
    count, steps, batched = (20, 20, 5) if setting.quick else (1000, 10_000, 200)
    problem, table = _shape(setting)
    found = problem.solve(problem.points.weights[None])
    ours, draws = _best_time(problem, found.exponents, count)
    objectives = _objectives(problem, draws, count)
    refits = f"{count:,} bootstrap refits of shape, {table}"
    yield Result(f"{refits}, all cores", "–", f"{ours:.3g} s", ours, "s", 10)

    start = problem.parameters(found.exponents, found.linear)[0]
    weights = _weights(problem, count)[:TIMED]
    plain = {
        rate: _one_by_one(problem, start, weights, rate, steps, centered=False) for rate in RATES
    }
    rate = min(plain, key=lambda rate: float(plain[rate][1].sum()))
    each, reached = plain[rate]
    yield Result(
        f"{refits}, against {steps:,} steps of plain Adam for each, one by one (rate {rate:g})",
        f"{each:.3g} s each, {each * count:,.0f} s in all", f"{ours:.3g} s",
        each * count / ours, "×", 1000, least=True,
    )  # fmt: skip
    yield _lower("plain Adam", objectives, reached)

    together = _together(problem, start, count, batched) * steps
    yield Result(
        f"{refits}, against {steps:,} steps of a stronger Adam: all at once, inputs centered",
        f"{together:,.0f} s in all", f"{ours:.3g} s", together / ours, "×", None,
    )  # fmt: skip
    _, reached = _one_by_one(problem, start, weights, RATES[-1], steps, centered=True)
    yield _lower("the stronger Adam", objectives, reached)

    if setting.quick:
        return
    compiling, loading = _first_use()
    yield Result(
        "first use of the laws' compiled kernels, once on a machine",
        f"every later process: {loading:.2g} s", f"{compiling:.3g} s", compiling, "s", None,
    )  # fmt: skip


def _shape(setting: Setting) -> tuple[Problem, str]:
    """Return the problem as ``fit`` makes it, and what its points are."""
    if setting.quick:
        frame, options = simulate("shape").head(POINTS), FitOptions()
        said = f"{POINTS} simulated points"
    else:
        frame = load_public("chinchilla-shapes", setting.data)
        options = FitOptions(drop_highest=40)
        said = f"{POINTS} Chinchilla runs (40 highest left out)"
    form = options.form("shape")
    points = select(frame, form, options).points
    if len(points) != POINTS:
        raise AssertionError(f"{len(points)} points, not {POINTS}")
    return make_problem(form, points, options), said


def _best_time(problem: Problem, exponents: Floats, count: int) -> tuple[float, Floats]:
    bootstrap(problem, exponents, 16, 0)  # loads or compiles, starts threads
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        draws = bootstrap(problem, exponents, count, 0)
        times.append(time.perf_counter() - begin)
    return min(times), draws


def _weights(problem: Problem, count: int) -> Floats:
    """Return the weights that `bootstrap` draws with seed 0, shape (count, n)."""
    drawn = np.random.default_rng(0).multinomial(POINTS, np.full(POINTS, 1 / POINTS), count)
    return drawn[:, problem.points.unit] * problem.points.weights


def _objectives(problem: Problem, draws: Floats, count: int) -> Floats:
    """Return our objectives, computed again from the parameters."""
    squares = np.square([residuals(problem, parameters) for parameters in draws])
    return np.asarray(0.5 * np.sum(_weights(problem, count) * squares, axis=1))


def _adam_start(problem: Problem, parameters: Floats, centered: bool) -> tuple[Floats, Floats]:
    """Return where Adam begins, and its inputs in logarithm."""
    k = problem.equations.terms
    x = np.log(problem.points.inputs)
    amplitudes, exponents = np.log(parameters[0 : 2 * k : 2]), parameters[1 : 2 * k : 2]
    if centered:
        amplitudes = amplitudes - exponents * x.mean(axis=0)
        x = x - x.mean(axis=0)
    return np.concatenate([amplitudes, exponents, np.log(parameters[2 * k :])]), x


def _one_by_one(
    problem: Problem, parameters: Floats, weights: Floats, rate: float, steps: int, centered: bool
) -> tuple[float, Floats]:
    """Return Adam's mean seconds a resample, and the objectives it reached."""
    start, x = _adam_start(problem, parameters, centered)
    y = np.log(problem.points.loss)
    with _torch_threads(1):  # more only wait for each other at this size
        begin = time.perf_counter()
        reached = [minimize(start, w, x, y, rate=rate, steps=steps) for w in weights]
        each = (time.perf_counter() - begin) / len(weights)
    return each, np.array(reached)


def _together(problem: Problem, parameters: Floats, count: int, steps: int) -> float:
    """Return the seconds of a step of all resamples, on one core or all, whichever is less."""
    start, x = _adam_start(problem, parameters, centered=True)
    starts, weights = np.tile(start, (count, 1)), _weights(problem, count)
    y = np.log(problem.points.loss)
    times = []
    for threads in {1, usable_cores()}:
        with _torch_threads(threads):
            begin = time.perf_counter()
            minimize(starts, weights, x, y, rate=RATES[-1], steps=steps)
            times.append((time.perf_counter() - begin) / steps)
    return min(times)


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _lower(whose: str, ours: Floats, reached: Floats) -> Result:
    over = reached / ours[: len(reached)] - 1
    return Result(
        f"our objective over that of {whose}, relative difference, largest of {len(over)}",
        f"{whose} ends {over.min():.2g} to {over.max():.2g} above ours", "–",
        float((ours[: len(reached)] / reached - 1).max()), "", 1e-9,
    )  # fmt: skip


def _first_use() -> tuple[float, float]:
    """Return the seconds it takes to compile the kernels, and to load them when compiled."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        compiling, loading = (
            float(
                subprocess.check_output(
                    [sys.executable, "-c", FIRST_USE], env=environment, text=True
                )
            )
            for _ in range(2)
        )
    return compiling, loading
