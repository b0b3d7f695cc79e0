"""Tables whose law is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from superscope.errors import UsageError
from superscope.laws import TRUTHS, fit, simulate


@pytest.mark.parametrize("law", TRUTHS)
def test_without_noise_the_truth_is_found_again(law: str) -> None:
    table = simulate(law, noise=0.0, seed=1)
    found = fit(table, law, x="x" if law == "power" else None, resamples=0, judge=False)
    for name, value in found.parameters.items():
        assert value == pytest.approx(TRUTHS[law][name.partition("[")[0]], rel=1e-6)


def test_chinchilla_is_its_formula() -> None:
    table = simulate("chinchilla", noise=0.0, parameters={"alpha": 0.5, "E": 1.0})
    truth = TRUTHS["chinchilla"] | {"alpha": 0.5, "E": 1.0}
    expected = truth["A"] * table.parameters**-0.5 + truth["B"] * table.tokens ** -truth["beta"] + 1
    np.testing.assert_allclose(table.loss, expected, rtol=1e-14)


def test_noise_is_of_the_size_asked() -> None:
    design = pd.DataFrame({"x": np.geomspace(10, 1e5, 20_000)})
    exact = simulate("power", design=design, noise=0.0).loss
    residual = np.log(simulate("power", design=design, noise=0.01, seed=2).loss / exact)
    assert residual.std() == pytest.approx(0.01, rel=5 / np.sqrt(2 * len(design)))
    assert abs(residual.mean()) < 5 * 0.01 / np.sqrt(len(design))


def test_points_of_one_model_share_their_noise() -> None:
    table = simulate("width", noise=0.0, unit_noise=0.05, seed=3)
    scatter = table.loss - simulate("width", noise=0.0, seed=3).loss
    by_model = scatter.groupby(table.model)
    assert (by_model.max() - by_model.min()).max() < 1e-12
    assert by_model.first().std() == pytest.approx(0.05, rel=0.6)


def test_floors_may_differ_by_group() -> None:
    table = simulate("width", noise=0.0, parameters={"B[family0/text1]": 1.0})
    lowest = table.groupby(["family", "dataset"]).loss.min()
    assert lowest.drop(("family0", "text1")).nunique() == lowest.loc[:, "text0"].nunique()
    assert lowest["family0", "text1"] == pytest.approx(lowest["family0", "text0"] - 1)


def test_the_same_seed_gives_the_same_table() -> None:
    pd.testing.assert_frame_equal(simulate("shape", seed=4), simulate("shape", seed=4))
    assert not simulate("shape", seed=4).equals(simulate("shape", seed=5))


def test_an_unknown_parameter_is_named() -> None:
    with pytest.raises(UsageError, match="'gamma'"):
        simulate("power", parameters={"gamma": 1.0})
    with pytest.raises(UsageError, match="did you mean shape"):
        simulate("shap")
