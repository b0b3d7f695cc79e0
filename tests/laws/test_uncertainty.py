"""Uncertainty: standard errors against simulation, intervals against scipy, whole units."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from law_tables import CHINCHILLA, FAST, POWER, SHAPE, losses, make_table, truth
from scipy import stats

from superscope.laws import TRUTHS, FitOptions, Interval, fit, simulate
from superscope.laws._simulate import DESIGNS
from superscope.laws.intervals import bca, linear_interval
from superscope.laws.linearization import jacobian, linearize, predictions, residuals
from superscope.laws.points import select
from superscope.laws.problem import Problem, make_problem
from superscope.laws.resampling import bootstrap, jackknife

Z = float(stats.norm.ppf(0.975))


def problem_of(law: str, table: pd.DataFrame, **changes) -> Problem:
    options = FitOptions(**changes)
    form = options.form(law)
    return make_problem(form, select(table, form, options).points, options)


def best(problem: Problem) -> tuple[np.ndarray, np.ndarray]:
    """Return all parameters and the exponents of the best fit."""
    found = problem.solve(problem.points.weights[None])
    return problem.parameters(found.exponents, found.linear)[0], found.exponents


def vector(parameters: dict[str, float]) -> np.ndarray:
    return np.array(list(parameters.values()))


@pytest.mark.parametrize("residual", ["log", "plain"])
@pytest.mark.parametrize("law", ["width", "shape"])
def test_the_jacobian_is_the_derivative_of_the_predictions(law: str, residual: str) -> None:
    true = SHAPE if law == "shape" else truth("width", (0.9,), (1,), (1.7, 2, 1.5))
    table = make_table(law, true, noise=0.01)
    problem = problem_of(law, table, residual=residual)
    at = vector(true)

    def y(p: np.ndarray) -> np.ndarray:
        fitted = losses(law, dict(zip(true, p, strict=True)), table)
        return np.log(fitted) if residual == "log" else fitted

    assert predictions(problem, at) == pytest.approx(losses(law, true, table), rel=1e-12)
    measured = table["loss"].to_numpy()
    measured = np.log(measured) if residual == "log" else measured
    assert residuals(problem, at) == pytest.approx(measured - y(at), abs=1e-13)
    found = jacobian(problem, at)
    for i, value in enumerate(at):
        h = np.zeros(len(at))
        h[i] = 1e-6 * value
        numeric = (y(at + h) - y(at - h)) / (2 * h[i])
        assert found[:, i] == pytest.approx(numeric, abs=1e-7 * np.abs(numeric).max())


def test_with_exponents_held_standard_errors_are_those_of_linear_regression() -> None:
    table = make_table("power", POWER, points=25, noise=0.02)
    found = fit(table, "power", x="x", residual="plain", fix={"alpha": 0.5}, **FAST)
    design = np.column_stack([table["x"] ** -0.5, np.ones(25)])
    estimate, rss, *_ = np.linalg.lstsq(design, table["loss"], rcond=None)
    covariance = rss[0] / 23 * np.linalg.inv(design.T @ design)
    assert [found.parameters["A"], found.parameters["B"]] == pytest.approx(estimate, rel=1e-8)
    assert found.covariance[np.ix_([0, 2], [0, 2])] == pytest.approx(covariance, rel=1e-7)
    assert found.covariance[1].tolist() == [0, 0, 0]
    assert found.standard_errors["A"] == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-7)
    assert found.degrees_of_freedom == 23
    assert found.residual_scale**2 == pytest.approx(rss[0] / 23, rel=1e-9)
    t = stats.t.ppf(0.975, 23)
    interval = found.intervals["B"]
    half = t * math.sqrt(covariance[1, 1])
    assert (interval.low, interval.high) == pytest.approx((estimate[1] - half, estimate[1] + half))
    off = covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found.correlations[0, 2] == pytest.approx(off, rel=1e-6)


@pytest.mark.parametrize(("law", "true"), [("power", POWER), ("chinchilla", CHINCHILLA)])
def test_standard_errors_are_the_spread_of_simulated_fits(law: str, true: dict) -> None:
    """Of 400 fits the spread is known to 1/√800; the noise is small, so the law nearly linear."""
    runs, noise = 400, 1e-3
    changes = {"x": "x"} if law == "power" else {}
    table = make_table(law, true, points=30)
    problem = problem_of(law, table, loss="squared", **changes)
    clean = problem.equations.y
    rng = np.random.default_rng(0)
    found, variances = [], []
    start = np.array([[v for n, v in true.items() if n in problem.form.exponents]])
    for _ in range(runs):
        loss = np.exp(clean + noise * rng.standard_normal(30))
        one = replace(
            problem, points=replace(problem.points, loss=loss),
            equations=replace(problem.equations, y=np.log(loss)),
        )  # fmt: skip
        solved = one.solve(one.points.weights[None], start)
        found.append(one.parameters(solved.exponents, solved.linear)[0])
        variances.append(np.diagonal(linearize(one, found[-1]).covariance))
    ratio = np.std(found, axis=0, ddof=1) / np.sqrt(np.mean(variances, axis=0))
    assert np.abs(ratio - 1).max() < 4 / math.sqrt(2 * runs)
    off = np.mean(found, axis=0) - vector(true)
    assert np.all(np.abs(off) < 4 * np.std(found, axis=0) / math.sqrt(runs))


@pytest.mark.parametrize(
    ("law", "points", "noise", "tails"),
    [("chinchilla", 34, 0.03, None), ("power", 12, 0.01, None), ("power", 40, 0.005, 2.5)],
)
def test_hubers_intervals_hold_the_truth_where_noise_is_far_above_delta(
    law: str, points: int, noise: float, tails: float | None
) -> None:
    """Residuals that the parameters bring to nothing say nothing of how dense the others are."""
    held = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        design = DESIGNS[law](rng).sample(points, random_state=seed)
        table = simulate(law, design=design, noise=0.0)
        scatter = rng.standard_normal(points) if tails is None else rng.standard_t(tails, points)
        found = fit(
            table.assign(loss=table["loss"] * np.exp(noise * scatter)), law, loss="huber",
            residual="log", resamples=0, starts=4, judge=False, x="x" if law == "power" else None,
        )  # fmt: skip
        held.append(TRUTHS[law]["alpha"] in found.intervals["alpha"])
    assert np.mean(held) >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 60)


def test_hubers_standard_errors_are_those_of_squares_when_none_is_beyond_the_bend() -> None:
    table = make_table("power", POWER, points=30, noise=0.01)
    squared = fit(table, "power", x="x", **FAST)
    huber = fit(table, "power", x="x", loss="huber", delta=1.0, **FAST)
    assert huber.parameters == pytest.approx(squared.parameters, rel=1e-6)
    assert huber.standard_errors == pytest.approx(squared.standard_errors, rel=1e-5)


def test_hubers_standard_errors_are_the_spread_of_simulated_fits() -> None:
    """Fat tails, most residuals beyond δ; the sandwich is known to a tenth or so at 200 points."""
    runs, points = 300, 200
    table = make_table("power", POWER, points=points)
    problem = problem_of("power", table, x="x", loss="huber", delta=1e-3)
    rng = np.random.default_rng(1)
    found, variances = [], []
    for _ in range(runs):
        y = problem.equations.y + 1e-3 * rng.standard_t(3, points)
        one = replace(
            problem, points=replace(problem.points, loss=np.exp(y)),
            equations=replace(problem.equations, y=y),
        )  # fmt: skip
        solved = one.solve(one.points.weights[None], np.array([[0.5]]))
        found.append(one.parameters(solved.exponents, solved.linear)[0])
        variances.append(np.diagonal(linearize(one, found[-1]).covariance))
    ratio = np.std(found, axis=0, ddof=1) / np.sqrt(np.mean(variances, axis=0))
    # 4 standard errors of the spread, and the formula's own bias of order (1 − share)·P/n.
    assert np.abs(ratio - 1).max() < 4 / math.sqrt(2 * runs) + 3 / points


def test_parameters_at_a_bound_have_no_error_and_do_not_use_up_freedom() -> None:
    table = make_table("power", POWER | {"B": 0.0}, points=30, noise=0.01)
    found = fit(table, "power", x="x", bounds={"B": (0.5, None)}, **FAST)
    assert found.parameters["B"] == 0.5
    assert found.standard_errors["B"] is None
    account = linearize(problem_of("power", table, x="x", bounds={"B": (0.5, None)}), found.vector)
    assert list(account.free) == [True, True, False]
    assert account.degrees_of_freedom == 28
    assert found.degrees_of_freedom == account.degrees_of_freedom


def test_the_condition_number_does_not_depend_on_units() -> None:
    table = make_table("chinchilla", CHINCHILLA, noise=0.01)
    millions = table.assign(tokens=table["tokens"] / 1e6, parameters=table["parameters"] / 1e9)
    one, other = (fit(t, "chinchilla", **FAST).condition_number for t in (table, millions))
    assert one == pytest.approx(other, rel=1e-4)


@given(st.integers(0, 1000), st.sampled_from(["mean", "log variance"]))
@settings(max_examples=10, deadline=None)
def test_bca_is_scipys(seed: int, statistic: str) -> None:
    data = np.random.default_rng(seed).exponential(size=20)

    def value(x: np.ndarray, axis: int = -1) -> np.ndarray:
        return np.mean(x, axis=axis) if statistic == "mean" else np.log(np.var(x, axis=axis))

    theirs = stats.bootstrap(
        (data,), value, n_resamples=2000, method="BCa", rng=np.random.default_rng(seed)
    )
    without = np.array([value(np.delete(data, i)) for i in range(20)])
    ours = bca(theirs.bootstrap_distribution, float(value(data)), without, Z)
    expected = theirs.confidence_interval
    # scipy counts draws at or below the value; and its quantiles are numpy's.
    assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_bca_of_a_symmetric_statistic_is_the_percentile_interval() -> None:
    draws = np.linspace(-1, 1, 1001)
    found = bca(draws, 0.0, np.array([-0.1, 0.1, -0.2, 0.2]), Z)
    assert (found.low, found.high) == pytest.approx((-0.95, 0.95), abs=1e-9)


def test_bca_moves_with_bias() -> None:
    """Draws mostly below the value: the interval is moved up against the percentiles."""
    draws = np.linspace(-1, 1, 1001)
    found = bca(draws, 0.4, np.array([-0.1, 0.1]), Z)
    assert found.low > -0.95 and found.high > 0.95


def test_a_wider_quantile_gives_a_wider_bca_interval() -> None:
    draws = np.random.default_rng(0).gamma(4, size=1000)
    without = np.random.default_rng(1).gamma(4, size=20)
    narrow, wide = (bca(draws, 4.0, without, z) for z in (Z, 1.1 * Z))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_bca_has_no_ends_without_enough_draws_and_no_width_without_spread() -> None:
    assert bca(np.arange(99.0), 50.0, np.array([1.0, 2.0]), Z) == Interval(None, None)
    draws = np.concatenate([np.arange(99.0), np.full(50, np.nan)])
    assert bca(draws, 50.0, np.array([1.0, 2.0]), Z) == Interval(None, None)
    assert bca(np.full(200, 3.0), 3.0, np.array([3.0, 3.0]), Z) == Interval(3.0, 3.0)
    finite = np.linspace(0, 1, 200)
    with_gaps = np.concatenate([finite, [np.nan, np.inf]])
    jack = np.array([0.4, 0.5, np.nan])
    assert bca(with_gaps, 0.5, jack, Z) == bca(finite, 0.5, jack[:2], Z)


def test_students_interval() -> None:
    t = stats.t.ppf(0.975, 7)
    assert linear_interval(2.0, 0.1, 7, 0, math.inf) == Interval(2 - 0.1 * t, 2 + 0.1 * t)
    assert linear_interval(0.1, 1.0, 7, 0, 8).low == 0
    assert linear_interval(7.9, 1.0, 7, 0, 8).high == 8
    assert linear_interval(2.0, 0.1, 0, 0, 8) == Interval(None, None)
    assert linear_interval(2.0, math.nan, 7, 0, 8) == Interval(None, None)
    assert linear_interval(2.0, math.inf, 7, 0, 8) == Interval(None, None)


def test_an_interval_contains_what_lies_between_its_ends() -> None:
    both, low, high = Interval(1.0, 2.0), Interval(1.0, None), Interval(None, 2.0)
    assert 1.0 in both and 1.5 in both and 2.0 in both and 2.1 not in both and 0.9 not in both
    assert 1e9 in low and 0 not in low
    assert -1e9 in high and 3 not in high
    assert 5 in Interval(None, None)
    assert "1.5" not in both
    assert [str(i) for i in (both, low, high, Interval(None, None))] == [
        "1 to 2",
        "above 1",
        "below 2",
        "no limits",
    ]


def test_resamples_draw_whole_units() -> None:
    """With two units far apart, a resample sees both or one of them, never a part."""
    table = make_table("power", POWER, points=12)
    table["run"] = ["a", "b", "c"] * 4
    # Each unit a law of its own: only amplitudes, so a weighted mean of three numbers.
    factor = table["run"].map({"a": 1.0, "b": 2.0, "c": 4.0})
    table["x"] = np.tile(np.geomspace(1, 1e3, 4)[:, None], 3).ravel()
    table["loss"] = factor * table["x"] ** -0.5
    problem = problem_of(
        "power", table, x="x", residual="plain", fix={"alpha": 0.5, "B": 0.0}, resample="run"
    )
    _, exponents = best(problem)
    draws = bootstrap(problem, exponents, 200, seed=0)[:, 0]
    counts = [(i, j, 3 - i - j) for i in range(4) for j in range(4 - i)]
    possible = np.array([(i + 2 * j + 4 * k) / 3 for i, j, k in counts])
    assert np.abs(draws[:, None] - possible).min(axis=1).max() < 1e-8
    assert len(np.unique(np.round(draws, 6))) > 5
    without = jackknife(problem, exponents, problem.points.unit)[:, 0]
    assert without == pytest.approx([3.0, 2.5, 1.5], rel=1e-8)


def test_a_checkpoint_written_ten_times_does_not_narrow_the_interval_of_runs() -> None:
    table = make_table("power", POWER, points=20, noise=0.02)
    table["run"] = [f"run {i}" for i in range(20)]
    options = {"x": "x", "resamples": 200, "rules": (), "starts": 16}
    one = fit(table, "power", resample="run", **options)
    ten = pd.concat([table] * 10)
    runs, rows = fit(ten, "power", **options), fit(ten, "power", resample="row", **options)
    assert (runs.points.units, rows.points.units) == ("run", "row")
    for name in POWER:
        a, b = one.intervals[name], runs.intervals[name]
        assert (b.low, b.high) == pytest.approx((a.low, a.high), rel=1e-4)
        wide = runs.intervals[name].high - runs.intervals[name].low
        narrow = rows.intervals[name].high - rows.intervals[name].low
        assert narrow < 0.6 * wide  # about 1/√10


def test_the_floor_of_a_group_that_a_resample_misses_is_not_a_number_there() -> None:
    true = truth("width", (0.9,), (1,), (1.7, 2, 1.5))
    table = make_table("width", true, points=30, noise=0.01)
    table["model"] = [f"{f}{i // 9}" for i, f in enumerate(table["family"])]
    found = fit(table, "width", resamples=100, resample="family", **{"starts": 4})
    assert found.interval_method == "linear"  # two families are too few
    problem = problem_of("width", table, resample="family")
    draws = bootstrap(problem, best(problem)[1], 100, seed=0)
    missing = np.isnan(draws)
    assert not missing[:, :2].any()
    gpt2 = problem.names.index("B[gpt2/c4]")
    assert np.array_equal(missing[:, 2], missing[:, 3])  # opt's two floors go together
    assert missing[:, gpt2].any() and not missing[:, gpt2].all()
    assert not (missing[:, gpt2] & missing[:, 2]).any()


def test_a_95_percent_interval_holds_the_truth_about_95_times_in_100() -> None:
    runs = 80
    held = 0
    for seed in range(runs):
        table = make_table("power", POWER, points=40, seed=seed, noise=0.01)
        found = fit(table, "power", x="x", resamples=200, judge=False, starts=2, seed=seed)
        assert found.interval_method == "bca"
        held += POWER["alpha"] in found.intervals["alpha"]
    # BCa of 40 cases covers 0.90 to 0.95 (Efron 1987); 3 standard errors of 80 simulations.
    assert held / runs > 0.9 - 3 * math.sqrt(0.9 * 0.1 / runs)
    assert held < runs
