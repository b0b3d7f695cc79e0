"""Numbers as people write them: read rightly, or refused."""

from __future__ import annotations

import pandas as pd
import pytest

from superscope.numerals import as_numbers


def read(*cells: str | None, decimal: str | None = None, **others: list[str]):
    columns = {"loss": pd.Series(pd.array(cells, "string"))}
    columns |= {name: pd.Series(pd.array(v, "string")) for name, v in others.items()}
    found, notes = as_numbers(columns, decimal)
    return found["loss"].tolist() if "loss" in found else None, notes


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["18.9M", "1.3B", "70k"], [18_900_000.0, 1_300_000_000.0, 70_000.0]),
        (["1.4e9", "2E3"], [1.4e9, 2000.0]),
        (["33,554,432", "1,024"], [33_554_432.0, 1024.0]),
        (["50.28%", "7 %"], [0.5028, 0.07]),
        (["1_000", "12 345", "1'234"], [1000.0, 12345.0, 1234.0]),
        (["3,14", "2,718"], [3.14, 2.718]),
        (["1.234,5", "12,25"], [1234.5, 12.25]),
        (["1,234.5", "2,000"], [1234.5, 2000.0]),
        (["0,123", "-1,5e3"], [0.123, -1500.0]),
    ],
)
def test_numbers_are_read_as_they_are_meant_with_a_note(cells, numbers) -> None:
    found, notes = read(*cells)
    assert found == numbers
    assert bool(notes) == any(not c.replace("e", "", 1).replace(".", "", 1).isalnum()
                              or c[-1] in "MBk" for c in cells)  # fmt: skip


def test_what_may_be_either_is_refused_until_it_is_said() -> None:
    with pytest.raises(ValueError, match=r"loss holds '5,028', which may be 5\.028 or 5028"):
        read("5,028", "4,677")
    assert read("5,028", decimal=",")[0] == [5.028]
    assert read("5,028", decimal=".")[0] == [5028.0]
    assert read("5,028", tokens=["1,5"])[0] == [5.028]  # what other columns show
    assert read("5,028", tokens=["1,234,567"])[0] == [5028.0]


def test_plain_and_absent_and_failed_cells_need_no_note() -> None:
    found, notes = read("3.5", None, "nan")
    assert found is not None and notes == ()
    assert found[0] == 3.5 and pd.isna(found[1])


@pytest.mark.parametrize("cell", ["wide", "", "1,23,4", "12M3", "--1", "1.2.3", "%", "k"])
def test_text_is_no_number(cell: str) -> None:
    assert read(cell, "1.5")[0] is None
