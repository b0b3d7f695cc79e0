"""Facts: where points hardly show a bend a forecast says so; where they show one it is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from superscope.forecasts import Forecast, Variant, forecast, plan, roll_out
from superscope.laws import Law, fit, simulate

X = np.geomspace(50, 50_000, 12)
BEYOND = 200_000.0
QUICK = {"x": "x", "resamples": 0, "starts": 4, "progress": None}


def broken(x: np.ndarray, at: float, after: float) -> np.ndarray:
    """Return a power law whose exponent is another beyond an input."""
    return np.asarray(1.5 + np.where(x < at, 30 * x**-0.35, 30 * at**-0.35 * (x / at) ** -after))


def table(at: float, after: float, noise: float, seed: int, x: np.ndarray = X) -> pd.DataFrame:
    draws = np.random.default_rng(seed).standard_normal(len(x))
    return pd.DataFrame({"x": x, "loss": broken(x, at, after) * np.exp(noise * draws)})


def said(at: float, after: float, noise: float, seed: int) -> Forecast:
    return forecast(fit(table(at, after, noise, seed), "power", **QUICK), x=BEYOND)


@pytest.fixture(scope="module")
def steep() -> Law:
    """A law fitted to points that steepen beyond 3,000."""
    x = np.geomspace(50, 50_000, 40)
    return fit(table(3000, 0.8, 0.003, 0, x), "power", **QUICK)


def test_a_forecast_holds_where_the_last_points_hardly_show_that_the_law_ends() -> None:
    made = [said(30_000, 0.0, 0.015, seed) for seed in range(12)]
    true = float(broken(np.array([BEYOND]), 30_000, 0.0)[0])
    kept = [one for one in made if not one.refused]
    assert len(kept) >= 5
    assert sum(one.loss.low <= true <= one.loss.high for one in kept) >= 0.8 * len(kept)
    assert sum(one.unbent.low <= true <= one.unbent.high for one in kept) <= 0.2 * len(kept)
    assert all(one.bend_chance > 0.15 for one in kept)


def test_a_law_that_goes_on_has_a_somewhat_wider_interval() -> None:
    made = [said(1e9, 0.35, 0.003, seed) for seed in range(8)]
    wider = [
        np.log(one.loss.high / one.loss.low) / np.log(one.unbent.high / one.unbent.low)
        for one in made
    ]
    assert min(wider) >= 1
    assert np.median(wider) < 1.5
    assert np.median([one.bend_chance for one in made]) < 0.2


def test_bends_matter_beyond_the_data_alone_and_for_laws_that_were_judged() -> None:
    points = table(30_000, 0.0, 0.01, 1)
    inside = forecast(fit(points, "power", **QUICK), x=10_000.0)
    assert inside.loss == inside.unbent and inside.bend_chance is None
    bare = forecast(fit(points, "power", judge=False, **QUICK), x=BEYOND)
    assert bare.loss == bare.unbent and bare.bend_chance is None


def test_losses_that_hardly_scatter_leave_no_bend() -> None:
    """A law written with eight decimals: residuals are rounding, and bends are known to be none."""
    points = pd.DataFrame({"x": X, "loss": (30 * X**-0.35 + 1.5).round(8)})
    made = forecast(fit(points, "power", **QUICK), x=BEYOND)
    assert made.loss.value == pytest.approx(30 * BEYOND**-0.35 + 1.5, rel=1e-6)
    assert made.bend_chance is not None and made.bend_chance < 0.1
    assert made.loss.high - made.loss.low < 1e-6


def test_where_points_can_show_no_bend_its_chance_is_unknown_and_not_0() -> None:
    """Two inputs, a part and a floor: whatever bends between them is taken up."""
    points = table(1e9, 0.35, 0.01, 0, np.repeat([50.0, 5000.0], 8))
    made = forecast(fit(points, "power", fix={"alpha": 0.35}, **QUICK), x=BEYOND)
    assert made.bend_chance is None and made.loss == made.unbent
    assert "chance of a bend" not in str(made)


def test_inputs_have_bends_of_their_own() -> None:
    law = fit(simulate("chinchilla"), "chinchilla", resamples=0, starts=8, progress=None)
    most = dict(zip(law.form.columns, law.points.inputs.max(axis=0), strict=True))
    made = forecast(law, **{name: 4 * value for name, value in most.items()})
    assert made.loss.low <= made.unbent.low < made.unbent.high <= made.loss.high
    assert 0 < made.bend_chance < 0.5


def test_a_law_whose_form_does_not_hold_is_refused_beyond_its_data(steep: Law) -> None:
    made = forecast(steep, x=BEYOND)
    assert made.refused == steep.refused
    assert str(made).startswith(
        "Refused: the law's form does not hold, so it says nothing beyond its data: beyond x = "
    )
    assert made.doubts[0].startswith("the law is refused (the form does not hold: x")
    assert "refused, loss" in repr(made)
    assert (made.to_frame()["refused"] == steep.refused).all()
    assert Forecast.from_json(made.to_json()) == made
    inside = forecast(steep, x=1000.0)
    assert inside.refused == "" and not str(inside).startswith("Refused")
    assert inside.doubts[0].startswith("the law is refused")


def test_a_roll_out_shows_which_fits_are_refused(steep: Law) -> None:
    points = pd.DataFrame({"x": steep.points.inputs[:, 0], "loss": steep.points.loss})
    rolled = roll_out(
        points, [Variant("power", "power")], x="x", resamples=0, starts=4, hold_out=(1,),
        progress=None,
    )  # fmt: skip
    (one,) = rolled.predictions
    assert one.refused.startswith("beyond x = ")
    assert rolled.to_frame()["refused"].tolist() == [one.refused]
    assert rolled.summary()["refused"].tolist() == [1]
    assert (
        "Refused, because the law's form does not hold for the smaller models:\n"
        f"  the table without its largest model: {one.refused} (power)"
    ) in str(rolled)


def test_a_plan_beyond_the_data_of_another_law_is_refused() -> None:
    points = simulate("chinchilla", noise=0.003)
    late = points["tokens"] > points["tokens"].median()
    ratio = points["tokens"] / points["tokens"].median()
    points["loss"] = points["loss"] * np.where(late, ratio**0.05, 1.0)
    law = fit(points, "chinchilla", resamples=0, starts=8, progress=None)
    made = plan(law, 1e27)
    assert made.refused == law.refused != ""
    assert str(made).startswith("Refused: the law's form does not hold")
    assert (made.to_frame()["refused"] == law.refused).all()
