"""Every result draws itself, and what is drawn is what the result says."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from studies import make_evaluation, make_study

from superscope import forecasts, laws, toy
from superscope.errors import UsageError
from superscope.evaluation import Evaluation
from superscope.figures import pictures
from superscope.figures.evaluation._tokens import rank_losses
from superscope.figures.forecasts._forecast import moved_losses
from superscope.figures.frequency._ranks import ranked_counts, tail_counts
from superscope.figures.toy._run import feature_overlaps, smoothed_losses
from superscope.forecasts import Forecast, Plan, RollOut
from superscope.frequency import CountedText, TokenFrequency, ZipfExponent
from superscope.laws import Law


@pytest.fixture(scope="session")
def law() -> Law:
    return laws.fit(laws.simulate("chinchilla", noise=0.001), "chinchilla", resamples=0, starts=8)


@pytest.fixture(scope="session")
def forecast(law: Law) -> Forecast:
    return forecasts.forecast(law, parameters=1e12, tokens=1e13)


@pytest.fixture(scope="session")
def plan(law: Law) -> Plan:
    return forecasts.plan(law, 1e24)


@pytest.fixture(scope="session")
def roll_out() -> RollOut:
    rows = [
        forecasts.Prediction(variant, "g", f"m{k}", held_out, 5, 3.0, 3.0 + 0.1 * k, None, None)
        for variant in ("width", "power")
        for held_out in (1, 2)
        for k in range(held_out)
    ]
    return RollOut("width", tuple(rows), ())


@pytest.fixture(scope="session")
def run() -> toy.ToyRun:
    return toy.train(toy.ToyConfig(n=20, width=5, steps=60, batch=32, decay=-1.0))


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    from dataclasses import replace

    from superscope.evaluation import Losses

    made = make_evaluation(64, "lab/m")
    counts = np.array([1, 8, 3, 2])
    return replace(
        made, token_losses=Losses(np.arange(4), counts, counts * np.array([9.0, 1, 4, 6]))
    )


@pytest.fixture(scope="session")
def frequency() -> TokenFrequency:
    counts = np.array([0, 1000, 500, 333, 250, 200])
    tail = ZipfExponent(2, 5, 1.0, 0.1, (0.8, 1.2))
    text = CountedText("text", 1, 0, 0, 1)
    return TokenFrequency("t", text, counts, "runs", None, tail, (), None, None, None, None, "1")


def test_a_law_shows_the_best_use_of_compute(law: Law) -> None:
    """Around the largest budget of its points, or one that is named; other laws have no budget."""
    inputs = law.points.inputs
    most = float((6 * inputs[:, 0] * inputs[:, 1]).max())
    for options, compute in (({}, most), ({"compute": 1e24}, 1e24)):
        drawn = law.plot("frontier", **options).axes[0].lines[0].get_xdata()
        expected = [a.compute for a in forecasts.plan(law, compute).frontier]
        assert drawn == pytest.approx(expected)
    power = laws.fit(laws.simulate("time"), "time", resamples=0, judge=False, starts=4)
    assert "frontier" not in pictures(power)


def one(figure: Figure) -> matplotlib.axes.Axes:
    (panel,) = figure.axes
    return panel


def test_a_forecast_lies_where_it_says(law: Law, forecast: Forecast) -> None:
    panel = one(forecast.plot("curve", law=law))
    (diamond,) = (line for line in panel.lines if line.get_marker() == "D")
    assert float(diamond.get_ydata()[0]) == forecast.loss.value
    low, high = panel.get_xlim()
    assert low < float(diamond.get_xdata()[0]) < high
    with pytest.raises(UsageError, match="pass law="):
        forecast.plot("curve")


def test_moved_losses_keep_their_residuals(law: Law, forecast: Forecast) -> None:
    points = np.arange(len(law.points))
    moved = moved_losses(law, forecast, 0, points)
    inputs = np.repeat(law.inputs_of(forecast.inputs), len(points), axis=0)
    inputs[:, 0] = law.points.inputs[:, 0]
    there = law.loss(inputs, law.points.group)
    np.testing.assert_allclose(moved - there, law.points.loss - law.fitted, atol=1e-12)


def test_the_bars_of_a_forecast_are_its_parts(forecast: Forecast) -> None:
    widths = [bar.get_width() for bar in one(forecast.plot()).patches]
    assert widths == [*(e.value for e in forecast.parts.values()), forecast.loss.value]


def test_a_plan_draws_its_frontier_with_and_without_the_law(law: Law, plan: Plan) -> None:
    for options in ({}, {"law": law}):
        panels = plan.plot(**options).axes
        (best,) = (line for line in panels[0].lines if line.get_marker() == "D")
        assert float(best.get_ydata()[0]) == plan.best.loss.value
        assert len(panels) == 1 + len(plan.ranges)


def test_a_roll_out_draws_the_mean_error_of_each_variant(roll_out: RollOut) -> None:
    lines = [line for line in one(roll_out.plot()).lines if line.get_linestyle() == "-"]
    assert len(lines) == 2
    for line in lines:
        np.testing.assert_allclose(line.get_ydata(), [0.0, 0.05], atol=1e-12)


def test_a_run_draws_its_loss_norms_and_overlaps(run: toy.ToyRun) -> None:
    steps, losses = smoothed_losses(run)
    assert (np.diff(steps) > 0).all()
    assert losses[-1] == pytest.approx(float(run.losses[-1]), rel=0.5)
    (norms,) = (line for line in one(run.plot("norms")).lines if line.get_marker() == "o")
    assert sorted(norms.get_ydata()) == sorted(run.norms)
    geometry = run.geometry(pairs="none")
    if run.represented.all():
        assert np.mean(feature_overlaps(run) ** 2) == pytest.approx(
            geometry.raw.mean_square_overlap, rel=1e-5
        )
    run.plot("overlap")


def test_losses_by_rank_weigh_targets(evaluation: Evaluation) -> None:
    found = rank_losses(evaluation)
    assert found.means.tolist() == [1, 4, 6, 9]
    assert (np.diff(found.ranks) > 0).all()
    evaluation.plot("tokens")
    lines = one(evaluation.plot()).lines
    assert any(np.allclose(line.get_ydata(), evaluation.loss) for line in lines)


def test_the_tail_has_the_sum_of_its_counts(frequency: TokenFrequency) -> None:
    ranks, counts = ranked_counts(frequency)
    assert counts[0] == 1000
    assert ranks[-1] == 5
    found = tail_counts(frequency)
    assert found is not None
    assert found[1].sum() == pytest.approx(500 + 333 + 250 + 200)
    assert found[1][0] / found[1][2] == pytest.approx(2.0)
    frequency.plot()


def test_laws_and_studies_draw_themselves(law: Law) -> None:
    study = make_study(5)
    for result in (law, study):
        for name in pictures(result):
            assert result.plot(name, theme="dark").axes
    with pytest.raises(UsageError, match="choose one of: terms, residuals"):
        law.plot("fitted")
    with pytest.raises(UsageError, match="several panels"):
        law.plot("residuals", ax=Figure().subplots())


def test_a_panel_is_drawn_in_axes_of_the_user(
    law: Law, forecast: Forecast, roll_out: RollOut, run: toy.ToyRun, evaluation: Evaluation,
    frequency: TokenFrequency,
) -> None:  # fmt: skip
    figure = Figure(figsize=(10, 10))
    axes = figure.subplots(3, 3).ravel()
    for ax, draw in zip(
        axes,
        (
            lambda ax: forecast.plot(ax=ax), lambda ax: forecast.plot("curve", ax=ax, law=law),
            lambda ax: roll_out.plot(ax=ax), lambda ax: run.plot(ax=ax),
            lambda ax: run.plot("overlap", ax=ax), lambda ax: evaluation.plot(ax=ax),
            lambda ax: evaluation.plot("tokens", ax=ax), lambda ax: frequency.plot(ax=ax),
        ),
        strict=False,
    ):  # fmt: skip
        assert draw(ax) is figure
        assert ax.has_data()
