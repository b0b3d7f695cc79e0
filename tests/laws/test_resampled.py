"""Intervals of few runs, and verdicts that do not hang on which resamples were drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from superscope.laws import TRUTHS, FitStatus, fit, load_table, resampled, simulate
from superscope.laws.intervals import bca, widened
from superscope.laws.monte_carlo import ends_and_errors, hangs_on_the_draw
from superscope.laws.resampling import jackknife_covariance
from superscope.laws.stability import Influence

RUNS = pd.DataFrame(
    {"run": np.repeat([*"abcdef"], 15), "tokens": np.tile(np.geomspace(1e8, 1e12, 15), 6)}
)
FAST = {"starts": 4, "judge": False, "progress": None}


def test_intervals_of_six_runs_hold_the_floor_and_those_of_their_points_do_not() -> None:
    """What a run's points share does not average out over them."""
    held = {"run": 0, "row": 0}
    for seed in range(30):
        table = simulate("time", design=RUNS, noise=0.003, unit_noise=0.03, seed=seed)
        for unit in held:
            law = fit(table, "time", resamples=0, resample=unit, **FAST)
            held[unit] += TRUTHS["time"]["B"] in law.intervals["B"]
    assert held["run"] >= 26  # of 28 or 29 to be expected
    assert held["row"] < held["run"]


def test_without_each_of_many_units_a_mean_has_its_own_variance() -> None:
    values = np.random.default_rng(0).standard_normal(12)
    without = ((values.sum() - values) / 11)[:, None]
    found = jackknife_covariance(
        np.hstack([np.ones((12, 2)), without]),
        np.array([1.0, 1, values.mean()]),
        1,
        np.diag([4.0, 9, 16]),
    )
    assert found[2, 2] == pytest.approx(values.var(ddof=1) / 12)
    assert (found[:2, :2] == np.diag([4.0, 9])).all()  # all fits have one value


def test_runs_that_differ_by_a_factor_alone_tell_nothing_of_the_exponent() -> None:
    """Fits without each have one exponent, but for rounding, and no shift is told in rounding."""
    x = np.geomspace(50, 50_000, 12)
    wave = np.exp(0.003 * np.random.default_rng(0).standard_normal(12))
    runs = [
        (f"r{i}", f * (30 * x**-0.35 + 1.5) * wave) for i, f in enumerate((1, 1.01, 1.02, 0.99))
    ]
    tables = [pd.DataFrame({"x": x, "loss": loss, "run": run}) for run, loss in runs]
    law = fit(pd.concat(tables, ignore_index=True), "power", x="x", starts=4, progress=None)
    assert "; alpha without each is the same, so its error is that of independent" in law.verdict
    assert law.intervals["alpha"].high - 0.347 > 2 * law.standard_errors["alpha"]
    assert all(abs(one.shift) < 3 for one in law.influences)
    assert Influence("alpha", "r0", "run", (0,), 0.4, -2e6, False).moved == "over −100"


def test_runs_that_alone_determine_a_floor_are_not_left_out() -> None:
    table = simulate("width", noise=0.02).query("family == 'family0' and dataset != 'text3'")
    table = table.assign(run=table["dataset"])  # each data set has its own floor
    law = fit(table, "width", resample="run", **FAST)
    assert law.interval_method == "linear"
    assert "the intervals take every point as independent" in law.verdict
    assert FitStatus.FEW_RUNS in {f.status for f in law.findings}


def test_the_monte_carlo_error_is_the_spread_of_ends_over_draws() -> None:
    rng = np.random.default_rng(0)
    without = rng.standard_normal(20) / 20
    drawn = 1 + rng.gamma(4, 0.1, (200, 1000))
    ends = [bca(one, 1.4, without, widened(20)) for one in drawn]
    spread = np.std([(e.low, e.high) for e in ends], axis=0)
    errors = np.mean([ends_and_errors(one, 1.4, without)[1] for one in drawn[:40]], axis=0)
    assert errors == pytest.approx(spread, rel=0.25)


def test_more_is_drawn_only_where_an_end_is_near_what_is_asked() -> None:
    rng = np.random.default_rng(1)
    drawn, without = rng.normal(1, 0.1, 1000), rng.standard_normal(20) / 20
    (low, high), _, _ = ends_and_errors(drawn, 1.0, without)
    for asked, near in ((1.0, False), (2.0, False), (low, True), (high * 1.002, True)):
        assert hangs_on_the_draw(drawn, 1.0, without, np.array([asked])) == near
    wide = 1 + (drawn - 1) * 0.5 / (high - low)  # its interval is half the value
    assert hangs_on_the_draw(wide, 1.0, without, np.array([np.nan]))


def test_eight_times_the_resamples_are_drawn_before_a_verdict_is_borderline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resampled, "hangs_on_the_draw", lambda *_: True)
    law = fit(simulate("power"), "power", x="x", resamples=100, starts=4, progress=None)
    assert len(law.bootstrap) == 800
    (one,) = [f for f in law.findings if f.status is FitStatus.BORDERLINE]
    assert one.about == "alpha" and one.text in law.verdict
    _, errors, _ = ends_and_errors(law.bootstrap[:, 1], 0.4, law.jackknife[:, 1])
    said = [part.split(" ± ") for part in one.text.partition("errors: ")[2].split(" and ")]
    assert [float(end) for end, _ in said] == pytest.approx(
        [law.intervals["alpha"].low, law.intervals["alpha"].high], rel=1e-3
    )
    assert [float(error) for _, error in said] == pytest.approx(list(errors), rel=0.5)
    assert not one.status.severe


def test_a_verdict_is_the_same_with_every_seed_and_number_of_resamples() -> None:
    """Eight models: which resamples were drawn once said whether the law was identified."""
    table = load_table("published-llms")
    laws = [
        fit(table, "width", where="family=opt", progress=None, **asked)
        for asked in ({"resamples": 0}, {"resamples": 300}, {"seed": 1}, {"seed": 2})
    ]
    assert len({law.verdict for law in laws}) == 1
    assert laws[0].interval_method == "jackknife"


def curves(seed: int, runs: int = 8) -> pd.DataFrame:
    """Loss over training by t^(-1/3), four spans of steps, in runs of their own level and slope."""
    rng = np.random.default_rng(seed)
    steps = np.geomspace(1800, 3500, 4)
    bent = np.log(steps / steps.mean())
    level, slope = rng.standard_normal((2, runs, 1))
    noise = 0.06 * level + 0.03 * slope * bent + 0.008 * rng.standard_normal((runs, 4))
    loss = (5.1 * steps ** (-1 / 3) + 0.65) * np.exp(noise)
    run = np.repeat(np.arange(runs), 4).astype(str)
    return pd.DataFrame({"run": run, "tokens": np.tile(steps, runs), "loss": loss.ravel()})


def test_where_the_best_curve_has_no_floor_its_interval_holds_the_true_ones_that_have() -> None:
    """Without any single run there is no floor either, which says nothing of a true one."""
    held = held_by_fits = floorless = 0
    for seed in range(60):
        law = fit(curves(seed), "time", resamples=0, **FAST)
        if law.parameters["B"] > 0:
            continue
        floorless += 1
        held += 1 / 3 in law.intervals["alpha"]
        away = law.jackknife[:, 1] - law.parameters["alpha"]
        error = np.sqrt(7 / 8 * np.sum(away**2))
        held_by_fits += abs(1 / 3 - law.parameters["alpha"]) < 2.36 * error
    assert floorless >= 12
    assert held >= 0.85 * floorless
    assert held_by_fits <= 0.7 * floorless


def test_a_law_that_is_clearly_steeper_than_any_without_a_floor_keeps_its_interval() -> None:
    """A floor would make these curves, which steepen, less true and not more."""
    table = simulate("time", design=RUNS, noise=0.001, seed=0)
    table["loss"] = (
        300 * table["tokens"] ** -0.3 * np.exp(-0.01 * np.log(table["tokens"] / 1e8) ** 2)
    )
    table["loss"] *= np.exp(0.002 * np.random.default_rng(0).standard_normal(len(table)))
    law = fit(table, "time", resamples=0, **FAST)
    assert law.parameters["B"] == 0
    away = law.jackknife[:, 1] - law.parameters["alpha"]
    half = np.sqrt(5 / 6 * np.sum(away**2)) * 2.5706
    assert law.intervals["alpha"].high == pytest.approx(law.parameters["alpha"] + half, rel=1e-3)
