"""How large noise is, on what its size depends, and what that does to intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from superscope.laws import fit
from superscope.laws.noise import Noise

X = np.geomspace(50, 50_000, 60)


def noise_of(residuals: np.ndarray, x: np.ndarray = X, unit: np.ndarray | None = None) -> Noise:
    unit = np.arange(len(x)) if unit is None else unit
    return Noise.of(("x",), x[:, None], residuals, np.zeros(len(x)), unit)


def test_the_power_by_which_noise_grows_is_found_with_its_error() -> None:
    found = [
        noise_of(0.01 * (X / 1500) ** 0.4 * np.random.default_rng(seed).standard_normal(60))
        for seed in range(40)
    ]
    powers = [one.power for one in found]
    assert np.mean(powers) == pytest.approx(0.4, abs=0.03)
    assert found[0].power_error == pytest.approx(np.std(powers), rel=0.4)
    assert found[0].at(X[:, None]) == pytest.approx(0.01 * (X / 1500) ** 0.4, rel=0.5)
    assert found[0].column == "x"


def test_noise_that_falls_does_not_vanish_beyond_the_points() -> None:
    residuals = 0.01 * (X / 1500) ** -0.5 * np.random.default_rng(0).standard_normal(60)
    found = noise_of(residuals)
    far = np.array([[4 * X[-1]]])
    assert found.power < 0
    assert found.at(far)[0] == found.at(X[-1:, None])[0]


def test_a_run_counts_once_for_an_input_that_it_holds_constant() -> None:
    """Eight runs' common errors look like noise that depends on their input."""
    run = np.repeat(np.arange(8), 10)
    x = np.geomspace(100, 10_000, 8)[run]
    seen = {"row": 0, "run": 0}
    for seed in range(20):
        residuals = np.random.default_rng(seed).standard_normal(8)[run] * np.linspace(0.9, 1.1, 80)
        seen["row"] += bool(noise_of(residuals, x).column)
        seen["run"] += bool(noise_of(residuals, x, run).column)
    assert seen["run"] == 0 < seen["row"]


@pytest.mark.parametrize("resamples", [0, 100])
def test_forecasts_hold_a_new_model_where_noise_grows(resamples: int) -> None:
    """Residuals of one size would hold it in a third."""
    held, far = [], 200_000.0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x = np.append(X, np.full(20, far))
        law = 30 * x**-0.6 + 1.5
        loss = law * np.exp(0.003 * (x / 1500) ** 0.6 * rng.standard_normal(len(x)))
        found = fit(
            pd.DataFrame({"x": X, "loss": loss[:60]}), "power", x="x", resamples=resamples,
            judge=False, starts=4, progress=None,
        )  # fmt: skip
        band = found.band(np.array([[far]]), np.array([0]), new=True)
        held.append(np.mean((band.low[0] <= loss[60:]) & (loss[60:] <= band.high[0])))
    assert np.mean(held) >= 0.8


def test_standard_errors_are_right_where_noise_depends_on_an_input() -> None:
    """Those of one size for all are too small for what the noisy points determine: the floor."""
    away, errors = [], []
    for seed in range(150):
        noise = 0.01 * (X / 1500) ** 0.5 * np.random.default_rng(seed).standard_normal(60)
        table = pd.DataFrame({"x": X, "loss": (30 * X**-0.6 + 1.5) * np.exp(noise)})
        law = fit(
            table, "power", x="x", resamples=0, judge=False, starts=4, progress=None,
            loss="squared", residual="log",
        )  # fmt: skip
        away.append(law.parameters["B"] - 1.5)
        errors.append(law.standard_errors["B"])
    assert np.median(errors) == pytest.approx(np.std(away), rel=0.2)
