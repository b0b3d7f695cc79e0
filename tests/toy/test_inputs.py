"""Frequencies and groups that a user gives as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from superscope.errors import FormatError, NotFoundError, SuperscopeError, UsageError
from superscope.toy.inputs import read_groups, read_listed, resolved_files

P = (0.5, 0.25, 0.125, 1e-3)


@pytest.mark.parametrize("name", ["p.npy", "p.txt", "p.csv"])
def test_probabilities_are_read_from_arrays_and_text(tmp_path: Path, name: str) -> None:
    if name == "p.npy":
        np.save(tmp_path / name, np.array(P))
    else:
        (tmp_path / name).write_text("".join(f"{p!r}\n" for p in P))
    assert read_listed(tmp_path / name) == P


def test_one_probability_is_a_list_of_one(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("0.5\n")
    assert read_listed(tmp_path / "p.txt") == (0.5,)


def zipped(path: Path) -> None:
    np.savez(path.with_suffix(".npz"), p=np.array(P))
    path.with_suffix(".npz").rename(path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("absent.npy", lambda path: None),
        ("folder.npy", lambda path: path.mkdir()),
        ("matrix.npy", lambda path: np.save(path, np.ones((2, 2)))),
        ("words.npy", lambda path: np.save(path, np.array(["often", "rarely"]))),
        ("objects.npy", lambda path: np.save(path, np.array([None, 1]), allow_pickle=True)),
        ("empty.npy", lambda path: path.write_bytes(b"")),
        ("zipped.npy", zipped),
        ("short.npy", lambda path: path.write_bytes(b"\x93NUMPY\x01\x00")),
        ("empty.txt", lambda path: path.write_text("")),
        ("words.txt", lambda path: path.write_text("often\nrarely\n")),
        ("table.csv", lambda path: path.write_text("0.5 1\n0.2 2\n")),
        ("bits.txt", lambda path: path.write_bytes(bytes(range(128, 256)))),
    ],
)
def test_what_is_no_list_of_probabilities_is_named(
    tmp_path: Path, name: str, write: object
) -> None:
    assert callable(write)
    write(tmp_path / name)
    with pytest.raises((FormatError, NotFoundError)) as caught:
        read_listed(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_groups_are_a_number_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "groups.json"
    file.write_text(json.dumps([[0, 3], [1, 2]]))
    assert resolved_files({"groups": "7"}, tmp_path) == {"groups": 7}
    assert resolved_files({"groups": 7}, tmp_path) == {"groups": 7}
    assert resolved_files({"groups": "groups.json"}, tmp_path) == {"groups": ((0, 3), (1, 2))}
    assert resolved_files({"groups": [1, "groups.json"]}, tmp_path) == {
        "groups": [1, ((0, 3), (1, 2))]
    }


@pytest.mark.parametrize("content", ["", "{", "3", '[["a"]]', "[1, 2]", "[[null]]", "[[0.6, 1.9]]"])
def test_what_is_no_list_of_groups_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "groups.json"
    file.write_text(content)
    with pytest.raises(UsageError, match="cannot read groups from"):
        read_groups(file)


@pytest.mark.parametrize("value", ["many", "-3", "1.5", "absent.json", "groups.txt"])
def test_groups_that_are_neither_are_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(SuperscopeError, match="groups"):
        resolved_files({"groups": value}, tmp_path)


def test_files_are_looked_up_in_the_folder_and_laws_are_none(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("0.5\n0.25\n")
    fields = {"frequencies": ["power", "p.txt"], "n": 2}
    assert resolved_files(fields, tmp_path) == {"frequencies": ["power", (0.5, 0.25)], "n": 2}
    assert fields["frequencies"] == ["power", "p.txt"]
    assert resolved_files({"frequencies": "p.txt"}, tmp_path) == {"frequencies": (0.5, 0.25)}
    assert resolved_files({"n": 2}, tmp_path) == {"n": 2}
