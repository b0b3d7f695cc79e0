"""Profiles: the objective along an exponent, everything else fitted again."""

from __future__ import annotations

import numpy as np
import pytest
from law_tables import CHINCHILLA, FAST, POWER, SHAPE, make_table
from scipy import stats

from superscope.laws import fit

TRUE = {"power": POWER, "chinchilla": CHINCHILLA, "shape": SHAPE}


def law_of(law: str, noise: float = 0.003, **changes):
    options = FAST | ({"x": "x"} if law == "power" else {}) | changes
    return fit(make_table(law, TRUE[law], noise=noise, seed=5), law, **options)


cases = pytest.mark.parametrize("law", list(TRUE))
objectives = pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"loss": loss, "residual": residual, "delta": 5e-3}, id=f"{residual} {loss}")
        for loss in ("squared", "huber")
        for residual in ("log", "plain")
    ],
)


@cases
@objectives
def test_the_minimum_is_the_estimate(law: str, changes: dict) -> None:
    found = law_of(law, **changes)
    assert set(found.profiles) == set(found.form.exponents)
    for name, profile in found.profiles.items():
        assert len(profile.values) == len(profile.objectives) == 41
        assert profile.objectives.min() >= found.objective * (1 - 1e-9)
        step = profile.values[1] - profile.values[0]
        at = profile.values[profile.objectives.argmin()]
        assert abs(at - found.parameters[name]) <= step
        # One valley: down to the estimate, then up.
        left = profile.objectives[profile.values <= found.parameters[name]]
        right = profile.objectives[profile.values >= found.parameters[name]]
        slack = 1e-9 * found.objective
        assert np.all(np.diff(left) <= slack) and np.all(np.diff(right) >= -slack)


@objectives
def test_each_value_is_the_fit_with_the_exponent_held_there(changes: dict) -> None:
    found = law_of("power", **changes)
    profile = found.profiles["alpha"]
    for i in (0, 10, 33, 40):
        held = law_of("power", fix={"alpha": float(profile.values[i])}, **changes)
        free = law_of(
            "power", **changes,
            bounds={"alpha": (profile.values[i] - 1e-9, profile.values[i] + 1e-9)},
        )  # fmt: skip
        assert profile.objectives[i] == pytest.approx(min(held.objective, free.objective), rel=1e-6)


@cases
def test_the_interval_ends_at_the_threshold(law: str) -> None:
    found = law_of(law, loss="squared")
    t = stats.t.ppf(0.975, found.degrees_of_freedom)
    for name, profile in found.profiles.items():
        # Likelihood ratio: 2 (f − f̂) / s² = t².
        expected = found.objective * (1 + t**2 / found.degrees_of_freedom)
        assert profile.threshold == pytest.approx(expected, rel=1e-9)
        for end, out in ((profile.interval.low, -1), (profile.interval.high, 1)):
            # The ends are known to 1e-4 of the exponent.
            inner, outer = (
                law_of(law, loss="squared", fix={name: end * (1 + out * s * 1.01e-4)}).objective
                for s in (-1, 1)
            )
            assert inner < profile.threshold < outer
        assert profile.values[0] <= profile.interval.low < profile.interval.high
        assert profile.interval.high <= profile.values[-1]
        inside = (profile.values > profile.interval.low) & (profile.values < profile.interval.high)
        assert np.all(profile.objectives[inside] <= profile.threshold * (1 + 1e-6))
        assert np.all(profile.objectives[~inside] >= profile.threshold * (1 - 1e-9))


@cases
def test_with_little_noise_the_interval_is_students(law: str) -> None:
    """The less noise, the more linear the law: ends at ± t standard errors."""
    found = law_of(law, noise=1e-5, loss="squared")
    t = stats.t.ppf(0.975, found.degrees_of_freedom)
    for name, profile in found.profiles.items():
        half = t * found.standard_errors[name]
        value = found.parameters[name]
        assert profile.interval.high - value == pytest.approx(half, rel=0.01, abs=1e-4 * value)
        assert value - profile.interval.low == pytest.approx(half, rel=0.01, abs=1e-4 * value)


def test_an_end_that_is_not_reached_is_none() -> None:
    """Loss falls with x in a step at the first point only: any steeper law will do."""
    table = make_table("power", POWER, points=20)
    table["x"] = np.concatenate([[1.0], np.geomspace(100, 1000, 19)])
    rng = np.random.default_rng(0)
    table["loss"] = np.concatenate([[3.0], 1 + 0.01 * rng.standard_normal(19)])
    found = fit(table, "power", x="x", **FAST)
    interval = found.profiles["alpha"].interval
    assert interval.high is None
    assert interval.low is not None and interval.low > 0
    assert found.profiles["alpha"].values[-1] == 8
    bounded = fit(table, "power", x="x", bounds={"alpha": (0.01, 4.0)}, **FAST)
    assert bounded.parameters["alpha"] <= 4


def test_what_is_held_has_no_profile() -> None:
    assert set(law_of("shape", fix={"a_m": 0.9}).profiles) == {"a_l", "a_D"}
