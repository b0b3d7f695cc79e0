"""The scripts of examples/ run from end to end at the smallest size."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_models import tiny_language_model

EXAMPLES = Path(__file__).parents[1] / "examples"
LINE = "the cat, sat on a mat; And of Dogs it is 12 or (two) Köln's running."


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    if not EXAMPLES.is_dir():
        pytest.skip("examples/ is not installed")
    monkeypatch.syspath_prepend(str(EXAMPLES))


@pytest.fixture
def text(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    documents = [" ".join(random.choice(LINE.split(), 120)) for _ in range(16)]
    file = tmp_path / "text.jsonl"
    file.write_text("\n".join(json.dumps({"text": d}) for d in documents), "utf-8")
    return file


def run(script: str, monkeypatch: pytest.MonkeyPatch, **options: object) -> None:
    named = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    monkeypatch.setattr(sys, "argv", [script, *named])
    importlib.import_module(script).main()


def test_rows_whose_training_is_known(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out = tmp_path / "code", tmp_path / "out"
    code.mkdir()
    (code / "a.py").write_text("def quantized(zebra): return zebra.upper()  # xylophone\n" * 9)
    options = {"steps": 1, "width": 8, "vocabulary": 300, "models": "untied-3"}
    run("undertrained_rows", monkeypatch, text=text, code=code, out=out, **options)
    counts = np.load(out / "untied-3" / "counts.npy")
    scores = pd.read_csv(out / "scores.csv")
    assert set(scores["never"]) == {(counts == 0).sum()}
    assert {"superscope", "head_norm"} <= set(scores["indicator"])


def test_rows_that_move_only_together(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.py").write_text("def quantized(zebra): return zebra.upper()  # xylophone\n" * 9)
    options = {"steps": 20, "width": 8, "vocabulary": 300}
    run("abandoned_rows", monkeypatch, text=text, code=tmp_path, **options)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "head" and len(lines) == 2


def test_probes_against_their_budget(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = tiny_language_model("llama", tmp_path / "model"), tmp_path / "probes.csv"
    run("probes_of_smollm2", monkeypatch, model=model, text=text, tokens=600, context=64, out=out)
    table = pd.read_csv(out)
    assert len(table) > 10
    assert (
        table[["predicted", "with_codes", "measured"]]
        .apply(lambda c: c.between(0, 1))
        .all(axis=None)
    )
    assert f"{len(table)} probes" in capsys.readouterr().out
