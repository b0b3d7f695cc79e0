"""Whether exponents differ, between two laws and among groups of a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from law_tables import FAST

from superscope.errors import UsageError
from superscope.laws import Comparison, Law, LawsByGroup, compare, fit, fit_by, simulate

QUICK = FAST | {"starts": 8, "judge": False}


def power(alpha: float, seed: int, **options) -> Law:
    table = simulate("power", parameters={"alpha": alpha}, seed=seed)
    return fit(table, "power", x="x", **(QUICK | options))


@pytest.mark.parametrize("resamples", [0, 200])
def test_exponents_that_differ_are_told_from_those_that_do_not(resamples: int) -> None:
    one, same, other = (power(a, i, resamples=resamples) for i, a in enumerate((0.6, 0.6, 0.8)))
    (alike,) = compare(one, same).differences
    assert alike.differs is False
    (unlike,) = compare(one, other, ("one", "other")).differences
    assert unlike.differs is True
    assert unlike.difference.value == one.parameters["alpha"] - other.parameters["alpha"]
    assert unlike.difference.low < unlike.difference.value < unlike.difference.high < 0
    assert "alpha of one and of other differ" in str(compare(one, other, ("one", "other")))


def test_the_interval_is_as_wide_as_both_errors_together() -> None:
    one, other = power(0.6, 0, resamples=0), power(0.6, 1, resamples=0)
    (found,) = compare(one, other).differences
    errors = np.hypot(one.standard_errors["alpha"], other.standard_errors["alpha"])
    half = (found.difference.high - found.difference.low) / 2
    assert half == pytest.approx(2 * errors, rel=0.1)


def test_laws_of_the_same_resamples_are_compared_as_independent() -> None:
    """Two fits with one seed draw the same rows; their differences must not cancel."""
    law = power(0.6, 0, resamples=200)
    (found,) = compare(law, law).differences
    assert found.difference.high - found.difference.low > 2 * law.standard_errors["alpha"]


def test_without_an_interval_nothing_is_said() -> None:
    exact = fit(simulate("power").iloc[:3], "power", x="x", **QUICK)
    found = compare(exact, exact)
    assert found.differences[0].differs is None
    assert "cannot be told" in str(found)
    assert found.to_frame()["low"].isna().all()


def test_only_fits_of_one_law_are_compared() -> None:
    with pytest.raises(UsageError, match="these are power and time"):
        compare(power(0.6, 0), fit(simulate("time"), "time", **QUICK))


def by_family() -> pd.DataFrame:
    parts = [
        simulate("power", parameters={"alpha": a}, seed=i).assign(family=name)
        for i, (name, a) in enumerate({"steep": 0.8, "flat": 0.6, "also flat": 0.6}.items())
    ]
    return pd.concat([*parts, parts[0].iloc[:2].assign(family="few")])


def test_each_group_has_the_law_of_its_own_rows() -> None:
    table = by_family()
    found = fit_by(table, "power", "family", x="x", **QUICK)
    assert list(found.laws) == ["steep", "flat", "also flat"]
    alone = fit(table[table.family == "flat"], "power", x="x", **QUICK)
    assert found.laws["flat"].parameters == alone.parameters
    assert "fewer than" in found.impossible["few"]
    verdicts = {(d.first, d.second): d.differs for d in found.differences}
    assert verdicts == {
        ("steep", "flat"): True, ("steep", "also flat"): True, ("flat", "also flat"): False,
    }  # fmt: skip
    frame = found.to_frame()
    assert list(frame["family"]) == list(found.laws)
    assert list(found.difference_frame()["differs"]) == [True, True, False]
    assert "Not fitted:" in str(found)


def test_a_column_that_is_absent_and_groups_too_small_are_named() -> None:
    with pytest.raises(UsageError, match="did you mean family"):
        fit_by(by_family(), "power", "famly", x="x")
    with pytest.raises(UsageError, match="no group by family can be fitted: few"):
        fit_by(by_family().tail(2), "power", "family", x="x")


def test_nothing_is_lost_in_json() -> None:
    found = fit_by(by_family(), "power", "family", x="x", **QUICK)
    again = LawsByGroup.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    pair = found.comparisons[0]
    assert Comparison.from_json(pair.to_json()) == pair
    for value in (found, pair):
        assert len(repr(value).splitlines()) == 1
        assert str(value).splitlines()[0] in value._repr_html_()
