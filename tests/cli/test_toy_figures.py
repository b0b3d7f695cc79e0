"""``superscope toy figures``: files from a folder of runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from superscope.toy import product, sweep

COMMAND = [sys.executable, "-W", "error", "-m", "superscope", "toy", "figures"]
NAMES = (
    "exponent-alpha", "exponent-map", "loss-unrepresented", "loss-width", "norms",
    "overlap-width", "represented-decay",
)  # fmt: skip


def figures(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=240
    )


def test_it_draws_every_figure_twice_and_one_page(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    runs = tmp_path / "runs"
    fields = {"n": 30, "batch": 64, "steps": 60, "width": [3, 5], "decay": [-1.0, 0.5]}
    with ThreadPoolExecutor(2) as threads:
        sweep(product(fields), runs, executor=threads)
    (runs / "damaged.npz").write_bytes(b"PK")
    done = figures(runs)
    assert done.returncode == 0, done.stderr
    expected = {f"{name}.{kind}" for name in NAMES for kind in ("png", "pdf")} | {"report.html"}
    assert {path.name for path in (runs / "figures").iterdir()} == expected
    assert {Path(line).name for line in done.stdout.splitlines()} == expected
    assert "damaged.npz: damaged" in done.stderr


def test_a_folder_without_runs_is_a_mistake(tmp_path: Path) -> None:
    for folder, says in ((tmp_path, "no finished run"), (tmp_path / "absent", "no folder")):
        done = figures(folder)
        assert done.returncode == 2
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1
