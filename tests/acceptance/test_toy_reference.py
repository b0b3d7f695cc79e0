"""Toy runs against an independent plain script's (settings: ../shared/data/README.md)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from superscope.runs import processes
from superscope.toy import ToyConfig, ToyRun, from_bytes
from superscope.toy.sweeps import work

REFERENCE = Path(__file__).parents[3] / "shared/data/toy_reference.csv"
SETTING = ["n", "width", "batch", "steps", "warmup", "alpha", "decay"]
SEEDS = range(8)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not REFERENCE.exists(), reason=f"{REFERENCE} is not there"),
]


def test_every_setting_reaches_the_reference_loss() -> None:
    """|mean of 8 seeds − mean of 2| < 3 s √(1/8 + 1/2), s the spread of the 8."""
    reference = pd.read_csv(REFERENCE).groupby(SETTING)["loss"]
    assert set(reference.size()) == {2}
    settings = {key: reference.get_group(key).to_numpy() for key in reference.groups}
    configs = [
        ToyConfig(**dict(zip(SETTING, (*map(int, key[:5]), *key[5:]), strict=True)), seed=seed)
        for key in settings
        for seed in SEEDS
    ]
    with processes() as workers:
        done = [workers.executor.submit(work, [config]) for config in configs]
        runs = [from_bytes(future.result()[0]) for future in done]
    losses = np.array([_loss(run) for run in runs]).reshape(-1, len(SEEDS))
    off = {}
    for (key, theirs), ours in zip(settings.items(), losses, strict=True):
        bar = 3 * ours.std(ddof=1) * np.sqrt(1 / len(SEEDS) + 1 / 2)
        difference = ours.mean() - theirs.mean()
        print(f"m={key[1]:<3} alpha={key[5]} decay={key[6]:<4} ours {ours.mean():.5f} "
              f"theirs {theirs.mean():.5f} difference {difference:+.5f} bar {bar:.5f}")  # fmt: skip
        if not abs(difference) < bar:
            off[key] = (difference, bar)
    assert not off


def _loss(run: object) -> float:
    """Return the mean of the last 200 steps, as the reference took it."""
    assert isinstance(run, ToyRun)
    return float(run.losses[-200:].mean(dtype=float))
