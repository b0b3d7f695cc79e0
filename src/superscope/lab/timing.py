"""Estimate how long a sweep takes, from runs that are done and steps that are timed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from superscope.device import one_torch_thread, resolved
from superscope.lab.config import LabConfig
from superscope.lab.corpus import Corpus
from superscope.lab.results import read_runs
from superscope.lab.run import run_identity
from superscope.lab.training import Training
from superscope.progress import Progress, silent

STEPS = 3  # timed for each shape of which no run is done


@dataclass(frozen=True)
class TimeLeft:
    """What is left of a sweep.

    Attributes
    ----------
    done, diverged
        Runs that have a result.
    left
        Seconds that each run takes that has none, by its config.
    """

    done: int
    diverged: int
    left: Mapping[LabConfig, float]

    @property
    def seconds(self) -> float:
        """Time of one worker for all of it."""
        return sum(self.left.values())


def time_left(
    corpora: Mapping[LabConfig, Corpus],
    out: Path,
    *,
    device: str = "auto",
    rough: bool = False,
    progress: Progress = silent,
) -> TimeLeft:
    """Estimate the time for the rest of a sweep: that of training, on one thread a run.

    Runs of the same shape give the time of a token; without any, a few steps are timed. A rough
    estimate times one shape alone, and none where there are runs: others take as long as their
    work.
    """
    found = read_runs(out, progress=None) if out.is_dir() else None
    runs, failures = ((), ()) if found is None else (found.runs, found.failures)
    speeds: dict[LabConfig, list[float]] = {}
    for run in runs:
        speeds.setdefault(_shape(run.config), []).append(run.tokens_per_second)
    names = {run.identity for run in runs}, {failure.identity for failure in failures}
    identities = {config: run_identity(config, c.info) for config, c in corpora.items()}
    left = [c for c, identity in identities.items() if identity not in names[0] | names[1]]
    missing = {_shape(c): c for c in left if _shape(c) not in speeds}
    if rough and missing:
        speeds |= _by_work(missing, speeds, corpora, device)
        missing = {}
    for count, (shape, config) in enumerate(missing.items()):
        progress("timing", count, len(missing))
        speeds[shape] = [_speed(shape, corpora[config], device)]
    progress("timing", 1, 1)
    return TimeLeft(
        sum(identity in names[0] for identity in identities.values()),
        sum(identity in names[1] for identity in identities.values()),
        {c: c.trained_tokens / float(np.median(speeds[_shape(c)])) for c in left},
    )


def _by_work(
    missing: Mapping[LabConfig, LabConfig],
    speeds: Mapping[LabConfig, list[float]],
    corpora: Mapping[LabConfig, Corpus],
    device: str,
) -> dict[LabConfig, list[float]]:
    """Return the tokens a second of shapes, each with a config, from those of others."""
    if not speeds:
        least = min(missing, key=_work)
        speeds = {least: [_speed(least, corpora[missing[least]], device)]}
    done = float(np.median([np.median(each) * _work(shape) for shape, each in speeds.items()]))
    return {shape: [done / _work(shape)] for shape in missing}


def _work(shape: LabConfig) -> float:
    """Return the work of a token."""
    return shape.about_work / shape.trained_tokens


def _shape(config: LabConfig) -> LabConfig:
    """Return a config that is the same for all that take the same time a token."""
    same = LabConfig(tokens=1 << 50)
    return replace(
        config, tokens=same.tokens, seed=0, learning_rate=same.learning_rate,
        head_learning_rate=None, decay=same.decay, check_at=(),
    )  # fmt: skip


def _speed(shape: LabConfig, corpus: Corpus, device: str) -> float:
    """Return the tokens a second of a few steps, after one that is not timed."""
    short = replace(shape, tokens=(STEPS + 1) * shape.step_tokens)
    with one_torch_thread():
        training = Training(short, corpus, device=resolved(device))
        training.make_step()
        began = time.perf_counter()
        for _ in range(STEPS):
            training.make_step()
    return STEPS * shape.step_tokens / (time.perf_counter() - began)
