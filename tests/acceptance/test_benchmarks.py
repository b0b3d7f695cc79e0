import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(2400)  # all of them, beside whatever else runs
def test_the_benchmarks_run_and_write_their_page(tmp_path: Path) -> None:
    if not (ROOT / "benchmarks").is_dir():
        pytest.skip("the benchmarks are part of the repository, not of its distributions")
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--write", tmp_path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    text = "".join(
        (tmp_path / name).read_text(encoding="utf-8")
        for name in (
            "benchmarks.md",
            "toy-benchmarks.md",
            "laws-benchmarks.md",
            "loss-benchmarks.md",
        )
    )
    assert (tmp_path / "images" / "toy-cost.png").stat().st_size > 1000
    coverage = (tmp_path / "data" / "laws_coverage.csv").read_text(encoding="utf-8")
    assert coverage.startswith("law,parameter,")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    for claim in ("Gram route against", "all-pairs pass", "peak memory", "superscope --help",
                  "trained state, γ = −1", "first 200 steps", "| width = 10 |",
                  "bootstrap refits of shape", "plain Adam", "recovered from tables without noise",
                  "true exponents of chinchilla", "| shape | a_l |", "| free exponent |",
                  "mean squared residual, LLG25", "loss of SmolLM2-135M-Instruct, documents",
                  "tokens per second, documents", "peak memory of the loss",
                  "| 16,384 |"):  # fmt: skip
        assert any(claim in row for row in rows), claim
    for table in re.split(r"\n(?!\|)", text):
        assert len({row.count("|") for row in table.splitlines() if row.startswith("|")}) <= 1
    assert "rankings on common points" in text
    assert "cores" in text
    assert "numpy" in text
