"""Tables: files and names to data frames, and what is not a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from law_tables import PLAIN, POWER, make_table
from table_files import table_file

from superscope.errors import NotFoundError, UsageError
from superscope.laws import fit, load_table

TABLE = pd.DataFrame({"model": ["a", "b", "c"], "width": [1, 20, 300], "loss": [3.5, 2.25, 1e-3]})


def test_a_data_frame_is_itself() -> None:
    assert load_table(TABLE) is TABLE


def test_a_file_is_named_by_a_path_or_a_word(tmp_path: Path) -> None:
    path = table_file(tmp_path, TABLE, "csv")
    for given in (path, str(path)):
        assert load_table(given)["width"].tolist() == [1, 20, 300]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_fit_to_a_file_is_the_fit_to_its_table(tmp_path: Path, suffix: str) -> None:
    table = make_table("power", POWER, points=20, noise=0.01)
    path = table_file(tmp_path, table, suffix)
    one, other = (fit(t, "power", x="x", **PLAIN) for t in (table, path))
    assert one.parameters == pytest.approx(other.parameters, rel=1e-12)


def test_an_empty_cell_is_absent_and_a_number_gone_wrong_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("model,width,loss\nNA,64,\nnull,128,nan\nx,256,inf\ny,512,2\n")
    found = load_table(path)
    assert found["model"].tolist() == ["NA", "null", "x", "y"]
    assert pd.isna(found["loss"].iloc[0])
    with pytest.raises(UsageError, match="loss must be positive and finite; it is") as error:
        fit(found, "power", x="width", **PLAIN)
    assert "nan, inf in rows 2, 3" in str(error.value)


def test_text_among_numbers_stays_text_and_is_named_by_the_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("width,loss\n64,3\n128,2.5\nlarge,2\n")
    assert load_table(path)["width"].tolist() == ["64", "128", "large"]
    with pytest.raises(UsageError, match="width holds no number in row 3, such as 'large'"):
        fit(path, "power", x="width", **PLAIN)


def test_another_suffix_or_no_file_is_answered_with_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(
        UsageError, match=r"does not have the suffix of a table: \.csv, \.tsv, \.parquet, \.jsonl, "
    ):
        load_table(tmp_path / "a.xlsx")
    with pytest.raises(NotFoundError, match=r"cannot read .*none\.csv: No such file"):
        load_table(tmp_path / "none.csv")
    with pytest.raises(NotFoundError, match="one of published-llms, chinchilla-shapes, gemstones"):
        load_table("published-lms")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(NotFoundError, match="cannot read"):
        load_table(tmp_path / "folder.csv")


def test_a_public_table_is_known_by_name() -> None:
    assert len(load_table("published-llms")) == 108
