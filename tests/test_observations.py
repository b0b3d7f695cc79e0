import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from superscope.errors import FormatError, NotFoundError, SuperscopeError
from superscope.observations import COLUMNS, DTYPES, NEWER, Observation, read_observations, to_frame
from superscope.tables import check_suffix, write_table

SUFFIXES = (".parquet", ".csv")
FULL = Observation(
    source="toy", run="r", family="f", model="NA", revision="null", width=8, features=1000,
    depth=0, parameters=2**62 + 1, tokens=1, dataset="a,b\n\"c\" é", loss=0.1 + 0.2,
    loss_se=1e-300, mean_square_overlap=0.0, decay=-1.0, seed=0,
)  # fmt: skip
finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(codec="utf-8"), min_size=1)
VALUES = {"string": words, "Int64": st.integers(-(2**63), 2**63 - 1), "Float64": finite}
rows = st.builds(
    Observation,
    **{name: VALUES[dtype] | (st.none() if name != "source" else words)
       for name, dtype in DTYPES.items()},
)  # fmt: skip


def test_the_columns_are_those_of_the_definitions() -> None:
    assert COLUMNS == (
        "source", "run", "family", "model", "revision", "width", "features", "depth",
        "parameters", "tokens", "dataset", "loss", "loss_se", "mean_square_overlap",
        "mean_square_overlap_centered", "effective_width", "effective_width_centered",
        "represented_fraction", "norm_mean", "norm_cv", "frequency_exponent", "decay", "density",
        "seed", "represented_fraction_untrained", "overlap_deviation",
        "overlap_deviation_centered", "outside_marchenko_pastur", "random_direction_share",
        "moved_fraction", "evidence",
    )  # fmt: skip


def test_absent_is_null_and_never_zero() -> None:
    frame = to_frame([Observation("checkpoint"), FULL])
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert frame.loc[0, list(COLUMNS[1:])].isna().all()
    assert frame.loc[1, "depth"] == 0
    assert frame.loc[1, "mean_square_overlap"] == 0


def test_a_table_without_rows_has_its_columns() -> None:
    frame = to_frame([])
    assert tuple(frame.columns) == COLUMNS
    assert frame.empty


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("observations", [[], [Observation("checkpoint")], [FULL, FULL]])
def test_a_table_is_read_as_it_was_written(observations, suffix: str, tmp_path: Path) -> None:
    frame = to_frame(observations)
    path = tmp_path / f"table{suffix}"
    write_table(frame, path)
    back = read_observations(path)
    pd.testing.assert_frame_equal(back, frame, check_exact=True)
    records = back.astype(object).where(back.notna(), None).to_dict("records")
    assert [Observation(**record) for record in records] == observations


@settings(max_examples=25, deadline=None)
@given(st.lists(rows, max_size=4))
def test_parquet_keeps_any_row(tmp_path_factory: pytest.TempPathFactory, observations) -> None:
    path = tmp_path_factory.mktemp("any") / "table.parquet"
    frame = to_frame(observations)
    write_table(frame, path)
    pd.testing.assert_frame_equal(read_observations(path), frame, check_exact=True)


@settings(max_examples=25, deadline=None)
@given(st.lists(finite, min_size=1), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_csv_keeps_every_digit(tmp_path_factory: pytest.TempPathFactory, losses, seeds) -> None:
    path = tmp_path_factory.mktemp("any") / "table.csv"
    observations = [Observation("toy", loss=value) for value in losses]
    observations += [Observation("toy", seed=value) for value in seeds]
    frame = to_frame(observations)
    write_table(frame, path)
    pd.testing.assert_frame_equal(read_observations(path), frame, check_exact=True)


def test_the_case_of_a_suffix_does_not_matter(tmp_path: Path) -> None:
    check_suffix(Path("TABLE.CSV"))
    write_table(to_frame([FULL]), tmp_path / "T.PARQUET")
    assert len(read_observations(tmp_path / "T.PARQUET")) == 1


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_such_table(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No such file"):
        read_observations(tmp_path / f"none{suffix}")
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(NotFoundError, match="Is a directory"):
        read_observations(tmp_path / f"folder{suffix}")


HEADER = ",".join(COLUMNS)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"a,b\n1,2\n", b"\xff\xfe", HEADER.encode().replace(b",seed", b""),
        f"{HEADER}\ntoy{',' * 5}wide{',' * 18}\n".encode(),
        f"{HEADER}\ntoy{',' * 5}1.5{',' * 18}\n".encode(),
        f"{HEADER}\ntoy{',' * 5}{2**63}{',' * 18}\n".encode(),
        f"{HEADER}\ntoy{',' * 40}\n".encode(),
    ],
)  # fmt: skip
def test_a_csv_that_is_no_table_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(text)
    with pytest.raises(FormatError, match=r"bad\.csv is not a table of observations"):
        read_observations(path)


def test_a_parquet_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.parquet"
    for data in (b"", b"PAR1", b"PAR1\x00\x00\x00\x00\xff\xff\xff\x7fPAR1", b"text"):
        path.write_bytes(data)
        with pytest.raises(FormatError, match=r"bad\.parquet is not a table of observations"):
            read_observations(path)
    write_table(to_frame([FULL]), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FormatError):
        read_observations(path)
    pd.DataFrame({"source": ["toy"]}).to_parquet(path)
    with pytest.raises(FormatError, match="it has no column run, family"):
        read_observations(path)


def test_a_table_that_fails_to_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    write_table(to_frame([FULL]), path)
    before = path.read_bytes()
    unwritable = pd.DataFrame({"x": [object()]})
    with pytest.raises(Exception, match="object"):
        write_table(unwritable, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["table.parquet"]
    with pytest.raises(SuperscopeError, match="cannot write"):
        write_table(to_frame([]), tmp_path / "none" / "table.csv")


def test_numbers_of_numpy_are_taken() -> None:
    frame = to_frame([dataclasses.replace(FULL, loss=np.float32(0.5), width=np.int64(3))])
    assert frame.loc[0, "loss"] == 0.5
    assert frame.loc[0, "width"] == 3


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_older_table_lacks_newer_columns(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"older{suffix}"
    write_table(to_frame([FULL]).drop(columns=list(NEWER)), path)
    back = read_observations(path)
    assert tuple(back.columns) == COLUMNS
    assert back[list(NEWER)].isna().all(axis=None)
    assert back["loss"][0] == FULL.loss
