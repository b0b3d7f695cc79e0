"""`superscope watch` shows what a training writes."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command import COMMAND, superscope
from traces import make_trace

from superscope import Trace
from superscope.watch import write_trace


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run.parquet"
    write_trace(make_trace(), path)
    return path


@pytest.mark.slow
def test_once_prints_and_draws_what_there_is(run: Path, tmp_path: Path) -> None:
    picture, folder = tmp_path / "run.png", tmp_path / "figures"
    done = superscope("watch", run, "--once", "--out", picture, "--figures", folder)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{make_trace()}\n"
    assert picture.read_bytes()[:4] == b"\x89PNG"
    names = {file.name for file in folder.iterdir()}
    assert {"training.svg", "training-overlap.pdf", "training-norms.png"} <= names


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{tmp}/absent.parquet", "--once"], "absent.parquet"),
        (["{tmp}/run.csv"], ".parquet"),
        (["{run}", "--every", "0"], "more than 0 seconds"),
        (["{run}", "--out", "{tmp}/run.txt"], ".png or .pdf or .svg"),
        (["{run}", "--out", "{tmp}/absent/run.png"], "there is no folder {tmp}/absent"),
        (["{run}", "--out", "{run}/run.png"], "{run}/run.png: {run} is a file, not a folder"),
        (["{run}", "--figures", "{run}"], "{run}: {run} is a file, not a folder"),
        (["{run}", "--figures", "{run}/figures"], "{run}/figures: {run} is a file, not a folder"),
        (["{other}", "--once"], "not a trace of a training"),
        ([], "needs RUN"),
    ],
)
def test_commands_that_cannot_be(
    run: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    other = tmp_path / "other.parquet"
    other.write_bytes(b"PAR1")
    places = {"{tmp}": str(tmp_path), "{run}": str(run), "{other}": str(other)}
    for name, place in places.items():
        arguments = [argument.replace(name, place) for argument in arguments]
        said = said.replace(name, place)
    done = superscope("watch", *arguments)
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.slow
def test_without_a_terminal_each_observation_is_a_line_until_ctrl_c(tmp_path: Path) -> None:
    path, picture = tmp_path / "run.parquet", tmp_path / "run.svg"
    trace = make_trace()
    command = [*COMMAND, "watch", str(path), "--every", "0.05", "--out", str(picture)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        assert it.stderr is not None
        assert "is not there yet; waiting for it" in it.stderr.readline()
        write_trace(Trace(trace.points[:1], ()), path)
        assert it.stdout.readline().startswith("step 0: mean c²")
        write_trace(trace, path)
        lines = [it.stdout.readline() for _ in range(4)]
        assert [line.partition(":")[0] for line in lines] == ["step 100"] * 2 + ["step 200"] * 2
        write_trace(Trace(trace.points[:2], trace.events[:1]), path)  # resumed
        assert it.stdout.readline() == "the run went back to before step 200\n"
        while not picture.exists():
            time.sleep(0.05)
        it.send_signal(signal.SIGINT)
        out, err = it.communicate(timeout=30)
    assert (it.returncode, out, err) == (0, "", "")
    assert picture.read_bytes().startswith(b"<?xml")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_one_screen_that_stays(run: Path) -> None:
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "30"}
    with subprocess.Popen(
        [*COMMAND, "watch", str(run), "--every", "0.05"],
        stdout=theirs, stderr=theirs, stdin=theirs, env=env,
    ) as it:  # fmt: skip
        os.close(theirs)
        seen = ""
        while "1 row is near zero" not in seen:
            seen += os.read(ours, 65536).decode(errors="replace")
        it.send_signal(signal.SIGINT)
        assert it.wait(timeout=30) == 0
    os.close(ours)
    assert "over the steps" in seen
    assert "Traceback" not in seen
