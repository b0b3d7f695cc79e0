"""A table's columns: computed from others, lengthened, and as numbers or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from law_tables import FAST, PLAIN, POWER, make_table

from superscope.errors import UsageError
from superscope.laws import FitOptions, fit, fit_by, simulate
from superscope.laws.table_columns import lengthened, numeric_columns, renamed

CURVES = pd.DataFrame(
    {
        "Step": [1, 2, 4],
        "a - loss": [3.0, 2.0, np.nan],
        "a - loss__MIN": [3.0, 2.0, np.nan],
        "b - loss": [2.5, 2.25, 2.0],
        "b - lr": [0.1, 0.1, 0.1],
    }
)


def test_a_column_for_each_run_becomes_rows() -> None:
    found = lengthened(CURVES, "loss")
    assert found.to_dict("list") == {
        "Step": [1, 2, 1, 2, 4],
        "run": ["a", "a", "b", "b", "b"],
        "loss": [3.0, 2.0, 2.5, 2.25, 2.0],
    }
    assert lengthened(found, "loss") is found
    plain = CURVES[["Step", "b - loss"]].set_axis(["Step", "b"], axis=1)
    assert lengthened(plain, "loss")["run"].tolist() == ["b"] * 3
    with pytest.raises(UsageError, match=r"no column is called RUN - acc; metrics: loss, lr"):
        lengthened(CURVES, "acc")


def test_each_run_of_a_wide_table_is_fitted() -> None:
    t = np.geomspace(1e3, 1e6, 8)
    wide = pd.DataFrame(
        {"t": t} | {f"{r} - loss": s * t**-0.5 + 1 for r, s in (("a", 30), ("b", 9))}
    )
    found = fit_by(wide, "power", "run", x="t", wide="loss", **PLAIN)
    assert [law.parameters["A"] for law in found.laws.values()] == pytest.approx([30, 9])
    assert fit(wide, "power", x="t", wide="loss", group="run", **PLAIN).points.groups == ("a", "b")


def test_tokens_follow_from_compute() -> None:
    table = pd.DataFrame({"C": [6e18, 6e20], "N": [1e9, 1e10]})
    options = FitOptions(columns={"tokens": "C/6N", "pairs": "2*N*C", "half": "N/2"})
    found = renamed(table, options)
    assert found["tokens"].tolist() == [1e9, 1e10]
    assert found["pairs"].tolist() == pytest.approx([1.2e28, 1.2e31])
    assert found["half"].tolist() == [5e8, 5e9]
    with pytest.raises(UsageError, match="columns tokens=C/6M: no column 'M'"):
        renamed(table, FitOptions(columns={"tokens": "C/6M"}))
    with pytest.raises(UsageError, match="write a column, or columns as in C/6N"):
        renamed(table, FitOptions(columns={"tokens": "C/"}))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([pd.NaT] * 2, "dates or durations"),
        (pd.to_timedelta([1, 2]), "dates or durations"),
        (np.array([1 + 2j, 3]), "complex numbers"),
        ([[1], [2]], "holds no number in rows 1, 2"),
        (["18.9M", "wide"], "holds no number in row 2, such as 'wide'"),
        (pd.arrays.SparseArray([1.0, 0.0]), "is sparse"),
    ],
)
def test_what_holds_no_plain_numbers_is_named(values, said: str) -> None:
    with pytest.raises(UsageError, match=f"width.*{said}"):
        numeric_columns(pd.DataFrame({"width": values}), ("width",), None)


def test_units_are_read_with_a_note_that_the_law_keeps() -> None:
    table = simulate("chinchilla")
    words = [f"{n / 1e6!r}M" for n in table["parameters"]]
    law = fit(table.assign(parameters=words), "chinchilla", **PLAIN)
    assert law.parameters == pytest.approx(fit(table, "chinchilla", **PLAIN).parameters, rel=1e-6)
    assert law.notes[0].startswith(f"{words[0]} in parameters was read as ")
    assert law.notes[0] in str(law)


def test_infinite_features_and_lists_of_groups_are_no_crash() -> None:
    table = make_table("power", POWER, points=12).assign(features=np.inf)
    assert fit(table, "power", x="x", **PLAIN).points.features == 0
    with pytest.raises(UsageError, match="group: family holds lists, such as"):
        fit(table.assign(family=[["a"], ["b"]] * 6), "power", x="x", group="family", **PLAIN)


def test_a_metric_that_rises_is_said_to_rise() -> None:
    table = make_table("power", POWER, points=12)
    found = fit(table.assign(loss=1 - 0.1 * table["loss"]), "power", x="x", **FAST)
    assert "the loss rises with x, as an accuracy does" in found.verdict


def test_a_floor_may_be_bounded_below_zero() -> None:
    table = make_table("power", POWER, points=12)
    table = table.assign(loss=table["loss"] - 1.2)
    table = table[table["loss"] > 0]
    law = fit(table, "power", x="x", bounds={"B": (-1, None)}, **PLAIN)
    assert law.parameters["B"] == pytest.approx(-0.2, abs=1e-6)
    assert type(law).from_json(law.to_json()) == law
    with pytest.raises(UsageError, match="0 <= lowest"):
        fit(table, "power", x="x", bounds={"A": (-1, None)}, **PLAIN)


def test_names_are_printed_without_control_sequences() -> None:
    table = make_table("power", POWER, points=12).assign(family=["\x1b[31mred", "a\u202eb"] * 6)
    text = str(fit(table, "power", x="x", **PLAIN))
    assert text.replace("\n", "").isprintable()
    assert "\\x1b[31mred" in text
