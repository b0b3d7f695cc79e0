"""How far a forecast lies from its data, all inputs together."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from superscope.forecasts import forecast
from superscope.laws import fit, simulate

QUICK = {"resamples": 0, "judge": False, "starts": 4}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Larger models saw more tokens, as along a compute budget."""
    table = simulate("chinchilla", seed=1)
    rng = np.random.default_rng(0)
    ratio = 20 * np.exp(rng.normal(0, 0.2, len(table)))
    return simulate("chinchilla", design=table.assign(tokens=ratio * table["parameters"]))


def test_it_is_mahalanobis_of_the_logarithms(table: pd.DataFrame) -> None:
    said = forecast(fit(table, "chinchilla", **QUICK), parameters=1e9, tokens=3e10).distance
    logs = np.log(table[["parameters", "tokens"]])
    precision = np.linalg.inv(logs.cov())
    away = np.log([1e9, 3e10]) - logs.mean()
    assert said.value == pytest.approx(np.sqrt(away @ precision @ away))
    own = np.einsum("ni,ij,nj->n", logs - logs.mean(), precision, logs - logs.mean())
    assert said.farthest == pytest.approx(np.sqrt(own.max()))


def test_units_do_not_matter(table: pd.DataFrame) -> None:
    one = forecast(fit(table, "chinchilla", **QUICK), parameters=1e9, tokens=3e10)
    thousands = table.assign(tokens=table["tokens"] / 1e3)
    other = forecast(fit(thousands, "chinchilla", **QUICK), parameters=1e9, tokens=3e7)
    assert other.distance.value == pytest.approx(one.distance.value)


def test_a_combination_outside_the_data_is_doubted_though_each_input_is_inside(
    table: pd.DataFrame,
) -> None:
    law = fit(table, "chinchilla", **QUICK)
    usual = forecast(law, parameters=1e9, tokens=2e10)
    odd = forecast(law, parameters=1e10, tokens=2e9)
    assert set(odd.beyond.values()) == set(usual.beyond.values()) == {1.0}
    assert not usual.distance.outside
    assert odd.distance.outside
    assert any("but not their combination" in doubt for doubt in odd.doubts)
    assert not any("combination" in doubt for doubt in usual.doubts)
    assert f"{odd.distance.value:.3g} standard deviations from the data's middle" in str(odd)
    assert json.loads(odd.to_json())["distance"]["value"] == odd.distance.value
    assert set(odd.to_frame()["distance"]) == {odd.distance.value}


def test_where_the_data_do_not_vary_there_is_no_distance() -> None:
    table = simulate("shape", seed=1)
    held = {"fix": {"c_l": 6.0, "a_l": 1.2}} | QUICK
    law = fit(table.assign(depth=12.0), "shape", **held)
    inside = forecast(law, width=1024, depth=12, tokens=1e10)
    assert inside.distance.value is not None and not inside.distance.outside
    beside = forecast(law, width=1024, depth=24, tokens=1e10)
    assert beside.distance.value is None
    assert "in a direction in which the data do not vary" in str(beside)
    assert np.isnan(beside.to_frame()["distance"]).all()
