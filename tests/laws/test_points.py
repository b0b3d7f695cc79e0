"""Points: the numbers, groups, units and names a table gives a law."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from law_tables import FAST, POWER, SHAPE, make_table

from superscope.errors import UsageError
from superscope.laws import FitOptions, FitStatus, fit
from superscope.laws.points import Selection, select


def selected(table: pd.DataFrame, law: str = "shape", **changes) -> Selection:
    options = FitOptions(**changes)
    return select(table, options.form(law), options)


def shape_table(points: int = 12, **columns) -> pd.DataFrame:
    return make_table("shape", SHAPE, points=points).assign(**columns)


def test_inputs_are_the_terms_columns_less_their_offsets() -> None:
    table = shape_table()
    points = selected(table.assign(depth=table["depth"] + 2), depth_offset=2).points
    assert points.inputs == pytest.approx(table[["width", "depth", "tokens"]].to_numpy())
    assert np.array_equal(points.loss, table["loss"])
    assert np.array_equal(points.weights, np.ones(12))
    assert np.array_equal(points.rows, np.arange(1, 13))
    assert (points.groups, set(points.group)) == (("",), {0})
    assert len(points) == 12


@pytest.mark.parametrize("column", ["width", "loss"])
@pytest.mark.parametrize("wrong", [0.0, -1.0, np.inf, -np.inf, 1e120, np.nan])
def test_numbers_that_no_law_can_take_are_named_with_their_rows(column: str, wrong: float) -> None:
    table = shape_table()
    table.loc[[2, 7], column] = wrong
    with pytest.raises(UsageError, match=f"{column} must be positive and finite") as error:
        selected(table)
    assert "in rows 3, 8" in str(error.value)
    assert f"{wrong:g}" in str(error.value)


def test_many_wrong_rows_are_counted() -> None:
    with pytest.raises(UsageError, match=r"rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more"):
        selected(shape_table(tokens=-1.0))


def test_text_in_a_number_column_is_quoted_with_its_row() -> None:
    table = shape_table().astype({"width": object})
    table.loc[4, "width"] = "wide"
    with pytest.raises(UsageError, match="width holds no number in row 5, such as 'wide'"):
        selected(table)


def test_numbers_written_as_text_are_numbers() -> None:
    table = shape_table()
    points = selected(table.assign(width=table["width"].astype(str))).points
    assert points.inputs[:, 0] == pytest.approx(table["width"].to_numpy(), rel=1e-15)


def test_an_absent_input_is_named_unless_its_row_is_left_out() -> None:
    table = shape_table().astype({"width": "Float64"})
    table.loc[[3, 5], "width"] = pd.NA
    with pytest.raises(UsageError, match="width is absent in rows 4, 6; fill it in, or leave"):
        selected(table)
    table["bad"] = table["width"].isna().astype(str)
    found = selected(table, exclude=("bad == True",))
    assert list(found.points.rows) == [1, 2, 3, 5, *range(7, 13)]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_an_absent_loss_is_left_out_whatever_file_it_is_absent_from(
    tmp_path: Path, suffix: str
) -> None:
    """Absent is null, never 0: an empty cell, a Parquet null, a JSON null."""
    import pyarrow as pa
    from pyarrow import csv, parquet

    whole = make_table("power", POWER, points=20)
    losses = [None if i in (3, 9) else float(v) for i, v in enumerate(whole["loss"])]
    path = tmp_path / f"table.{suffix}"
    columns = pa.table({"x": whole["x"].to_numpy(), "loss": pa.array(losses)})
    if suffix == "csv":
        csv.write_csv(columns, path)
    elif suffix == "parquet":
        parquet.write_table(columns, path)
    else:
        import json

        path.write_text("".join(json.dumps(row) + "\n" for row in columns.to_pylist()))
    found = fit(path, "power", x="x", **FAST)
    assert found.excluded[0].rows == (4, 10)
    assert found.parameters == pytest.approx(POWER, rel=1e-6)


def test_a_missing_column_names_the_nearest_and_the_way_to_map_it() -> None:
    table = shape_table().rename(columns={"width": "d_width"})
    with pytest.raises(UsageError, match="the law shape needs the column width") as error:
        selected(table)
    assert "did you mean d_width?" in str(error.value)
    assert "columns={'width': 'YOURS'}" in str(error.value)
    found = selected(table, columns={"width": "d_width"})
    assert np.array_equal(found.points.inputs[:, 0], table["d_width"])


def test_depth_must_be_above_the_offset() -> None:
    table = shape_table(depth=[2.0, *np.arange(3.0, 14)])
    with pytest.raises(UsageError, match="depth must be above the offset 2 in row 1"):
        selected(table, depth_offset=2)
    assert len(selected(table, depth_offset=2, exclude=("depth == 2",)).points) == 11


def test_weights_are_inverse_variances_of_the_residuals() -> None:
    error = np.linspace(0.01, 0.04, 12)
    table = shape_table(loss_se=error)
    plain = selected(table, weights="loss_se", residual="plain").points.weights
    assert plain == pytest.approx(error**-2 / np.mean(error**-2))
    # The error of a logarithm is the relative one.
    relative = error / table["loss"].to_numpy()
    logs = selected(table, weights="loss_se", residual="log").points.weights
    assert logs == pytest.approx(relative**-2 / np.mean(relative**-2))
    assert logs.mean() == pytest.approx(1)
    with pytest.raises(UsageError, match="needs the column loss_se"):
        selected(shape_table(), weights="loss_se")
    table.loc[0, "loss_se"] = 0.0
    with pytest.raises(UsageError, match="loss_se must be positive and finite; it is 0 in row 1"):
        selected(table, weights="loss_se")


def test_units_are_runs_or_models_where_they_repeat_and_rows_else() -> None:
    models = [f"m{i // 2}" for i in range(12)]
    runs = [f"r{i // 3}" for i in range(12)]
    rows = [f"r{i}" for i in range(12)]

    def units(**columns) -> tuple[str, int]:
        points = selected(shape_table(**columns)).points
        return points.units, int(points.unit.max()) + 1

    assert units() == ("row", 12)
    assert units(model=models) == ("model", 6)
    assert units(model=models, run=runs) == ("run", 4)
    assert units(run=rows) == ("row", 12)
    assert units(model=models, run=rows) == ("row", 12)
    assert units(model="toy", run=rows) == ("row", 12)
    assert units(model=models, run="one") == ("model", 6)
    assert units(run=[None, *runs[1:]], model=models) == ("model", 6)
    points = selected(shape_table(model=models, run=runs), resample="model").points
    assert (points.units, points.unit_names) == ("model", tuple(models))
    assert selected(shape_table(model=models), resample="row").points.unit_names == ()


def test_points_are_named_by_what_tells_them_apart() -> None:
    table = shape_table(model=[f"m{i // 2}" for i in range(12)], dataset=["a", "b"] * 6)
    assert selected(table).points.labels[:3] == ("m0 on a", "m0 on b", "m1 on a")
    assert selected(table.assign(dataset="a")).points.labels[:2] == ("m0 (row 1)", "m0 (row 2)")
    assert selected(shape_table()).points.labels[:2] == ("row 1", "row 2")
    out = selected(shape_table(), exclude=(f"loss == {float(shape_table()['loss'][0])!r}",))
    assert out.points.labels[0] == "row 2"


def test_features_are_the_most_there_are() -> None:
    assert selected(shape_table()).points.features == 0
    assert selected(shape_table(features=[*range(10, 22)])).points.features == 21
    some = pd.array([None] * 11 + [50_257], "Int64")
    assert selected(shape_table(features=some)).points.features == 50_257


def test_groups_none_means_no_groups() -> None:
    table = make_table("power", POWER, points=12).rename(columns={"x": "width"})
    table = table.assign(family=["a", "b"] * 6, dataset="d")
    assert selected(table, "width").grouped_by == ("family", "dataset")
    assert selected(table, "width", group=("none",)).points.groups == ("",)
    assert selected(table.assign(dataset=None), "width").grouped_by == ("family",)
    assert selected(table, "power", x="width").points.groups == ("a", "b")


def test_other_laws_group_by_what_has_several_values() -> None:
    table = shape_table(family="a", dataset=["c", "d"] * 6)
    assert selected(table).grouped_by == ("dataset",)
    assert selected(table.assign(dataset="c")).grouped_by == ()


def pooled(table: pd.DataFrame, law: str = "shape", **changes) -> list[str]:
    findings = selected(table, law, **changes).findings
    return [f.about for f in findings if f.status is FitStatus.POOLED]


def test_a_column_that_a_law_pools_is_said() -> None:
    table = shape_table(mixture=["c", "d"] * 6, run=[f"r{i // 4}" for i in range(12)])
    assert pooled(table) == ["mixture", "run"]
    assert pooled(table, group="mixture") == ["run"]
    assert pooled(table, group="none") == ["mixture", "run"]
    mixture, _ = selected(table, group="none").findings
    assert mixture.text.endswith("one floor, as asked: whether they differ was not tested")


def test_what_the_inputs_tell_apart_is_not_pooled() -> None:
    table = shape_table(source="lab", model=[f"m{i}" for i in range(12)])
    assert pooled(table) == []
    runs = pd.DataFrame({"parameters": np.repeat([1e7, 1e8, 1e9], 5), "loss": 3.0})
    runs = runs.assign(tokens=np.tile(np.geomspace(1e9, 1e11, 5), 3), run=np.repeat([*"abc"], 5))
    assert pooled(runs, "chinchilla") == []
    assert pooled(runs, "time") == ["run"]


@pytest.mark.parametrize("few", [2, 10])
def test_units_mixed_by_a_million_are_a_finding_that_names_the_rows(few: int) -> None:
    table = make_table("shape", SHAPE, points=12)
    table["tokens"] = np.geomspace(1e9, 1e11, 12)
    assert selected(table).findings == ()
    table.loc[: few - 1, "tokens"] /= 1e6
    (warning,) = selected(table).findings
    wrong = range(1, 3) if few == 2 else range(11, 13)  # the fewer
    assert warning.text.startswith("tokens jumps")
    assert f"rows {', '.join(map(str, wrong))} may be in another unit" in warning.text
    found = fit(table, "shape", **FAST)
    assert [f.about for f in found.findings if f.status is FitStatus.UNITS] == ["tokens"]


def test_tokens_in_millions_beside_parameters_in_ones_are_in_doubt() -> None:
    table = make_table("shape", SHAPE, points=12)
    table["parameters"] = 12 * table["depth"] * table["width"] ** 2
    table["tokens"] = 20 * table["parameters"]
    assert selected(table).findings == ()
    (warning,) = selected(table.assign(tokens=table["tokens"] / 1e6)).findings
    assert "tokens are 2e-05 times parameters" in warning.text
    (warning,) = selected(
        table.assign(parameters=table["parameters"] / 1e6, tokens=table["tokens"] / 1e6)
    ).findings
    assert "parameters are 1e-06 times 12 depth width²" in warning.text


def test_honest_ranges_are_not_in_doubt() -> None:
    assert selected(make_table("shape", SHAPE, points=200)).findings == ()


def test_rows_that_a_rule_leaves_out_may_hold_anything() -> None:
    table = shape_table(step=range(12))
    table.loc[0, "tokens"] = 0.0
    assert len(selected(table, exclude="step == 0").points) == 11
    with pytest.raises(UsageError, match="tokens must be positive and finite; it is 0 in row 1"):
        selected(table)


def test_a_group_without_a_name_is_an_error_with_its_rows() -> None:
    table = pd.DataFrame({"width": [1.0, 2, 3], "loss": [3.0, 2, 1], "family": ["a", None, "a"]})
    with pytest.raises(UsageError, match="family is absent in row 2"):
        select(table, FitOptions().form("width"), FitOptions())
    without = select(table.assign(family=None), FitOptions().form("width"), FitOptions())
    assert without.grouped_by == ()


def test_a_column_that_stands_twice_is_an_error() -> None:
    table = shape_table()
    table.columns = ["loss", "loss", *table.columns[2:]]
    with pytest.raises(UsageError, match="the column loss more than once"):
        selected(table)


def test_dates_and_flags_are_no_numbers() -> None:
    for column in (pd.date_range("2026-01-01", periods=12), [True, False] * 6):
        with pytest.raises(UsageError, match=r"width holds (no number|dates)"):
            selected(shape_table(width=column))


def test_rows_that_repeat_another_are_told() -> None:
    table = shape_table()
    assert selected(table).findings == ()
    (found,) = selected(pd.concat([table, table[:2]], ignore_index=True)).findings
    assert found.status is FitStatus.REPEATED
    assert found.text.startswith("2 rows repeat an earlier one in every column and count as points")
    other = pd.concat([table, table[:2].assign(loss=5.0)], ignore_index=True)
    assert selected(other).findings == ()
