"""Estimate how long a sweep takes, from measurements on this machine."""

from __future__ import annotations

import math
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace

import numpy as np

from superscope.device import one_torch_thread
from superscope.errors import DivergedError
from superscope.progress import Progress, silent
from superscope.toy.config import ToyConfig
from superscope.toy.sweeps import SweepState
from superscope.toy.training import train

PROBES = 6  # configs that are timed; the others lie between them
STEPS = 300  # of each, if they fit in
SECONDS = 2.0


@dataclass(frozen=True)
class SweepTime:
    """The time that the rest of a sweep will take.

    Attributes
    ----------
    seconds
        Time of one worker for all of it.
    step_seconds
        Time of the fastest and of the slowest step, from which it is computed.
    source
        How these times were obtained, in words.
    """

    seconds: float
    step_seconds: tuple[float, float]
    source: str


def time_left(state: SweepState, *, device: str = "auto", progress: Progress = silent) -> SweepTime:
    """Estimate the time for the rest of a sweep.

    Finished runs of the same size give the time of a step; if there are none, some runs are timed
    for a few hundred steps. These are the slowest steps of a run, because many outputs are still
    on, so the estimate is rather high.
    """
    left = state.to_do
    known: dict[float, list[float]] = {}
    for config in state.configs:
        if config.identity in state.done:
            known.setdefault(_size(config), []).append(state.done[config.identity])
    costs = {size: float(np.mean(seconds)) for size, seconds in known.items()}
    source = "runs that are done"
    missing = {_size(config): config for config in left if _size(config) not in costs}
    if missing:
        sizes = sorted(missing)
        chosen = {sizes[round(k)] for k in np.linspace(0, len(sizes) - 1, min(PROBES, len(sizes)))}
        for count, size in enumerate(sorted(chosen)):
            progress("timing", count, len(chosen))
            costs[size] = _step_seconds(missing[size], device)
        progress("timing", len(chosen), len(chosen))
        source = f"up to {STEPS} steps of {len(chosen)} configs, timed now"
    sizes = sorted(costs)
    logs = np.log([costs[size] for size in sizes])
    if not left:
        return SweepTime(0.0, (0.0, 0.0), source)
    each = np.exp(np.interp([_size(config) for config in left], sizes, logs))
    seconds = float(each @ np.array([config.steps for config in left]))
    return SweepTime(seconds, (float(each.min()), float(each.max())), source)


def _size(config: ToyConfig) -> float:
    """Return the logarithm of the work of a step; the time grows with it."""
    engine = 1e6 if config.engine == "torch" else 1.0  # far from the other engine's configs
    active = 1 + config.features().density
    return math.log(engine * config.batch * config.n * (config.width + 16) * active)


def _step_seconds(config: ToyConfig, device: str) -> float:
    """Train the first steps, and more of them if they are fast."""
    # Once without timing: the first run of a process also loads libraries.
    _time(ToyConfig(n=2, width=1, batch=1, steps=1, engine=config.engine), device)
    steps = 3
    while True:
        seconds = _time(replace(config, steps=steps, warmup=max(1, steps // 10)), device)
        if seconds > SECONDS / 2 or steps >= STEPS:
            return seconds / steps
        steps = min(STEPS, 10 * steps)


def _time(config: ToyConfig, device: str) -> float:
    begin = time.perf_counter()
    with suppress(DivergedError), one_torch_thread() if config.engine == "torch" else nullcontext():
        train(config, device=device, progress=None)
    return time.perf_counter() - begin
