import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_benchmarks_run_and_write_their_page(tmp_path: Path) -> None:
    if not (ROOT / "benchmarks").is_dir():
        pytest.skip("the benchmarks are part of the repository, not of its distributions")
    page = tmp_path / "docs" / "benchmarks.md"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--write", page],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    text = page.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    for claim in ("Gram route against", "all-pairs pass", "peak memory", "superscope --help"):
        assert any(claim in row for row in rows)
    assert all(row.count("|") == 6 for row in rows)
    assert "cores" in text
    assert "numpy" in text
