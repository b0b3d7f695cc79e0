"""Laws that are no sum of powers, as rivals in a roll-out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from superscope.errors import UsageError
from superscope.forecasts import RollOutOptions, roll_out
from superscope.forecasts.rivals import RIVALS, fit_rival
from superscope.laws import FitOptions, simulate
from superscope.laws.points import select

QUICK = RollOutOptions(resamples=0, starts=4)


def coupled(noise: float, seed: int = 0) -> pd.DataFrame:
    """Losses of Kaplan's form, with a floor."""
    table = simulate("chinchilla", seed=seed)
    n, d = table["parameters"], table["tokens"]
    loss = 1.6 + ((3e4 / n) ** (0.4 / 0.3) + 1e6 / d) ** 0.3
    return table.assign(loss=loss * np.exp(np.random.default_rng(seed).normal(0, noise, len(n))))


def broken(noise: float, seed: int = 0) -> pd.DataFrame:
    """Losses whose exponent changes from .2 to .8 at 2,000, within a factor of 2."""
    x = np.geomspace(50, 50_000, 40)
    loss = 1 + 6 * x**-0.2 * (1 + (x / 2e3) ** (1 / 0.4)) ** (-0.6 * 0.4)
    return pd.DataFrame({"x": x, "loss": loss * np.exp(
        np.random.default_rng(seed).normal(0, noise, len(x)))})  # fmt: skip


@pytest.mark.parametrize(("name", "table"), [("coupled", coupled(0.0)), ("broken", broken(0.0))])
def test_the_truth_is_recovered_without_noise(name: str, table: pd.DataFrame) -> None:
    options = FitOptions(resamples=0, starts=8, x="x" if name == "broken" else None)
    form = RIVALS[name].form(options)
    points = select(table, form, options).points
    law = fit_rival(RIVALS[name], form, points, options)
    assert law.loss(points.inputs) == pytest.approx(points.loss, rel=2e-4)


def test_where_inputs_are_coupled_the_coupled_law_forecasts_better() -> None:
    rolled = roll_out(coupled(0.002), ["chinchilla", "coupled"], QUICK, hold_out=(30,))
    assert rolled.best == {30: "coupled"}
    summary = rolled.summary().set_index("variant")
    assert summary.loc["coupled", "covered"] >= 0.85


def test_where_a_power_breaks_the_broken_one_forecasts_better_and_says_how_well() -> None:
    rolled = roll_out(broken(0.003), ["power", "broken"], QUICK, x="x", hold_out=(8,))
    assert rolled.best == {8: "broken"}
    summary = rolled.summary().set_index("variant")
    assert summary.loc["broken", "covered"] >= 0.75
    errors = summary["mean_absolute_error"]
    assert errors["broken"] < errors["power"] / 2


@pytest.mark.slow
def test_where_a_power_does_not_break_its_own_law_forecasts_better() -> None:
    plain = [roll_out(simulate("power", seed=s), ["power", "broken"], QUICK, x="x", hold_out=(10,))
             for s in range(2)]  # fmt: skip
    errors = [r.summary().set_index("variant")["mean_absolute_error"] for r in plain]
    assert np.mean([e["power"] for e in errors]) <= np.mean([e["broken"] for e in errors])


def test_too_few_points_are_no_fit() -> None:
    few = broken(0.003).iloc[::6]
    rolled = roll_out(few, "broken", QUICK, x="x", hold_out=(1,))
    assert "6 points are too few for the 6 parameters of broken" in rolled.impossible[0][2]


def test_the_column_that_breaks_must_be_named() -> None:
    with pytest.raises(UsageError, match="the law broken needs x='COLUMN'"):
        roll_out(broken(0.0), "broken", QUICK)
