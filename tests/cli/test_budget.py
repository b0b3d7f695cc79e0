"""``superscope budget``."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from superscope.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    rows = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    np.save(tmp_path / "all.npy", rows)
    np.save(tmp_path / "one.npy", rows[:1])
    pd.DataFrame({"id": range(50), "rate": np.full(50, 0.02)}).to_csv(
        tmp_path / "rates.csv", index=False
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_direction_of_the_dictionary_and_a_file_give_the_same(folder, capsys):
    main(["budget", "#0", "--dictionary", "all.npy", "--rates", "rates.csv", "--json"])
    main(["budget", "one.npy", "--dictionary", "all.npy", "--rates", "0.02", "--json"])
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["reading"] == pytest.approx(second["reading"], rel=1e-5)


def test_it_is_printed_and_written(folder, capsys):
    main(["budget", "#3", "--dictionary", "all.npy", "--noise", "0.1", "--table", "out.csv"])
    assert "beside 100 random dictionaries" in capsys.readouterr().out
    assert len(pd.read_csv("out.csv")) == 10


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["all.npy"], "holds 50 vectors"),
        (["#0", "--rates", "often"], "neither a number nor a file"),
        (["#0", "--rates", "2"], "a rate is from 0 to 1"),
        (["#50"], "ids go from 0 to 49"),
    ],
)
def test_what_is_wrong_is_said(folder, capsys, arguments, words):
    with pytest.raises(SystemExit) as ended:
        main(["budget", *arguments, "--dictionary", "all.npy"])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
