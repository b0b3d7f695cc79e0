"""The loss of a run over its steps, thinned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from superscope.errors import NotFoundError, UsageError
from superscope.laws import fit
from superscope.toy import ToyConfig, ToyRun, loss_curve, loss_curves, sweep, train

CONFIG = ToyConfig(n=20, width=3, batch=32, steps=300)


@pytest.fixture(scope="module")
def run() -> ToyRun:
    return train(CONFIG, progress=None)


def test_every_step_counts_once(run: ToyRun) -> None:
    for points in (1, 7, 40, 1000):
        curve = loss_curve(run, points)
        assert 1 <= len(curve) <= points
        assert curve["step"].is_monotonic_increasing
        assert curve["step"].between(1, CONFIG.steps).all()
    each = loss_curve(run, 100_000)
    assert each["loss"].to_numpy() == pytest.approx(run.losses)
    assert each["step"].to_numpy() == pytest.approx(np.arange(1, 301))
    (whole,) = loss_curve(run, 1)["loss"]
    assert whole == pytest.approx(run.losses.mean())


def test_a_power_of_time_keeps_its_exponent_when_it_is_thinned(run: ToyRun) -> None:
    steps = np.arange(1, 30_001)
    config = replace(CONFIG, steps=len(steps))
    known = replace(run, config=config, losses=(0.5 + 3 * steps ** (-1 / 3)).astype(np.float32))
    curve = loss_curve(known)
    law = fit(curve[curve["step"] > 30], "time", x="step", resamples=0, judge=False, starts=8)
    assert law.parameters["alpha"] == pytest.approx(1 / 3, abs=2e-3)


def test_the_learning_rate_rises_and_falls_as_the_config_has_it(run: ToyRun) -> None:
    rate = loss_curve(run, 100_000)["rate"].to_numpy()
    assert rate.argmax() == pytest.approx(CONFIG.warmup_steps, abs=1)
    assert rate[-1] == pytest.approx(0.05, abs=0.01)


def test_a_folder_gives_the_curve_of_every_run(tmp_path: Path) -> None:
    configs = [replace(CONFIG, steps=30, seed=seed) for seed in (0, 1)]
    with ThreadPoolExecutor(1) as threads:
        sweep(configs, tmp_path, executor=threads)
    curves = loss_curves(tmp_path, 5, progress=None)
    for config in configs:
        own = curves[curves["run"] == config.identity].reset_index(drop=True)
        pd.testing.assert_frame_equal(own, loss_curve(train(config, progress=None), 5))


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no finished run"):
        loss_curves(tmp_path, progress=None)
    with pytest.raises(NotFoundError):
        loss_curves(tmp_path / "none", progress=None)
