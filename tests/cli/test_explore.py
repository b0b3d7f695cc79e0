"""`superscope explore` writes a page, whole or not at all."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import superscope
from pages import needs_assets
from repackings import make_repacking
from traces import make_trace

from superscope.explorer import _explore, read_parts
from superscope.watch import write_trace

pytestmark = needs_assets


@pytest.fixture
def model(tmp_path: Path) -> Path:
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(30, 8)))
    return tmp_path / "rows.npy"


def test_a_folder_with_tables_and_traces(model: Path, tmp_path: Path) -> None:
    pd.DataFrame({"id": [3], "cost": [0.5]}).to_csv(tmp_path / "cost.csv", index=False)
    write_trace(make_trace(), tmp_path / "run.parquet")
    done = superscope(
        "explore", model, model, "--out", tmp_path / "page",
        "--tokens", tmp_path / "cost.csv", "--watch", tmp_path / "run.parquet",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert done.out == f"page: {tmp_path / 'page' / 'index.html'}\n"
    parts = read_parts(tmp_path / "page")
    assert parts["1-about"].meta["name"].endswith("(2)")
    assert [column["name"] for column in parts["0-about"].meta["columns"]] == ["cost"]
    assert parts["page-result-0"].meta["figures"]


def test_one_file_asks_for_no_other(model: Path, tmp_path: Path) -> None:
    done = superscope("explore", model, "--out", tmp_path / "one.html", "--single")
    assert done.code == 0
    page = (tmp_path / "one.html").read_text()
    assert "src=" not in page.partition("<script type=")[0]
    assert "http://" not in page.partition("<body>")[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{model}"], "needs --out"),
        (["--out", "{tmp}/page"], "name a MODEL"),
        (["{model}", "--out", "{tmp}"], "exists; name a new folder, or remove it"),
        (["{model}", "--out", "{tmp}/none/page"], "there is no folder {tmp}/none"),
        (["{model}", "--out", "{tmp}/page", "--single"], ".html"),
        (["{model}", "--out", "{tmp}/page.html"], "add --single for one file"),
        (["{model}", "--out", "{tmp}/page", "--tokens", "{tmp}/none.csv"], "none.csv"),
        (["{model}", "--out", "{tmp}/page", "--watch", "{model}"], ".parquet"),
        (["{tmp}/none.npy", "--out", "{tmp}/page"], "none.npy"),
    ],
)
def test_commands_that_cannot_be(
    model: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    def placed(text: str) -> str:
        return text.replace("{model}", str(model)).replace("{tmp}", str(tmp_path))

    done = superscope("explore", *map(placed, arguments), HF_HUB_OFFLINE="1")
    assert done.code == 2
    assert placed(said) in done.err
    assert done.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["rows.npy"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(_explore, "write_page", lambda *_: signal.raise_signal(number))
    done = superscope("explore", model, "--out", tmp_path / "page", "--no-map")
    assert (done.code, done.err) == (130, "superscope: stopped\n")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.npy"]


def test_narrower_heads_go_to_the_story_and_to_the_results(model: Path, tmp_path: Path) -> None:
    curve, other = tmp_path / "curve.json", tmp_path / "other.json"
    curve.write_text(replace(make_repacking(), rows=30, width=8).to_json())
    other.write_text(make_repacking().to_json())
    done = superscope("explore", model, "--out", tmp_path / "page", "--repack", curve)
    assert (done.code, done.err) == (0, "")
    parts = read_parts(tmp_path / "page")
    assert parts["0-repack"].meta["width"] == 8
    assert parts["page-result-0"].meta["figures"]
    refused = superscope("explore", model, "--out", tmp_path / "other", "--repack", other)
    assert refused.code == 2
    assert "no model of this page" in refused.err
    assert not (tmp_path / "other").exists()
