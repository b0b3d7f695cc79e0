"""``superscope lens``."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from superscope.cli import main


@pytest.fixture
def model(tmp_path):
    rows = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    np.save(tmp_path / "head.npy", rows)
    return str(tmp_path / "head.npy")


def test_one_token_is_shown(model, capsys):
    main(["lens", model, "#3"])
    shown = capsys.readouterr().out
    assert "token #3" in shown
    assert "nearest rows" in shown


def test_several_tokens_are_compared(model, capsys):
    main(["lens", model, "#3", "#4", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("entry", {}).get("id") for line in lines] == [3, 4, None]


def test_the_overview_is_shown(model, capsys):
    main(["lens", model])
    assert "V = 50, m = 8" in capsys.readouterr().out


def test_tables_are_written(model, tmp_path):
    every, some = tmp_path / "every.csv", tmp_path / "some.parquet"
    main(["lens", model, "--table", str(every)])
    main(["lens", model, "#3", "#4", "--neighbors", "2", "--table", str(some)])
    assert len(pd.read_csv(every)) == 50
    assert pd.read_parquet(some)["of"].tolist() == [3, 3, 4, 4]


def test_what_is_no_token_ends_with_2(model, tmp_path, capsys):
    table = tmp_path / "some.csv"
    with pytest.raises(SystemExit) as ended:
        main(["lens", model, "#50", "--table", str(table)])
    assert ended.value.code == 2
    assert "ids go from 0 to 49" in capsys.readouterr().err
    assert not table.exists()


def test_tokens_that_are_found_are_shown_beside_one_that_is_not(model, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["lens", model, "#3", "#99", "#4"])
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert "overlap c of 2 tokens" in said.out
    assert "1 of 3 tokens were not found" in said.err


def test_figures_are_written(model, tmp_path, capsys):
    main(["lens", model, "--figures", str(tmp_path / "every")])
    main(["lens", model, "#3", "#4", "--figures", str(tmp_path / "some")])
    assert {p.name for p in (tmp_path / "every").iterdir()} == {
        f"interference.{kind}" for kind in ("png", "pdf", "svg")
    }
    assert {p.stem for p in (tmp_path / "some").iterdir()} == {
        "neighbors-3", "neighbors-4", "comparison",
    }  # fmt: skip
