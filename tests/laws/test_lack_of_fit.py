"""Facts: noise about a true law is no reason against it; another law behind the points is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from superscope import laws
from superscope.laws import FormTest

X = np.geomspace(50, 50_000, 40)


def form_of(
    loss: np.ndarray, x: np.ndarray = X, *, seed: int = 0, objective: str = "squared",
    **columns: object,
) -> FormTest:  # fmt: skip
    """Return the test of a power law on losses."""
    law = laws.fit(
        pd.DataFrame({"x": x, "loss": loss} | columns), "power", x="x", loss=objective,
        resamples=0, starts=8, judge=False, progress=None,
    )  # fmt: skip
    return laws.check_form(law, seed=seed)


def noisy(loss: np.ndarray, noise: float, seed: int) -> np.ndarray:
    """Return losses with noise of their logarithms."""
    return np.asarray(loss * np.exp(noise * np.random.default_rng(seed).standard_normal(len(loss))))


def power(x: np.ndarray) -> np.ndarray:
    """Return a power law."""
    return np.asarray(30 * x**-0.6 + 1.5)


def test_a_true_law_is_seldom_refused() -> None:
    refused = [form_of(noisy(power(X), 0.01, seed)).rejected for seed in range(30)]
    assert np.mean(refused) <= 0.134


def test_noise_that_grows_with_the_input_is_no_reason_and_is_named() -> None:
    found = [
        form_of(power(X) * np.exp(0.003 * (X / 1500) ** 0.6 * draw))
        for draw in np.random.default_rng(1).standard_normal((20, len(X)))
    ]
    assert np.mean([one.rejected for one in found]) <= 0.15
    assert np.mean([one.uneven == "x" for one in found]) >= 0.8


def test_a_wild_point_that_moves_no_robust_fit_is_no_other_law() -> None:
    loss = noisy(power(X), 0.003, 0)
    loss[25] *= 1.2
    assert not form_of(loss, objective="huber").rejected


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        pytest.param(
            np.where(X < 3000, 30 * X**-0.35, 30 * 3000**-0.35 * (X / 3000) ** -0.8) + 1.5,
            "faster than the law says", id="a law that steepens",
        ),
        pytest.param(
            30 * np.minimum(X, 10_000) ** -0.35 + 1.5, "slower than the law says",
            id="a law that ends",
        ),
        pytest.param(6 - 0.4 * np.log(X), "x", id="a logarithm"),
        pytest.param(30 * X**-0.9 + 2 * X**-0.15 + 1.5, "x", id="two powers"),
    ],
)  # fmt: skip
def test_another_law_is_refused(loss: np.ndarray, said: str) -> None:
    found = [form_of(noisy(loss, 0.003, seed)) for seed in range(5)]
    assert all(one.rejected for one in found)
    assert all(said in one.text for one in found)
    assert str(found[0]).startswith("the form does not hold: ")
    assert str(found[0]).endswith(" (p = 0.005)")


def test_a_bend_is_found_where_it_is() -> None:
    loss = np.where(X < 3000, 30 * X**-0.35, 30 * 3000**-0.35 * (X / 3000) ** -0.8) + 1.5
    (place,) = pd.Series(form_of(noisy(loss, 0.001, 3)).text).str.extract(r"x = ([\d,]+)")[0]
    assert 1500 < float(place.replace(",", "")) < 6000


def test_runs_that_lie_apart_are_noise_and_rows_in_place_of_runs_are_not() -> None:
    """What all rows of a run have in common says nothing of the form, if it is known for a run."""
    x, run = np.tile(X[::8], 12), np.repeat(np.arange(12), 5)
    drift = np.log(x / 1500) / 3  # each run drifts off in its own direction
    refused = {"run": 0, "row": 0}
    for seed in range(20):
        own = np.random.default_rng(seed).standard_normal(12)[run]
        table = pd.DataFrame(
            {"x": x, "loss": noisy(power(x) * np.exp(0.01 * own * drift), 1e-3, seed)}
        )
        for unit in refused:
            law = laws.fit(
                table.assign(run=run.astype(str)), "power", x="x", resamples=0, starts=8,
                judge=False, resample=unit, progress=None,
            )  # fmt: skip
            refused[unit] += laws.check_form(law).rejected
    assert refused["run"] <= 3 < refused["row"]


def test_a_last_point_that_falls_no_further_is_another_law_and_single_points_before_are_none() -> (
    None
):
    x = np.geomspace(50, 50_000, 12)
    refused = {11: 0, 5: 0}
    for seed in range(6):
        for at in refused:
            loss = noisy(30 * x**-0.35 + 1.5, 0.003, seed)
            loss[at] *= 1.03
            refused[at] += form_of(loss, x).rejected
    assert refused[11] >= 5
    assert refused[5] <= 2


def in_runs(loss: np.ndarray, runs: int, noise: float, seed: int) -> FormTest:
    """Return the test of a power law where half of the noise is a run's own."""
    rng, run = np.random.default_rng(seed), np.arange(len(X)) % runs
    own, row = rng.standard_normal(runs)[run], rng.standard_normal(len(X))
    return form_of(loss * np.exp(noise * (own + row) / np.sqrt(2)), run=run.astype(str))


def test_what_rows_of_other_runs_say_of_noise_shows_a_bend_in_three_of_them() -> None:
    loss = 30 * np.minimum(X, 30_000) ** -0.35 + 1.5  # ends at three points before the last
    found = [in_runs(loss, runs, 0.005, seed) for runs in (6, 20) for seed in range(3)]
    assert all(one.rejected and one.beyond and one.beyond > 15_000 for one in found)
    assert all("slower than the law says" in one.text for one in found)


def test_errors_that_runs_share_are_seldom_a_reason() -> None:
    refused = [
        in_runs(power(X), runs, 0.01, seed).rejected for runs in (6, 20) for seed in range(9)
    ]
    assert np.mean(refused) <= 0.2


def test_groups_with_exponents_of_their_own_are_refused() -> None:
    width = np.tile(np.geomspace(256, 8192, 8), 3)
    family = np.repeat(["a", "b", "c"], 8)
    alpha = np.where(family == "c", 0.7, 1.1)
    loss = 400 * width**-alpha + 2 + 0.002 * np.random.default_rng(0).standard_normal(24)
    table = pd.DataFrame({"width": width, "family": family, "loss": loss})
    law = laws.fit(table, "width", resamples=0, starts=8, judge=False, progress=None)
    assert laws.check_form(law).rejected


def test_repeats_say_that_the_means_lie_off() -> None:
    x = np.repeat(np.geomspace(50, 50_000, 5), 8)
    loss = noisy(6 - 0.4 * np.log(x), 0.003, 0)
    assert form_of(loss, x).rejected


def test_too_few_points_or_runs_are_said() -> None:
    few = form_of(noisy(power(X[::8]), 0.01, 0), X[::8])
    assert few.p is None and not few.rejected
    assert str(few) == "the form cannot be tested: 2 degrees of freedom are too few"
    one_each = np.repeat(X[::10], 10)
    runs = form_of(noisy(power(one_each), 0.01, 0), one_each, run=np.repeat([*"abcd"], 10))
    assert str(runs) == "the form cannot be tested: 4 runs are too few to know noise"
    exact = form_of(power(X))
    assert "passes through every point" in str(exact)


def test_inputs_that_show_no_other_law_are_said() -> None:
    """Six rows or runs at three inputs: three parameters go through any three means."""
    x, run = np.tile(X[::16], 6), np.repeat([*"abcdef"], 3)
    for columns in ({}, {"run": run}):
        few = form_of(noisy(power(x), 0.01, 0), x, **columns)  # type: ignore[arg-type]
        assert few.p is None
        assert "so few different inputs tell no other law from it" in str(few)
    assert form_of(noisy(power(X[::4]), 0.01, 0), X[::4]).p is not None


def test_the_same_seed_gives_the_same() -> None:
    loss = noisy(power(X), 0.01, 0)
    assert form_of(loss, seed=3) == form_of(loss, seed=3)
    assert str(form_of(loss)).startswith("nothing speaks against the form (p = ")
