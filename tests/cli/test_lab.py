"""``superscope lab train`` and ``superscope lab table``."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pandas as pd
import pytest
from command import superscope
from lab_texts import SMALL, documents

from superscope.cli import lab_train
from superscope.observations import COLUMNS
from superscope.runs import workers_of


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train in this process."""
    with ThreadPoolExecutor(1) as threads:
        workers = nullcontext(workers_of(threads))
        monkeypatch.setattr(lab_train, "chosen_workers", lambda *options: workers)
        yield


def lab(folder: Path, more: str) -> Path:
    (folder / "words.txt").write_text("\n".join(documents()))
    small = "\n".join(f"{name} = {value}" for name, value in SMALL.items())
    file = folder / "lab.toml"
    file.write_text(f"{small}\n{more}\n[text]\nfiles = 'words.txt'\nsplit = 'line'\n")
    return file


@pytest.mark.usefixtures("one_thread")
def test_a_sweep_is_trained_and_made_a_table(tmp_path: Path) -> None:
    file, out = lab(tmp_path, "variant = ['adamw', 'coupled']"), tmp_path / "runs"
    done = superscope("lab", "train", file, "--out", out)
    assert (done.code, done.out) == (0, f"2 runs in {out}: 2 done now, 0 found there, 0 diverged\n")
    again = superscope("lab", "train", file, "--out", out)
    assert again.out == f"2 runs in {out}: 0 done now, 2 found there, 0 diverged\n"
    table = superscope("lab", "table", out)
    frame = pd.read_csv(io.StringIO(table.out))
    assert tuple(frame.columns[: len(COLUMNS)]) == COLUMNS
    assert list(frame["variant"]) == ["adamw", "coupled"]
    written = superscope("lab", "table", out, "--out", tmp_path / "table.parquet")
    assert written.out == f"2 runs in {tmp_path / 'table.parquet'}\n"
    assert len(pd.read_parquet(tmp_path / "table.parquet")) == 2


@pytest.mark.usefixtures("one_thread")
def test_a_dry_run_trains_nothing_and_says_how_long_it_takes(tmp_path: Path) -> None:
    file, out = lab(tmp_path, "seed = [0, 1]\nlearning_rate = [1e-3, 1e30]"), tmp_path / "runs"
    plan = superscope("lab", "train", file, "--out", out, "--dry-run").out.splitlines()
    assert plan[0] == "4 runs: 0 done, 0 diverged, 4 to do"
    assert plan[1].split() == ["width", "tokens", "runs", "a", "run", "all"]
    assert plan[2].split()[:3] == ["8", "384", "4"]
    assert plan[3].startswith("about ")
    assert not list(out.glob("*.json"))
    superscope("lab", "train", file, "--out", out)
    plan = superscope("lab", "train", file, "--out", out, "--dry-run").out
    assert plan == "4 runs: 2 done, 2 diverged, 0 to do\n"


@pytest.mark.usefixtures("one_thread")
def test_a_diverged_run_is_told_and_the_others_are_there(tmp_path: Path) -> None:
    file, out = lab(tmp_path, "learning_rate = [1e30, 1e-3]"), tmp_path / "runs"
    done = superscope("lab", "train", file, "--out", out)
    assert (done.code, done.out[-11:]) == (0, "1 diverged\n")
    assert "the loss is not finite at step 1" in done.err
    table = superscope("lab", "table", out)
    assert "has no loss: the loss is not finite" in table.err
    assert table.out.count("\n") == 3


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("widht = 3", "the lab has no field 'widht'; did you mean width"),
        ("variant = 'growth=-1'", "must be a number of at least 0"),
        ("decay = 'strong'", "decay must be a number, not 'strong'"),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path: Path, more: str, said: str) -> None:
    done = superscope("lab", "train", lab(tmp_path, more), "--out", tmp_path / "runs")
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("one_thread")
def test_a_text_too_short_is_refused(tmp_path: Path) -> None:
    file = lab(tmp_path, "")
    file.write_text(file.read_text().replace("batch = 4", "batch = 4000").replace("384", "64000"))
    done = superscope("lab", "train", file, "--out", tmp_path / "runs")
    assert done.code == 2
    assert "less than a batch of 4000 windows of 16" in done.err


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    done = superscope("lab", "table", tmp_path)
    assert done.code == 2
    assert "has no finished run; make some with: superscope lab train" in done.err
