"""Forecasts: a loss, its parts, what doubling buys, where it ends, and why to doubt it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from law_tables import FAST, GROUPS, POWER, SHAPE, losses, make_table, truth

from superscope.errors import UsageError
from superscope.forecasts import forecast
from superscope.laws import Estimate, Law, fit

WIDTH = truth("width", (0.9,), (1,), (1.7, 2.0, 1.5))
LARGE = {"width": 16384, "depth": 100, "tokens": 1e13}


@cache
def shape(resamples: int = 0, residual: str = "log") -> Law:
    table = make_table("shape", SHAPE, points=60, noise=0.003)
    options = FAST | {"resamples": resamples, "residual": residual}
    return fit(table, "shape", **options)


@cache
def width(resamples: int = 0) -> Law:
    table = make_table("width", WIDTH, points=60, noise=0.01)
    return fit(table, "width", **(FAST | {"resamples": resamples}))


inputs = st.tuples(st.floats(64, 1e6), st.floats(2, 1e3), st.floats(1e8, 1e15))


@settings(max_examples=40, deadline=None)
@given(inputs, st.sampled_from([0, 100]), st.sampled_from(["log", "plain"]))
def test_the_parts_sum_to_the_loss(at: tuple, resamples: int, residual: str) -> None:
    law = shape(resamples, residual)
    found = forecast(law, width=at[0], depth=at[1], tokens=at[2])
    assert list(found.parts) == ["width", "depth", "data", "floor"]
    assert sum(p.value for p in found.parts.values()) == pytest.approx(found.loss.value, rel=1e-12)
    assert found.loss.value == found.expected.value
    assert found.loss.value == law.predict(width=at[0], depth=at[1], tokens=at[2])[0]
    p = law.parameters
    assert found.parts["width"].value == pytest.approx(p["c_m"] * at[0] ** -p["a_m"])
    assert found.parts["floor"].value == p["E"]


@settings(max_examples=20, deadline=None)
@given(inputs, st.sampled_from(["width", "depth", "tokens"]))
def test_doubling_is_the_difference_of_two_forecasts(at: tuple, column: str) -> None:
    once = dict(zip(("width", "depth", "tokens"), at, strict=True))
    twice = once | {column: 2 * once[column]}
    law = shape()
    change = forecast(law, **twice).loss.value - forecast(law, **once).loss.value
    part = {"width": "width", "depth": "depth", "tokens": "data"}[column]
    found = forecast(law, **once).doubling
    assert set(found) == {"width", "depth", "data"}
    assert found[part].value == pytest.approx(change, abs=1e-12)
    assert found[part].value <= 0


def test_doubling_depth_doubles_the_layers_not_what_is_left_of_them() -> None:
    table = make_table("shape", SHAPE, points=60, noise=0.003)
    law = fit(table.assign(depth=table["depth"] + 2), "shape", depth_offset=2, **FAST)
    at = {"width": 512, "depth": 10, "tokens": 1e10}
    p = law.parameters
    expected = p["c_l"] * (18 ** -p["a_l"] - 8 ** -p["a_l"])
    assert forecast(law, **at).doubling["depth"].value == pytest.approx(expected)
    assert forecast(law, **at).inputs == at


@pytest.mark.parametrize("resamples", [0, 100])
@pytest.mark.parametrize("residual", ["log", "plain"])
def test_a_new_model_is_less_certain_than_the_law(resamples: int, residual: str) -> None:
    for at in (LARGE, {"width": 512, "depth": 16, "tokens": 1e11}):
        found = forecast(shape(resamples, residual), **at)
        assert found.loss.low < found.expected.low < found.expected.value
        assert found.expected.value < found.expected.high < found.loss.high


def test_the_laws_own_interval_is_the_delta_methods() -> None:
    """With the exponent held the law is linear: the textbook's band of a regression."""
    table = make_table("power", POWER, points=25, noise=0.02)
    law = fit(table, "power", x="x", residual="plain", fix={"alpha": 0.5}, **FAST)
    from scipy import stats

    design = np.column_stack([table["x"] ** -0.5, np.ones(25)])
    estimate, rss, *_ = np.linalg.lstsq(design, table["loss"], rcond=None)
    at = np.array([1e6**-0.5, 1.0])
    s2 = rss[0] / 23
    variance = s2 * at @ np.linalg.inv(design.T @ design) @ at
    t = stats.t.ppf(0.975, 23)
    found = forecast(law, x=1e6)
    middle = at @ estimate
    half, whole = t * math.sqrt(variance), t * math.sqrt(variance + s2)
    assert found.expected.low == pytest.approx(middle - half, rel=1e-7)
    assert found.expected.high == pytest.approx(middle + half, rel=1e-7)
    assert (found.unbent.low, found.unbent.high) == pytest.approx(
        (middle - whole, middle + whole), rel=1e-7
    )


def test_a_new_models_interval_holds_its_loss_about_95_times_in_100() -> None:
    runs = 100
    held = 0
    for seed in range(runs):
        table = make_table("power", POWER, points=41, seed=seed, noise=0.01)
        law = fit(table[:40], "power", x="x", judge=False, resamples=0, starts=2)
        found = forecast(law, x=float(table["x"][40])).loss
        held += found.low <= table["loss"][40] <= found.high
    assert abs(held / runs - 0.95) < 3 * math.sqrt(0.95 * 0.05 / runs)


def test_beyond_says_how_far_from_the_data() -> None:
    law = shape()
    least, most = law.points.inputs.min(axis=0), law.points.inputs.max(axis=0)
    found = forecast(
        law, width=2 * most[0], depth=least[1] / 4, tokens=math.sqrt(least[2] * most[2])
    )
    assert found.beyond == pytest.approx({"width": 2, "depth": 0.25, "tokens": 1})
    edge = forecast(law, width=most[0], depth=least[1], tokens=most[2])
    assert edge.beyond == {"width": 1, "depth": 1, "tokens": 1}


def test_beyond_counts_layers_as_they_are_given() -> None:
    table = make_table("shape", SHAPE, points=60, noise=0.003)
    table["depth"] = np.round(table["depth"]) + 2
    law = fit(table, "shape", depth_offset=2, **FAST)
    most = float(table["depth"].max())
    found = forecast(law, width=512, depth=2 * most, tokens=1e10)
    assert found.beyond["depth"] == pytest.approx(2)


def test_far_beyond_the_data_is_doubted_and_a_unit_is_asked_for() -> None:
    law = shape()
    most = law.points.inputs.max(axis=0)
    inside = {"width": 512.0, "depth": 16.0, "tokens": 1e11}
    far = forecast(law, **(inside | {"width": 5 * most[0]})).doubts
    assert any("width is 5 times the largest in the data" in d for d in far)
    near = forecast(law, **(inside | {"width": 3.9 * most[0]})).doubts
    assert not any("times the largest" in d for d in near)
    millions = forecast(law, **(inside | {"tokens": 1e5 / 1e3})).doubts
    assert any("tokens are" in d and "plain counts" in d for d in millions)


def test_the_laws_own_verdict_is_the_first_doubt() -> None:
    law = fit(make_table("power", POWER, points=3), "power", x="x", **FAST)
    assert law.findings
    assert forecast(law, x=1e6).doubts[0] == f"the law is {law.short_verdict}"
    sound = replace(shape(), findings=())
    assert forecast(sound, width=512, depth=16, tokens=1e11).doubts == ()


def test_the_widths_part_ends_at_the_number_of_features() -> None:
    table = make_table("width", WIDTH, points=60, noise=0.01).assign(features=50_257)
    law = fit(table, "width", **FAST)
    found = forecast(law, group=GROUPS[0], width=40_000)
    assert found.ends[0].width.value == 50_257
    assert "each of 50,257 features has a dimension of its own" in found.ends[0].reason
    assert not any("past the law's end: each" in d for d in found.doubts)
    past = forecast(law, group=GROUPS[0], width=50_257)
    assert any("past the law's end: each of 50,257" in d for d in past.doubts)
    told = forecast(law, group=GROUPS[0], width=40_000, features=1000)
    assert told.ends[0].width.value == 1000


@pytest.mark.parametrize("residual", ["log", "plain"])
def test_the_widths_part_ends_where_it_equals_the_scatter_of_models(residual: str) -> None:
    law = shape(0, residual)
    found = forecast(law, **LARGE)
    (end,) = found.ends
    part = law.parameters["c_m"] * end.width.value ** -law.parameters["a_m"]
    scale = law.residual_scale
    if residual == "log":  # a share of what is left of the loss without the width's part
        scale *= found.loss.value - found.parts["width"].value
    assert part == pytest.approx(scale, rel=1e-9)
    assert "below the scatter of single models" in end.reason
    past = forecast(law, **(LARGE | {"width": end.width.value * 1.01}))
    assert any("past the law's end: the width's part" in d for d in past.doubts)


def test_a_law_without_width_has_no_such_end() -> None:
    law = fit(make_table("power", POWER, noise=0.01), "power", x="x", **FAST)
    assert forecast(law, x=100).ends == ()


def test_a_fit_without_a_floor_says_that_its_intervals_take_that_as_known() -> None:
    x = np.geomspace(50, 50_000, 12)
    bare = 30 * x**-0.35 * np.exp(0.01 * np.random.default_rng(0).standard_normal(12))
    table = pd.DataFrame({"x": x, "loss": bare})
    law = fit(table, "power", x="x", **FAST)
    assert law.parameters["B"] == 0
    (said,) = [d for d in forecast(law, x=1e6).doubts if "no floor" in d]
    assert "B = 0 as known" in said
    assert not any("no floor" in d for d in forecast(law, x=1e4).doubts)  # inside the data
    held = fit(table, "power", x="x", **(FAST | {"fix": {"B": 0}}))
    assert not any("no floor" in d for d in forecast(held, x=1e6).doubts)  # said as given


def test_the_group_decides_the_floor() -> None:
    law = width()
    one, other = (forecast(law, group=g, width=4096) for g in GROUPS[:2])
    floors = [law.parameters[f"B[{g}]"] for g in GROUPS]
    assert other.loss.value - one.loss.value == pytest.approx(floors[1] - floors[0])
    assert one.group == GROUPS[0]
    assert one.parts["width"] == other.parts["width"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "needs width"),
        ({"width": 512}, "name a group: opt/c4, opt/pile, gpt2/c4"),
        ({"width": 512, "group": "gpt2/c5"}, "did you mean gpt2/c4"),
        (
            {"width": 512, "depth": 5, "group": GROUPS[0]},
            "the law width has no depth; it has width",
        ),
        ({"width": 0, "group": GROUPS[0]}, "width must be a number above 0"),
        ({"width": math.nan, "group": GROUPS[0]}, "width must be a number"),
        ({"width": [512, 1024], "group": GROUPS[0]}, "a forecast is for one model"),
        ({"width": 512, "features": 0, "group": GROUPS[0]}, "features must be at least 1"),
    ],
)
def test_what_cannot_be_forecast_is_refused(arguments: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        forecast(width(), **arguments)


def test_without_freedom_there_is_no_interval() -> None:
    law = fit(make_table("power", POWER, points=3), "power", x="x", **FAST)
    found = forecast(law, x=1e6)
    assert (found.loss.low, found.loss.high) == (None, None)
    assert "no interval" in str(found.loss)
    assert found.doubts[0].startswith("the law is not identified")
    assert json.loads(found.to_json())["loss"]["low"] is None


def test_a_law_that_knows_next_to_nothing_still_forecasts() -> None:
    """Its interval may be without an end, or as long as numbers go; it is no error."""
    rng = np.random.default_rng(0)
    table = make_table("power", POWER, points=6)
    table["x"] = np.linspace(10, 10.5, 6)
    table["loss"] = np.exp(0.1 * rng.standard_normal(6))
    law = fit(table, "power", x="x", **FAST)
    for x in (1e-6, 0.1, 1e6):
        found = forecast(law, x=x)
        assert math.isfinite(found.loss.value)
        json.loads(found.to_json())


@pytest.mark.parametrize("resamples", [0, 100])
def test_the_band_is_the_intervals_of_the_forecasts(resamples: int) -> None:
    law = width(resamples)
    widths = [100.0, 5000.0, 1e6]
    band = law.predict(width=widths, group=GROUPS, interval=0.95)
    new = law.predict(width=widths, group=GROUPS, interval=0.95, new=True)
    for i in range(3):
        said = forecast(law, group=GROUPS[i], width=widths[i])
        assert band.estimate(i) == said.expected
        assert new.estimate(i) == said.unbent


def test_a_forecast_reads_well_and_is_the_same_again() -> None:
    found = forecast(shape(100), **LARGE)
    text = str(found)
    assert text == str(forecast(shape(100), **LARGE))
    for doubt in found.doubts:
        assert f"Doubt: {doubt}" in text
    assert str(found.loss) in text
    assert all(part in text for part in found.parts)
    written = json.loads(found.to_json())
    assert written["parts"]["floor"]["value"] == found.parts["floor"].value
    assert str(Estimate(2.314, 2.28, 2.35)) == "2.314 (2.28 to 2.35)"


def test_losses_of_the_law_are_recovered_far_outside() -> None:
    """Little noise, well-spread data: ten times wider and longer is within the interval."""
    law = shape(100)
    at = {"width": 1e5, "depth": 300.0, "tokens": 1e14}
    import pandas as pd

    true = losses("shape", SHAPE, pd.DataFrame([at]))[0]
    found = forecast(law, **at).expected
    half = (found.high - found.low) / 2
    assert abs(found.value - true) < 3 * half


@pytest.mark.parametrize("points", [8, 12])
def test_a_new_model_is_never_better_known_than_the_law(points: int) -> None:
    for seed in range(8):
        x = np.geomspace(64, 8192, points)
        noise = np.exp(0.003 * np.random.default_rng(seed).standard_normal(points))
        table = pd.DataFrame({"width": x, "loss": (20 * x**-0.5 + 1.8) * noise})
        law = fit(table, "power", x="width", resamples=200, starts=4, judge=False)
        said = forecast(law, width=32_768)
        assert law.interval_method == "bca"
        assert said.unbent.low <= said.expected.low < said.expected.high <= said.unbent.high
