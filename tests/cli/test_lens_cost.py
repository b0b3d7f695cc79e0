"""``superscope lens MODEL --text FILES``."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from command import superscope
from extras import needed
from tiny_models import tiny_language_model

from superscope.evaluation.model import LanguageModel
from superscope.lens import NeighborCost

needed("transformers")

LINES = [f"the cat number {k} sat on a mat of width {k * k % 17} and slept" for k in range(12)]
FEW = ("--split", "line", "--neighbors", 4, "--draws", 2, "--pairs", 2, "--batch", 4)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_language_model("llama", tmp_path_factory.mktemp("model"), begin=True)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("text") / "cats.txt"
    file.write_text("\n".join(LINES), encoding="utf-8")
    return file


def test_it_prints_what_collisions_cost_and_writes_the_tables(
    model: Path, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "cost.csv"
    done = superscope("lens", model, "--text", text, *FEW, "--out", out)
    assert done.code == 0, done.err
    for words in ("go to the 4 nearest rows", "random rows of the same frequency", "closeness "
                  "costs", "moved apart in the head", "--frequencies"):  # fmt: skip
        assert words in done.out, words
    groups = pd.read_csv(out)
    tokens = pd.read_parquet(tmp_path / "cost.tokens.parquet")
    assert groups["tokens"][0] == tokens["count"].sum()
    assert {"interference", "decade", "to_neighbors", "confident"} <= set(tokens.columns)
    assert len(pd.read_parquet(tmp_path / "cost.pairs.parquet")) >= 2
    monkeypatch.setattr(LanguageModel, "scored", lambda *_: pytest.fail("it is kept"))
    again = superscope("lens", model, "--text", text, *FEW, "--out", out, "--json")
    assert NeighborCost.from_json(again.out).total.tokens == tokens["count"].sum()


def test_a_text_too_short_for_controls_ends_with_2_and_writes_nothing(
    model: Path, tmp_path: Path
) -> None:
    short = tmp_path / "short.txt"
    short.write_text("zz", encoding="utf-8")
    out = tmp_path / "out" / "cost.csv"
    out.parent.mkdir()
    done = superscope("lens", model, "--text", short, "--out", out)
    assert done.code == 2
    assert "too short for controls" in done.err
    assert "--frequencies" in done.err
    assert not [path for path in out.parent.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("#3", "--text", "a.txt"), "leave out TOKEN"),
        (("--text", "a.txt", "--argmax"), "ask one at a time"),
        (("--out", "a.csv"), "--out goes with --text"),
        (("--draws", "3"), "add --text or --dataset"),
        (("--text", "a.txt", "--draws", "1"), "must be at least 2"),
        (("--text", "missing.txt"), "missing.txt"),
        (("--text", "a.txt", "--dataset", "c4"), "exclude each other"),
    ],
)
def test_options_that_do_not_go_together_end_with_2(
    model: Path, options: tuple[str, ...], said: str
) -> None:
    done = superscope("lens", model, *options)
    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize(("out", "said"), [("cost.txt", ".txt"), ("nowhere/cost.csv", "no folder")])
def test_where_it_is_written_is_checked_before_the_head_is_read(
    out: str, said: str, text: Path, tmp_path: Path
) -> None:
    done = superscope("lens", tmp_path / "no model", "--text", text, "--out", tmp_path / out)
    assert done.code == 2
    assert said in done.err


def test_json_is_one_line(model: Path, text: Path) -> None:
    done = superscope("lens", model, "--text", text, *FEW[:6], "--pairs", 0, "--json")
    assert json.loads(done.out)["intervention"] is None
