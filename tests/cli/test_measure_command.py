"""`superscope measure` as a user runs it: a process with arguments, streams and an exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from superscope import Geometry, measure
from superscope.observations import COLUMNS, read_table

COMMAND = [sys.executable, "-W", "error", "-m", "superscope"]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("head") / "W.npy"
    np.save(path, np.random.default_rng(0).standard_normal((900, 16)).astype(np.float32) + 0.5)
    return path


def test_table_shows_raw_and_centered_side_by_side(head: Path) -> None:
    done = run("measure", head)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    geometry = measure(head)
    for label in (
        "mean square overlap", "against chance, 1/m", "against the Welch floor", "mean |overlap|",
        "coherence", "effective width", "packing efficiency", "norms", "represented fraction",
        "regime", "rows left out", "tensor", "file", "stored as", "most colliding",
    ):  # fmt: skip
        assert label in done.stdout
    assert "V = 900, m = 16, V/m = 56.25" in done.stdout
    assert f"{geometry.raw.mean_square_overlap:.6g}" in done.stdout
    assert f"{geometry.centered.mean_square_overlap:.6g}" in done.stdout


def test_not_a_terminal_gets_no_escape_codes(head: Path) -> None:
    assert "\x1b" not in run("measure", head, FORCE_COLOR="").stdout
    assert "\x1b" not in run("measure", head, NO_COLOR="1").stdout


def test_json_is_one_line_a_model_and_loses_nothing(head: Path) -> None:
    done = run("measure", head, head, "--json", "--pairs", "exact", "--neighbors", "3")
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    geometry = Geometry.from_json(lines[0])
    assert geometry == measure(str(head), pairs="exact", neighbors=3)
    derived = json.loads(lines[0])["raw"]["derived"]
    assert derived["effective_width"] == geometry.raw.effective_width


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_table_has_a_row_a_model(head: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"table.{suffix}"
    assert run("measure", head, head, "--pairs", "none", "--table", file).returncode == 0
    frame = read_table(file)
    assert tuple(frame.columns) == COLUMNS
    assert frame["width"].tolist() == [16, 16]
    assert frame["loss"].isna().all()
    assert frame["mean_square_overlap"][0] == pytest.approx(
        measure(head, pairs="none").raw.mean_square_overlap, rel=1e-6
    )


def test_one_bad_model_does_not_cost_the_others(head: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    done = run("measure", head, tmp_path / "absent.npy", head, "--table", table, "--pairs", "none")
    assert done.returncode == 2
    assert "absent.npy" in done.stderr.splitlines()[0]
    assert "1 of 3 not measured" in done.stderr.splitlines()[-1]
    assert len(pd.read_csv(table)) == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name a MODEL or a --family"),
        (["{head}", "--pairs", "some"], "some"),
        (["{head}", "--nonsense"], "--nonsense"),
        (["{head}", "--neighbors", "3"], "--pairs exact"),
        (["{head}", "--neighbors", "-1", "--pairs", "exact"], "negative"),
        (["{head}", "--samples", "1"], "at least 2"),
        (["{head}", "--device", "cuda:99", "--pairs", "exact"], "cuda:99"),
        (["{head}", "--device", "warp", "--pairs", "exact"], "warp"),
        (["{head}", "--revision", "main"], "--revision"),
        (["{head}", "--tensor", "nope"], "candidates: W 900 × 16"),
        (["{head}", "--rows", "tokenizer"], "tokenizer.json"),
        (["{head}", "--fold-norm"], "norm"),
        (["{head}", "--table", "{tmp}/t.xlsx"], ".parquet or .csv"),
        (["{head}", "--table", "{tmp}/absent/t.csv"], "no folder"),
        (["{head}", "--report", "{tmp}"], "folder"),
        (["{head}", "--frequencies", "{tmp}/absent.npy"], "absent.npy"),
        (["--family", "gpt9"], "known: opt"),
        (["{tmp}/absent.safetensors"], "absent.safetensors"),
        (["a/b/c"], "a/b/c"),
        (["nosuch://x/y"], "nosuch"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(
    head: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = run("measure", *(a.format(head=head, tmp=tmp_path) for a in arguments))
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_full_disk_is_one_line_and_keeps_what_stood_there(head: Path) -> None:
    done = run("measure", head, "--pairs", "none", "--table", "/dev/full")
    assert done.returncode == 2  # not even a suffix
    done = run("measure", head, "--pairs", "none", "--report", "/dev/full")
    assert done.returncode == 2
    assert "cannot write /dev/full: No space left on device" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_half_written_and_exits_130(tmp_path: Path) -> None:
    head, report = tmp_path / "W.npy", tmp_path / "report.html"
    np.save(head, np.random.default_rng(0).standard_normal((60_000, 256)).astype(np.float32))
    process = subprocess.Popen(
        [*COMMAND, "measure", str(head), "--pairs", "exact", "--report", str(report)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert sorted(p.name for p in tmp_path.iterdir()) == ["W.npy"]


def test_a_reader_that_goes_away_is_no_error(head: Path) -> None:
    shell = subprocess.run(
        f"{sys.executable} -m superscope measure {head} --json | head -c 10",
        shell=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Traceback" not in shell.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['superscope', '--help']\n"
        "from superscope.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'torch', 'pandas', 'matplotlib', 'numba', 'scipy', 'numpy', 'transformers'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "measure" in done.stdout
    assert "LOADED []" in done.stdout


def test_measuring_on_the_cpu_loads_no_torch_or_figures(head: Path) -> None:
    code = (
        "import sys, superscope\n"
        f"superscope.measure({str(head)!r})\n"
        "print(sorted({'torch', 'matplotlib', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


def on_a_terminal(*arguments: object, **environment: str) -> str:
    """Return what a terminal of 100 columns receives, stdout and stderr together."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=theirs, stderr=theirs, stdin=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", **environment},
    )  # fmt: skip
    os.close(theirs)
    received = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so where others send nothing
            part = b""
        if not part:
            break
        received += part
    os.close(ours)
    assert process.wait(timeout=60) == 0, received
    return received.decode()


def test_a_terminal_gets_styles_unless_no_color(head: Path) -> None:
    assert "\x1b[1m" in on_a_terminal("measure", head)
    plain = on_a_terminal("measure", head, NO_COLOR="1")
    assert "\x1b" not in plain
    assert plain.replace("\r\n", "\n") == run("measure", head).stdout


@pytest.mark.slow
def test_long_work_shows_a_bar_on_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "W.npy"
    np.save(path, np.random.default_rng(0).standard_normal((20_000, 128)).astype(np.float32))
    assert "all pairs" in on_a_terminal("measure", path, "--pairs", "exact")


def test_a_full_output_and_an_ascii_terminal_are_no_traceback(head: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "measure", str(head)], stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=60,
        )  # fmt: skip
    assert done.returncode == 2
    assert "cannot write the output" in done.stderr
    assert "Traceback" not in done.stderr
    assert run("measure", head, PYTHONIOENCODING="ascii").returncode == 0


def test_names_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    done = run("measure", tmp_path / "a\x1b[31m.npy", tmp_path / "b.npy")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
