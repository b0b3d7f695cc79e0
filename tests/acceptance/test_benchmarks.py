import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
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
        for name in ("benchmarks.md", "toy-benchmarks.md")
    )
    assert (tmp_path / "images" / "toy-cost.png").stat().st_size > 1000
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    for claim in ("Gram route against", "all-pairs pass", "peak memory", "superscope --help",
                  "trained state, γ = −1", "first 200 steps", "| width = 10 |"):  # fmt: skip
        assert any(claim in row for row in rows), claim
    assert all(row.count("|") == (4 if " = " in row[:12] or "size" in row[:7] else 6)
               for row in rows if "| ---" not in row)  # fmt: skip
    assert "cores" in text
    assert "numpy" in text
