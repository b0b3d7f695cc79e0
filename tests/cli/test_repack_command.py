"""``superscope repack MODEL --text FILES``."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from command import superscope
from extras import needed
from tiny_models import LINES, tiny_language_model

from superscope.repack import Repacking

needed("transformers")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_language_model("llama", tmp_path_factory.mktemp("model"))


@pytest.fixture
def texts(tmp_path: Path) -> list[Path]:
    files = []
    for number in range(3):
        files.append(tmp_path / f"text{number}.txt")
        files[-1].write_text("\n".join(f"{line} {number}" for line in LINES), encoding="utf-8")
    return files


def test_it_scores_two_texts_and_writes_a_table_and_figures(
    model: Path, texts: list[Path], tmp_path: Path
) -> None:
    used, held, other = texts
    table, figures, family = (tmp_path / name for name in ("out.csv", "figures", "family.csv"))
    widths = (8, 16, 32, 64)
    pd.DataFrame({"width": widths, "loss": [3 + 9 / m for m in widths]}).to_csv(family, index=False)
    done = superscope(
        "repack", model, "--text", used, "--split", "line", "--score-text", held, "--other-text",
        other, "--family", family, "--ranks", "2,4,8", "--ways", "svd,blocks", "--figures", figures,
        "--table", table,
    )  # fmt: skip
    assert done.code == 0, done.err
    for words in ("half the rank (8 of 16)", "of two texts it would be", "ranks by frequency",
                  "another text", "Welch floor", "head's share"):  # fmt: skip
        assert words in done.out, words
    rows = pd.read_csv(table)
    assert len(rows) == 2 * 7
    assert rows["text"].nunique() == 2
    assert {"excess_se", "excess_se_unpaired", "mean_square_overlap_centered"} <= set(rows.columns)
    assert {file.name for file in figures.iterdir()} >= {"overlap.png", "agreement.svg"}


def test_json_is_the_whole_result(model: Path, texts: list[Path]) -> None:
    done = superscope("repack", model, "--text", texts[0], "--split", "line", "--score-share",
                      "0.5", "--ranks", "4", "--ways", "svd", "--json")  # fmt: skip
    assert done.code == 0, done.err
    found = Repacking.from_json(done.out)
    assert found.ranks == (4,)
    assert json.loads(done.out)["scores"][0]["derived"]["random_overlap"] == 0.25


def test_what_is_wrong_with_a_family_is_said_before_the_model_is_read(
    model: Path, texts: list[Path], tmp_path: Path
) -> None:
    few = tmp_path / "few.csv"
    few.write_text("width,loss\n8,3.0\n")
    done = superscope("repack", model, "--text", texts[0], "--split", "line", "--family", few)
    assert done.code == 2
    assert "few.csv has losses of 1 width; the width law takes 3" in done.err


def test_training_has_options_of_its_own(model: Path, texts: list[Path], tmp_path: Path) -> None:
    command = (
        "repack", model, "--text", texts[0], "--split", "line", "--score-text", texts[1],
        "--ranks", "4", "--ways", "frequency,trained", "--keep", tmp_path / "kept",
    )  # fmt: skip
    done = superscope(
        *command, "--steps", "6", "--step-positions", "64", "--objective", "both",
        "--learning-rate", "0.01", "--trained-bias", "--held-share", "0.3",
    )  # fmt: skip
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    for words in ("trained, rank 4: 6 steps from frequency;", "mean of loss and KL", "numbers"):
        assert words in said, words
    assert len(list((tmp_path / "kept" / "trained").glob("*.pt"))) == 1
    wrong = superscope(*command, "--steps", "0")
    assert wrong.code != 0
    assert "--steps 0" in wrong.err
