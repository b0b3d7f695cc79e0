"""Every benchmark runs at toy size, and its page says what was measured beside what."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tiny_models import LINES, tiny_language_model

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "heads": ["Gram route against", "all-pairs pass", "peak memory", "superscope --help"],
    "toy": ["trained state, γ = −1", "first 200 steps", "width = 10"],
    "laws": [
        "bootstrap refits of shape", "plain Adam", "recovered from tables without noise",
        "true exponents of chinchilla", "chinchilla | alpha", "pooled, exponent 1",
        "mean squared residual, LLG25",
    ],
    "loss": [
        "loss of tiny, documents", "tokens per second, documents", "peak memory of the loss",
        "16,384",
    ],
    "lens": ["certificates of all tokens", "verifying every certificate"],
    "repack": ["greedy generation, tokens per second", "the head alone", "| 8 | both |"],
    "watch": ["share of wall time that observing takes", "with a watch over without"],
    "lab": ["tokens per second of training, width 8", "| softmaxes |"],
    "emergence": ["planted steps, 10 % of tokens: found", "| 8 widths, no steps |", "| −1 |"],
}  # fmt: skip


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.__main__ import main

    return main


@pytest.mark.slow
@pytest.mark.parametrize("part", PAGES)
def test_a_benchmark_writes_its_page(benchmarks, part: str, tmp_path: Path) -> None:
    model = tiny_language_model("gpt2", tmp_path / "tiny", context=512)
    text = tmp_path / "text.jsonl"
    text.write_text("".join(f"{json.dumps({'text': line})}\n" for line in LINES * 4))
    assert not benchmarks(
        [part, "--quick", "--write", str(tmp_path), "--model", str(model), "--text", str(text)]
    )
    (page,) = tmp_path.glob("*benchmarks.md")
    said = page.read_text(encoding="utf-8")
    rows = [line for line in said.splitlines() if line.startswith("| ")]
    for claim in PAGES[part]:
        assert any(claim in row for row in rows), claim
    ratios = [
        row.split(" | ") for row in rows if re.search(r"\| [\d.e+-]+ ×( \(missed\))? \|", row)
    ]
    assert bool(ratios) == (part != "emergence")  # which times nothing
    for _, baseline, ours, _, _ in ratios:  # both sides of it, in one run
        assert re.search(r"\d", baseline) and re.search(r"\d", ours)
    for table in re.split(r"\n(?!\|)", said):
        assert len({row.count("|") for row in table.splitlines() if row.startswith("|")}) <= 1
    assert "cores" in said and "numpy" in said
    for figure in re.findall(r"\]\(((?:images|data)/[^)]*)\)", said):
        assert (tmp_path / figure).stat().st_size > 40
    assert ("rankings on common points" in said) == (part == "laws")
