"""Fits: laws that are known are found again, and what must not matter does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from law_tables import (
    CHINCHILLA,
    FAST,
    GROUPS,
    LAWS,
    PLAIN,
    POWER,
    SHAPE,
    TERMS,
    make_table,
    options_for,
    truth,
)

from superscope.errors import UsageError
from superscope.laws import FitOptions, FitStatus, fit

some = settings(max_examples=6, deadline=None)
exponents = st.tuples(*[st.floats(0.1, 1.5)] * 3)
sizes = st.tuples(*[st.floats(0.1, 3)] * 3)
floors = st.tuples(*[st.floats(0.3, 3)] * 3)


@pytest.mark.parametrize("loss", ["squared", "huber"])
@pytest.mark.parametrize("residual", ["log", "plain"])
@pytest.mark.parametrize("law", LAWS)
def test_losses_without_noise_give_back_the_law(law: str, residual: str, loss: str) -> None:
    @some
    @given(exponents, sizes, floors, st.integers(0, 1000))
    def recover(exponents, sizes, floors, seed) -> None:
        true = truth(law, exponents, sizes, floors)
        found = fit(
            make_table(law, true, seed=seed),
            law,
            loss=loss,
            residual=residual,
            **(PLAIN | {"starts": 32}),
            **options_for(law),
        )
        assert found.parameters == pytest.approx(true, rel=1e-6)
        assert found.converged

    recover()


@some
@given(st.floats(1e-3, 1e3), st.sampled_from(["log", "plain"]), st.sampled_from(["width", "shape"]))
def test_a_factor_on_all_losses_scales_amplitudes_and_floors_alone(factor, residual, law) -> None:
    true = truth(law, (0.9, 1.1, 0.3), (1, 1, 1), (1.7, 2.0, 1.5))
    table = make_table(law, true, noise=0.003)
    options = {**PLAIN, "residual": residual, "loss": "squared"}
    one = fit(table, law, **options)
    other = fit(table.assign(loss=table["loss"] * factor), law, **options)
    for name, value in one.parameters.items():
        is_exponent = name in one.form.exponents
        expected = value if is_exponent else factor * value
        assert other.parameters[name] == pytest.approx(expected, rel=1e-5), name
    scale = 1 if residual == "log" else factor**2
    assert other.objective == pytest.approx(one.objective * scale, rel=1e-9)


@some
@given(st.floats(1e-6, 1e6), st.sampled_from([t[2] for t in TERMS["shape"]]))
def test_the_unit_of_an_input_changes_its_amplitude_alone(factor: float, column: str) -> None:
    table = make_table("shape", SHAPE, noise=0.003)
    one = fit(table, "shape", **PLAIN)
    other = fit(table.assign(**{column: table[column] * factor}), "shape", **PLAIN)
    expected = dict(one.parameters)
    for amplitude, exponent, name in TERMS["shape"]:
        if name == column:
            expected[amplitude] *= factor ** one.parameters[exponent]
    assert other.parameters == pytest.approx(expected, rel=1e-5)
    assert other.objective == pytest.approx(one.objective, rel=1e-9)


@pytest.mark.parametrize("law", LAWS)
def test_the_order_of_the_rows_changes_nothing(law: str) -> None:
    true = truth(law, (0.9, 1.1, 0.3), (1, 1, 1), (1.7, 2.0, 1.5))
    table = make_table(law, true, noise=0.01)
    shuffled = table.sample(frac=1, random_state=1)
    one, other = (fit(t, law, **PLAIN, **options_for(law)) for t in (table, shuffled))
    assert other.parameters == pytest.approx(one.parameters, rel=1e-6)
    assert other.standard_errors == pytest.approx(one.standard_errors, rel=1e-5)
    assert other.objective == pytest.approx(one.objective, rel=1e-10)


@pytest.mark.parametrize("loss", ["squared", "huber"])
def test_every_row_twice_leaves_the_parameters_and_doubles_the_objective(loss: str) -> None:
    table = make_table("chinchilla", CHINCHILLA, noise=0.003)
    one = fit(table, "chinchilla", loss=loss, **PLAIN)
    two = fit(pd.concat([table, table]), "chinchilla", loss=loss, **PLAIN)
    assert two.parameters == pytest.approx(one.parameters, rel=1e-5)
    assert two.objective == pytest.approx(2 * one.objective, rel=1e-10)


def test_equal_standard_errors_weigh_like_none() -> None:
    table = make_table("width", truth("width", (0.9,), (1,), (1.7, 2, 1.5)), noise=0.01)
    one = fit(table, "width", **PLAIN)
    other = fit(table.assign(loss_se=0.02), "width", weights="loss_se", **PLAIN)
    assert other.parameters == pytest.approx(one.parameters, rel=1e-9)
    assert other.standard_errors == pytest.approx(one.standard_errors, rel=1e-9)
    assert other.objective == pytest.approx(one.objective, rel=1e-12)


def test_an_uncertain_point_hardly_matters() -> None:
    table = make_table("power", POWER, points=20, noise=0.01)
    wrong = table.assign(loss_se=0.01 * table["loss"])
    wrong.loc[3, "loss"] *= 3
    wrong.loc[3, "loss_se"] = 1e4
    one = fit(table.drop(3), "power", x="x", **PLAIN)
    other = fit(wrong, "power", x="x", weights="loss_se", **PLAIN)
    assert other.parameters == pytest.approx(one.parameters, rel=1e-6)


@pytest.mark.parametrize("residual", ["log", "plain"])
def test_weights_of_whole_numbers_are_repeated_rows(residual: str) -> None:
    table = make_table("power", POWER, points=20, noise=0.01)
    times = np.random.default_rng(0).integers(1, 4, len(table))
    error = 1 / np.sqrt(times) * (table["loss"] if residual == "log" else 1)
    weighed = fit(
        table.assign(loss_se=error), "power", x="x", residual=residual, weights="loss_se", **PLAIN
    )
    repeated = table.loc[np.repeat(table.index, times)]
    whole = fit(repeated, "power", x="x", residual=residual, **PLAIN)
    assert weighed.parameters == pytest.approx(whole.parameters, rel=1e-6)
    assert weighed.objective == pytest.approx(whole.objective / times.mean(), rel=1e-9)


@pytest.mark.parametrize("loss", ["squared", "huber"])
@pytest.mark.parametrize("name", list(SHAPE))
def test_a_parameter_held_at_its_best_value_changes_no_other(name: str, loss: str) -> None:
    table = make_table("shape", SHAPE, noise=0.003)
    free = fit(table, "shape", loss=loss, **PLAIN)
    held = fit(table, "shape", loss=loss, fix={name: free.parameters[name]}, **PLAIN)
    assert held.parameters == pytest.approx(free.parameters, rel=1e-4)
    assert held.objective == pytest.approx(free.objective, rel=1e-9)
    assert held.standard_errors[name] == 0
    assert held.intervals[name].low == held.intervals[name].high == free.parameters[name]
    assert name not in held.profiles


@some
@given(st.floats(0.2, 2.0))
def test_a_held_exponent_never_fits_better(value: float) -> None:
    table = make_table("shape", SHAPE, noise=0.003)
    free = fit(table, "shape", **PLAIN)
    held = fit(table, "shape", fix={"a_m": value}, **PLAIN)
    assert held.parameters["a_m"] == value
    assert held.objective >= free.objective * (1 - 1e-12)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("alpha", None, 0.3), ("alpha", 0.6, 0.9), ("B", 1.2, None), ("A", None, 2.0), ("A", 4, 5)],
)
def test_bounds_are_kept_and_reached(name: str, low: float | None, high: float | None) -> None:
    table = make_table("power", POWER, noise=0.003)  # A 3, alpha 0.5, B 1: outside each
    free = fit(table, "power", x="x", **PLAIN)
    found = fit(table, "power", x="x", bounds={name: (low, high)}, **PLAIN)
    nearest = high if low is None or POWER[name] > low else low
    assert found.parameters[name] == pytest.approx(nearest, rel=1e-9)
    assert found.objective > free.objective


def test_bounds_that_do_not_bind_change_nothing() -> None:
    table = make_table("power", POWER, noise=0.003)
    free = fit(table, "power", x="x", **PLAIN)
    bounds = {"A": (0.1, 100.0), "alpha": (0.01, 4.0), "B": (0.0, 10.0)}
    bounded = fit(table, "power", x="x", bounds=bounds, **PLAIN)
    assert bounded.parameters == pytest.approx(free.parameters, rel=1e-6)


def test_a_floor_of_one_group_can_be_held() -> None:
    true = truth("width", (0.9,), (1,), (1.7, 2, 1.5))
    table = make_table("width", true, noise=0.003)
    name = f"B[{GROUPS[1]}]"
    one = fit(table, "width", fix={name: 1.9}, **PLAIN)
    assert one.parameters[name] == 1.9
    assert [n for n, e in one.standard_errors.items() if e == 0] == [name]
    all_held = fit(table, "width", fix={"B": 1.4}, **PLAIN)
    assert {all_held.parameters[f"B[{g}]"] for g in GROUPS} == {1.4}


@given(st.integers(0, 10_000))
@settings(max_examples=12, deadline=None)
def test_no_amplitude_or_floor_is_negative_whatever_the_losses(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = make_table("chinchilla", CHINCHILLA, points=15, seed=seed)
    table["loss"] = np.exp(rng.standard_normal(15))
    for loss in ("squared", "huber"):
        found = fit(table, "chinchilla", loss=loss, **PLAIN)
        assert min(found.parameters.values()) >= 0
        assert max(found.parameters["alpha"], found.parameters["beta"]) <= 8


def test_width_gets_its_groups_from_the_table_and_only_if_it_has_them() -> None:
    true = truth("width", (0.9,), (1,), (1.7, 1.7, 1.7))
    table = make_table("width", true)
    assert fit(table, "width", **PLAIN).points.groups == GROUPS
    assert fit(table, "width", **PLAIN).grouped_by == ("family", "dataset")
    assert fit(table, "width", group="dataset", **PLAIN).points.groups == ("c4", "pile")
    for one in (
        fit(table, "width", group="none", **PLAIN),
        fit(table.drop(columns=["family", "dataset"]), "width", **PLAIN),
    ):
        assert list(one.parameters) == ["A", "alpha", "B"]
        assert one.parameters == pytest.approx({"A": true["A"], "alpha": 0.9, "B": 1.7}, rel=1e-6)


def test_layers_that_do_not_count_are_subtracted() -> None:
    table = make_table("shape", SHAPE)
    moved = table.assign(depth=table["depth"] + 2)
    found = fit(moved, "shape", depth_offset=2, **PLAIN)
    assert found.parameters == pytest.approx(SHAPE, rel=1e-6)
    assert found.predict(width=512, depth=10, tokens=1e10)[0] == pytest.approx(
        50 * 512**-0.9 + 3 * 8**-1.1 + 500 * 1e10**-0.3 + 1.7
    )


def test_the_same_seed_gives_the_same_law_and_another_other_draws() -> None:
    table = make_table("power", POWER, points=20, noise=0.01)
    one, same, other = (fit(table, "power", x="x", resamples=100, seed=s) for s in (1, 1, 2))
    assert one.to_json() == same.to_json()
    assert not np.array_equal(one.bootstrap, other.bootstrap)
    assert one.parameters == pytest.approx(other.parameters, rel=1e-6)


def test_keywords_change_options() -> None:
    table = make_table("power", POWER, points=20, noise=0.01)
    options = FitOptions(x="x", resamples=0, fix={"alpha": 0.7})
    by_options = fit(table, "power", options)
    assert (
        by_options.to_json()
        == fit(table, "power", x="x", resamples=0, fix={"alpha": 0.7}).to_json()
    )
    assert fit(table, "power", options, fix={"alpha": 0.6}).parameters["alpha"] == 0.6
    assert options.fix == {"alpha": 0.7}


def test_the_table_given_is_left_as_it_was() -> None:
    table = make_table("power", POWER, points=20).rename(columns={"loss": "nats"})
    before = table.copy(deep=True)
    fit(table, "power", x="x", columns={"loss": "nats"}, exclude=["x > 1000"], **PLAIN)
    pd.testing.assert_frame_equal(table, before)


def test_progress_is_told() -> None:
    said: list[tuple[str, int, int]] = []
    fit(make_table("power", POWER), "power", x="x", progress=lambda *a: said.append(a), **PLAIN)
    assert said
    assert all(0 <= done <= total for _, done, total in said)


def test_few_runs_have_intervals_from_fits_without_each() -> None:
    table = make_table("power", POWER, points=21, noise=0.01)
    table["run"] = [f"run {i % 7}" for i in range(21)]
    law = fit(table, "power", x="x", resamples=100)
    assert law.interval_method == "jackknife"
    assert "7 runs tell little of what the points of each share" in law.verdict
    assert "6 degrees of freedom" in law.verdict
    assert law.uncertainty.degrees_of_freedom == 6
    assert fit(table, "power", x="x", resamples=100, resample="row").interval_method == "bca"
    assert fit(table, "power", x="x", resamples=0, resample="row").interval_method == "linear"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"law": "chinchila"}, "did you mean chinchilla"),
        ({"law": "zebra"}, "laws: power, width, chinchilla, shape, time"),
        ({"fix": {"alfa": 1.0}}, "did you mean alpha"),
        ({"bounds": {"E": (0, 1)}}, "parameters: B, A, alpha"),
        ({"drop_hihgest": 1}, "did you mean drop_highest"),
        ({"x": "tokns"}, "did you mean tokens"),
        ({"columns": {"loss": "los"}}, "did you mean loss"),
        ({"group": "familly"}, "did you mean family"),
        ({"resample": "familly"}, "did you mean family"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(change: dict, said: str) -> None:
    table = make_table("power", POWER, points=20).assign(tokens=1.0, family="a")
    law = change.pop("law", "power")
    with pytest.raises(UsageError, match=said):
        fit(table, law, **(PLAIN | {"x": "x"} | change))


@pytest.mark.parametrize("points", [3, 4])
def test_fewer_points_than_parameters_are_refused(points: int) -> None:
    table = make_table("chinchilla", CHINCHILLA, points=points)
    with pytest.raises(UsageError, match=rf"{points} points are fewer than the 5 parameters"):
        fit(table, "chinchilla", **PLAIN)


def test_as_many_points_as_parameters_leave_no_freedom() -> None:
    found = fit(make_table("power", POWER, points=3), "power", x="x", **FAST)
    assert found.status is FitStatus.NO_DEGREES_OF_FREEDOM
    assert not found.identified
    assert found.degrees_of_freedom == 0
    assert np.isnan(found.residual_scale)
    assert all(error is None for error in found.standard_errors.values())


def test_one_width_alone_says_nothing_of_width() -> None:
    table = make_table("shape", SHAPE).assign(width=512.0)
    with pytest.raises(UsageError, match="width is 512 in all 40 points") as error:
        fit(table, "shape", **PLAIN)
    assert "fix c_m and a_m" in str(error.value)
    held = fit(table, "shape", fix={"c_m": 0.0, "a_m": 1.0}, **PLAIN)
    assert held.parameters["a_l"] > 0


def test_sensitivity_that_cannot_be_fitted_is_an_error_only_if_asked_for() -> None:
    table = make_table("power", POWER, points=5, noise=0.01)
    with pytest.raises(UsageError, match="fewer than"):
        fit(table, "power", x="x", resamples=0, rules=(3,))
    assert fit(table, "power", x="x", resamples=0).refits


def test_a_fit_that_was_not_judged_says_so() -> None:
    table = make_table("power", POWER, points=20, noise=0.01)
    unjudged, judged = (fit(table, "power", x="x", resamples=0, judge=j) for j in (False, True))
    assert unjudged.status is FitStatus.NOT_JUDGED
    assert (unjudged.profiles, unjudged.influences, unjudged.refits) == ({}, (), ())
    assert FitStatus.NOT_JUDGED not in {f.status for f in judged.findings}
    assert unjudged.parameters == judged.parameters
    assert unjudged.standard_errors == judged.standard_errors
