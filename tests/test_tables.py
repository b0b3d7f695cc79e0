"""Tables as files: what is read is what was written, and what is not a table is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from table_files import table_file

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.tables import check_suffix, notes_of, read_numbers, read_table, write_table

TABLE = pd.DataFrame({"model": ["a", "b", "c"], "width": [1, 20, 300], "loss": [3.5, 2.25, 1e-3]})


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "CSV"])
def test_a_file_holds_the_same_numbers_whatever_its_kind(tmp_path: Path, suffix: str) -> None:
    found = read_table(table_file(tmp_path, TABLE, suffix))
    assert list(found.columns) == list(TABLE.columns)
    assert found["model"].tolist() == ["a", "b", "c"]
    for name in ("width", "loss"):
        assert found[name].to_numpy(np.float64).tolist() == TABLE[name].tolist()


def test_an_empty_cell_is_absent_and_a_number_gone_wrong_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("model,width,loss\nNA,64,\nnull,128,nan\nx,256,inf\ny,512,2\n")
    found = read_table(path)
    assert found["model"].tolist() == ["NA", "null", "x", "y"]
    assert pd.isna(found["loss"].iloc[0])
    assert np.isnan(found["loss"].array._data[1]) and np.isinf(found["loss"].iloc[2])


def test_text_among_numbers_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("width,loss\n64,3\n128,2.5\nlarge,2\n")
    assert read_table(path)["width"].tolist() == ["64", "128", "large"]


def test_named_types_are_kept_and_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("run,width,more\n00120,64,x\n1e5,128,y\n")
    found = read_table(path, {"run": "string", "width": "Int64"})
    assert found["run"].tolist() == ["00120", "1e5"]
    assert found["width"].tolist() == [64, 128]
    with pytest.raises(FormatError, match=r"a\.csv is not a list of runs: it has no column seed"):
        read_table(path, {"seed": "Int64"}, "list of runs")


def test_whole_numbers_may_have_been_floats(tmp_path: Path) -> None:
    """As pandas writes a column in which a number was missing once."""
    path = tmp_path / "a.csv"
    path.write_text("width,steps\n64.0,9007199254740993\n128,NaN\n,7.00\n")
    found = read_table(path, {"width": "Int64", "steps": "Int64"})
    assert found["width"].tolist() == [64, 128, pd.NA]
    assert found["steps"].tolist() == [9007199254740993, pd.NA, 7]
    path.write_text("width\n64.5\n")
    with pytest.raises(FormatError, match=r"a\.csv is not a table: "):
        read_table(path, {"width": "Int64"})


def test_of_many_missing_columns_a_few_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with pytest.raises(FormatError, match=r"no column b, c, d, e and 3 more$"):
        read_table(path, dict.fromkeys("abcdefgh", "string"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", b"PAR1 not really"),
        ("a.parquet", b""),
        ("a.csv", b""),
        ("a.csv", b"\xff\xfe\x00\x01"),
        ("a.csv", b"a,b\n1,2,3\n4,5,6\n"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n"),
        ("a.csv", b"width,loss\n"),
        ("a.jsonl", b"{"),
        ("a.jsonl", b""),
        ("a.jsonl", b"[1, 2\n"),
        ("a.jsonl", b"\xff\xfe"),
    ],
)
def test_what_is_no_table_is_a_format_error_that_names_the_file(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.(csv|parquet|jsonl)"):
        read_table(path)


def test_another_suffix_or_no_file_is_answered_with_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(
        UsageError, match=r"does not have the suffix of a table: \.csv, \.tsv, \.parquet, \.jsonl, "
    ):
        read_table(tmp_path / "a.xlsx")
    with pytest.raises(NotFoundError, match=r"cannot read .*none\.csv: No such file"):
        read_table(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(NotFoundError, match="cannot read"):
        read_table(tmp_path / "folder.csv")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_is_written_is_read_and_a_failure_leaves_what_was_there(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a.{suffix}"
    write_table(TABLE, path)
    assert read_table(path)["loss"].tolist() == TABLE["loss"].tolist()
    with pytest.raises(UsageError, match="cannot write"):
        write_table(TABLE, tmp_path / "none" / f"a.{suffix}")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["table.txt", "table", "table.parquet.gz", "csv", "a.jsonl"])
def test_tables_are_written_as_parquet_or_csv_only(name: str, tmp_path: Path) -> None:
    for use in (check_suffix, lambda path: write_table(TABLE, path)):
        with pytest.raises(UsageError, match=r"must end in \.parquet or \.csv"):
            use(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["p.npy", "p.txt", "p.csv"])
def test_a_list_of_numbers_is_read_to_the_bit(tmp_path: Path, name: str) -> None:
    values = np.array([0.1 + 0.2, 1e-300, 3.0])
    if name == "p.npy":
        np.save(tmp_path / name, values)
    else:
        (tmp_path / name).write_text("".join(f"{value!r}\n" for value in values.tolist()))
    assert np.array_equal(read_numbers(tmp_path / name), values)


ROWS = [("a", "1.5", "2.25"), ("b", "3.5", "4.125")]


def delimited(separator: str, decimal: str = ".", above: str = "") -> str:
    lines = [("model", " width ", "loss"), *ROWS]
    text = "\n".join(separator.join(c.replace(".", decimal) for c in row) for row in lines)
    return above + text + "\n"


@pytest.mark.parametrize(
    ("name", "data", "notes"),
    [
        ("a.csv", delimited(";").encode(), ("the cells are separated by semicolons",)),
        ("a.csv", delimited("\t").encode(), ("the cells are separated by tabs",)),
        ("a.tsv", delimited("\t").encode(), ()),
        ("a.csv", delimited(",").encode("utf-16"), ()),
        ("a.csv", delimited(",").encode("utf-8-sig"), ()),
        ("a.csv", delimited(",", above="# x\n").encode(), ("1 line above the header was skipped",)),
        ("a.csv", delimited(",").replace("\n", "\r\n").encode(), ()),
        ("a.csv", delimited(",").replace("\n", ",\n").encode(), ()),
    ],
)  # fmt: skip
def test_delimited_text_is_read_as_people_have_it(
    tmp_path: Path, name: str, data: bytes, notes: tuple[str, ...]
) -> None:
    (tmp_path / name).write_bytes(data)
    found = read_table(tmp_path / name)
    assert list(found.columns) == ["model", "width", "loss"]
    assert found["loss"].tolist() == [2.25, 4.125]
    assert notes_of(found) == notes


def test_a_decimal_comma_leaves_text_that_whoever_needs_numbers_reads(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(delimited(";", ",") + "c;1.234;0,5\n")
    assert read_table(tmp_path / "a.csv")["width"].tolist() == ["1,5", "3,5", "1.234"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n,loss,loss\n1,2,3\n", r"the column 'loss' more than once \(columns 2 and 3\)"),
        ("n, loss,loss \n1,2,3\n", "the column 'loss' more than once"),
        ("An export\nn,loss\n1,2\n", r"line 2 has 2 cells, but the header \(line 1\) has 1"),
        ("n;loss\n1;2;3\n", "line 2 has 3 cells"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(FormatError, match=said):
        read_table(tmp_path / "a.csv")


def test_texts_that_a_spreadsheet_would_run_are_inert_and_read_back(tmp_path: Path) -> None:
    tokens = ["=1+1", "+x", "-x", "@x", "\tx", "'=x", "'x", "x", "''=", " =x"]
    frame = pd.DataFrame({"token": tokens, "count": range(-5, 5)})
    write_table(frame, tmp_path / "a.csv")
    cells = (tmp_path / "a.csv").read_text().splitlines()[1:]
    assert not any(line.lstrip('"').startswith(("=", "+", "-", "@")) for line in cells)
    found = read_table(tmp_path / "a.csv")
    assert found["token"].tolist() == tokens
    assert found["count"].tolist() == list(range(-5, 5))


def test_line_breaks_within_cells_are_kept(tmp_path: Path) -> None:
    tokens = ["a", ";\r", "\r\n", "x\ny", "\r", "b"]
    write_table(pd.DataFrame({"id": range(6), "token": tokens}), tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv")["token"].tolist() == tokens


def json_table(tmp_path: Path, value: object, name: str = "a.json") -> pd.DataFrame:
    (tmp_path / name).write_text(json.dumps(value))
    return read_table(tmp_path / name)


def test_json_is_read_whatever_it_nests(tmp_path: Path) -> None:
    records = [{"run": "a", "config": {"width": 64}, "loss": 3.0}, {"run": "b", "loss": None}]
    found = json_table(tmp_path, records)
    assert list(found.columns) == ["run", "config.width", "loss"]
    assert found["loss"].isna().tolist() == [False, True]
    results = {"model": "a", "results": [{"dataset": "c4", "loss": 3.0}, {"dataset": "pile"}]}
    assert json_table(tmp_path, results)["model"].tolist() == ["a", "a"]
    curve = [{"run": "a", "step": [1, 2, 3], "loss": [3.0, 2.0, float("nan")]}]
    found = json_table(tmp_path, curve)
    assert found["step"].tolist() == [1, 2, 3]
    assert found["loss"].isna().tolist() == [False] * 3 or np.isnan(found["loss"].array._data[2])
    columns = json_table(tmp_path, {"width": {"0": 64, "1": 128}, "loss": {"0": 3.0, "1": 2.0}})
    assert columns["width"].tolist() == [64, 128]
    with pytest.raises(FormatError, match="several lists of objects, a and b"):
        json_table(tmp_path, {"a": [{"x": 1}], "b": [{"y": 1}]})
    with pytest.raises(FormatError, match="neither a list of objects"):
        json_table(tmp_path, 3)
