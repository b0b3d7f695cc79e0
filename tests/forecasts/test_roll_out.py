"""Laws compared by what they forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from superscope.errors import UsageError
from superscope.forecasts import WIDTH_VARIANTS, RollOutOptions, Variant, roll_out
from superscope.laws import fit, simulate

QUICK = RollOutOptions(resamples=0, starts=4)


def few_groups(seed: int = 0, **options: object) -> pd.DataFrame:
    """Return the losses of two families on two texts."""
    table = simulate("width", seed=seed, **options)
    return table[table.family.isin(["family0", "family1"]) & table.dataset.isin(["text0", "text1"])]


def test_the_true_law_forecasts_without_error() -> None:
    table = few_groups(noise=0.0)
    rolled = roll_out(table, WIDTH_VARIANTS, QUICK, hold_out=(2,))
    errors = rolled.to_frame().groupby("variant")["error"].agg(lambda e: e.abs().max())
    assert errors["free exponent"] < 1e-6
    assert errors["pooled, free exponent"] < 1e-6
    assert errors["pooled exponent"] < 1e-6
    assert errors["exponent 1"] > 1e-3  # the truth is 0.91
    assert errors["no floor"] > 0.05
    assert rolled.best[2] in ("free exponent", "pooled, free exponent", "pooled exponent")


def test_a_true_exponent_of_one_forecasts_best_when_it_is_given() -> None:
    errors: dict[str, float] = {}
    for seed in range(3):
        table = simulate("width", parameters={"alpha": 1.0, "A": 900.0}, seed=seed)
        summary = roll_out(table, WIDTH_VARIANTS[:2], QUICK, hold_out=(2,)).summary()
        for row in summary.to_dict("records"):
            name = str(row["variant"])
            errors[name] = errors.get(name, 0) + row["common_mean_absolute_error"]
    assert errors["exponent 1"] < errors["free exponent"]


def test_a_prediction_is_the_forecast_of_a_fit_without_the_large_models() -> None:
    table = simulate("width", seed=2)
    rolled = roll_out(table, WIDTH_VARIANTS[:1], QUICK, hold_out=(1,))
    (one,) = [p for p in rolled.predictions if p.group == "family1/text2"]
    group = table[(table.family == "family1") & (table.dataset == "text2")]
    small = fit(group[group.width < group.width.max()], "width", QUICK.of_fit(), group="none")
    assert one.predicted == pytest.approx(float(small.predict(width=group.width.max())[0]))
    assert one.loss == group.loss[group.width.idxmax()]
    assert one.points == len(group) - 1


def test_held_out_losses_do_not_matter_to_what_is_predicted() -> None:
    table = few_groups(seed=2)
    other = table.copy()
    largest = table.groupby("family").width.transform("max") == table.width
    other.loc[largest, "loss"] *= 3
    for variants in (WIDTH_VARIANTS[:3], WIDTH_VARIANTS[4:5]):
        first, second = (roll_out(t, variants, QUICK, hold_out=(1,)) for t in (table, other))
        assert [p.predicted for p in first.predictions] == [p.predicted for p in second.predictions]


def test_models_of_one_size_are_held_out_together() -> None:
    table = simulate("width", seed=1)
    twin = table[table.model == "model0.6"].assign(model="twin")
    stacked = pd.concat([table, twin], ignore_index=True)
    both = roll_out(stacked, WIDTH_VARIANTS[:1], QUICK, hold_out=(1,))
    assert sum(p.group == "family0/text0" for p in both.predictions) == 2


def test_what_cannot_be_fitted_is_listed_with_the_reason() -> None:
    table = simulate("width", seed=1)
    few = table[(table.family != "family0") | (table.width <= np.sort(table.width.unique())[11])]
    few = few[(few.family != "family0") | (few.groupby("family").cumcount() < 16)]
    rolled = roll_out(few, WIDTH_VARIANTS[:2], QUICK, hold_out=(1,))
    reasons = [reason for variant, group, reason in rolled.impossible if "family0" in group]
    assert reasons
    assert all("points" in reason for reason in reasons)
    assert not any(
        p.group.startswith("family0") and p.variant == "free exponent" for p in rolled.predictions
    )
    assert "Not possible:" in str(rolled)


def test_variants_are_compared_on_the_points_that_all_predict() -> None:
    table = simulate("width", seed=1)
    few = table[(table.family != "family0") | (table.groupby("family").cumcount() < 16)]
    summary = roll_out(few, WIDTH_VARIANTS[:2], QUICK, hold_out=(1,)).summary()
    assert summary.predictions.nunique() == 2
    assert summary.common.nunique() == 1
    assert (summary.common == summary.predictions.min()).all()


def test_intervals_of_the_true_law_hold_the_large_models() -> None:
    told = [
        p.covered
        for seed in range(8)
        for p in roll_out(
            simulate("width", seed=seed), WIDTH_VARIANTS[:1], QUICK, hold_out=(1,)
        ).predictions
    ]
    assert np.mean(np.array(told, float)) > 0.95 - 3 * np.sqrt(0.05 * 0.95 / len(told))


def test_laws_of_other_inputs_may_be_compared() -> None:
    table = simulate("shape", seed=2).head(100)
    variants = [Variant("by width", "power", pooled=True), Variant("shape", "shape", pooled=True)]
    rolled = roll_out(table, variants, RollOutOptions(resamples=0, x="width"), hold_out=(5,))
    assert rolled.best == {5: "shape"}


def test_nothing_to_compare_is_an_error() -> None:
    table = simulate("power")
    with pytest.raises(UsageError, match="variants"):
        roll_out(table, [])
    with pytest.raises(UsageError, match="held out"):
        roll_out(table, WIDTH_VARIANTS, hold_out=(0,))


def test_a_shared_exponents_error_is_in_the_interval() -> None:
    table = simulate("width", seed=3)
    held = fit(table, "width", QUICK.of_fit()).parameters["alpha"]
    variants = [
        Variant("shared", "width", shared=("alpha",)),
        Variant("known", "width", {"fix": {"alpha": held}}),
    ]
    frame = roll_out(table, variants, QUICK, hold_out=(2,)).to_frame()
    width = (frame.high - frame.low).groupby(frame.variant).mean()
    assert width["shared"] > 1.005 * width["known"]


def test_a_size_that_is_no_number_is_an_error() -> None:
    with pytest.raises(UsageError, match="family holds no number"):
        roll_out(simulate("width"), WIDTH_VARIANTS, QUICK, size="family")


def test_laws_are_given_by_name() -> None:
    table = few_groups(seed=1)
    assert roll_out(table, "width", QUICK, hold_out=(1,)) == roll_out(
        table, WIDTH_VARIANTS, QUICK, hold_out=(1,)
    )
    alone = roll_out(simulate("shape", seed=2).head(60), ["shape"], QUICK, hold_out=(3,))
    assert "forecasts best" not in str(alone)
    assert "by width held out, shape is the only variant" in str(alone)


def test_a_rule_that_matches_nothing_is_told() -> None:
    rolled = roll_out(
        few_groups(seed=2), WIDTH_VARIANTS[:1], QUICK, hold_out=(1,), exclude="family == family9"
    )
    (note,) = rolled.notes
    assert note.startswith("the rule family == family9: no family is 'family9'; did you mean")
    assert f"Read: {note}" in str(rolled)
