"""`superscope toy sweep` as a user runs it, stops it, kills it, and runs it again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from command import Done, superscope
from tasks import eventually, group_members

from superscope.toy import Failure, ToyRun, from_bytes, read_runs, read_sweep, train

COMMAND = [sys.executable, "-W", "error", "-m", "superscope", "toy", "sweep"]
TINY = "n = 20\nwidth = [2, 3]\nbatch = 32\nsteps = 20\n"


def run(*arguments: object) -> Done:
    return superscope("toy", "sweep", *arguments)


@contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Start a sweep in a process group of its own; nothing of it outlives the block."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return toml(tmp_path, TINY)


def toml(folder: Path, text: str) -> Path:
    file = folder / "sweep.toml"
    file.write_text(text)
    return file


def files(out: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return what is known of each result: a run done again would differ in its times."""
    return {
        f.stem: (f.stat().st_ino, f.stat().st_mtime_ns, f.read_bytes())
        for f in out.glob("[!.]*.npz")
    }


@pytest.mark.slow
def test_a_sweep_is_done_once_and_said_in_one_line(tiny: Path, tmp_path: Path) -> None:
    tiny.write_text(TINY + "learning_rate = [0.01, 1e30]\n")
    out = tmp_path / "runs"
    done = run(tiny, "--out", out, "--workers", 1)
    assert done.code == 0, done.err
    assert done.out == f"4 runs in {out}: 4 done now, 0 found there, 2 diverged\n"
    configs = read_sweep(tiny)
    assert files(out).keys() == {config.identity for config in configs}
    for config in configs:
        kept = from_bytes((out / f"{config.identity}.npz").read_bytes())
        assert kept.config == config
        if config.learning_rate == 1e30:
            assert isinstance(kept, Failure)
            assert f"run {config.identity}: diverged at step" in done.err
        else:
            assert isinstance(kept, ToyRun)
            assert kept.W.tobytes() == train(config).W.tobytes()
    before = files(out)
    damaged = out / f"{configs[0].identity}.npz"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    again = run(tiny, "--out", out, "--workers", 1)
    assert again.code == 0
    assert again.out == f"4 runs in {out}: 1 done now, 3 found there, 2 diverged\n"
    assert f"{damaged}: damaged" in again.err
    assert "moved to" in again.err
    del before[configs[0].identity]
    assert before.items() < files(out).items()


def test_dry_run_counts_and_estimates_and_runs_nothing(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    done = run(tiny, "--out", out, "--dry-run", "--workers", 2)
    assert done.code == 0, done.err
    assert done.err == ""
    counts, estimate = done.out.splitlines()
    assert counts == "2 runs: 0 done, 0 diverged, 2 to do"
    assert estimate.startswith("about 0 s on 2 cores of this machine")
    assert "ms a step; from up to 300 steps of 2 configs, timed now" in estimate
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{tmp}/absent.toml", "--out", "{out}"], "absent.toml"),
        (["{tmp}/unknown.toml", "--out", "{out}"], "did you mean width"),
        (["{tmp}/no.toml", "--out", "{out}"], "is not valid TOML"),
        (["{tmp}/dense.toml", "--out", "{out}"], "density"),
        (["{tiny}"], "--out"),
        (["{tiny}", "--out", "{out}", "--workers", "0"], "--workers must be at least 1"),
        (["{tiny}", "--out", "{out}", "--executor", "threads"], "threads"),
        (
            ["{tiny}", "--out", "{out}", "--executor", "processes", "--scheduler", "tcp://h:1"],
            "--scheduler",
        ),
        (["{tiny}", "--out", "{out}", "--scheduler", "tcp://h:1", "--workers", "2"], "--workers"),
        (["{tiny}", "--out", "{tiny}"], "{tiny} is a file, not a folder"),
        (["{tiny}", "--out", "{tiny}", "--dry-run"], "no folder {tiny}"),
        (["{tiny}", "--out", "/proc/runs"], "cannot keep results in /proc/runs"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(
    tiny: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "unknown.toml").write_text("widht = 3")
    (tmp_path / "no.toml").write_text("width: 3")
    (tmp_path / "dense.toml").write_text("density = 1000")
    before = sorted(tmp_path.iterdir())
    done = run(*(a.format(tiny=tiny, tmp=tmp_path, out=tmp_path / "out") for a in arguments))
    assert done.code == 2
    assert done.out == ""
    assert said.format(tiny=tiny) in done.err
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert sorted(tmp_path.iterdir()) == before


# About 0.3 s a run, so that there is something to kill.
MANY = "n = 20\nwidth = [2, 3, 5]\nbatch = 32\nsteps = 2000\nseed = [{}]\n"


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_and_loses_nothing(tmp_path: Path) -> None:
    sweep = toml(tmp_path, MANY.format("0, 1, 2, 3"))
    configs = read_sweep(sweep)
    out = tmp_path / "runs"
    rng = random.Random(0)
    survived: dict[str, tuple[int, int, bytes]] = {}
    rounds = (("main", 0), ("all", 2), ("main", 3))  # results that arrive before
    for killed, more in rounds:
        with started(sweep, "--out", out, "--workers", 2) as process:
            assert eventually(lambda: len(files(out)) >= len(survived) + more, 120)  # noqa: B023
            time.sleep(rng.uniform(0, 0.3))
            assert process.poll() is None
            if killed == "main":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            assert eventually(lambda: not group_members(process.pid), 20)
        now = files(out)
        assert survived.items() <= now.items()
        assert more <= len(now) - len(survived)
        survived = now
    assert 5 <= len(survived) < len(configs)
    assert all(isinstance(from_bytes(content), ToyRun) for *_, content in survived.values())

    done = run(sweep, "--out", out, "--workers", 2)
    assert done.code == 0, done.err
    left = len(configs) - len(survived)
    assert done.out == (
        f"12 runs in {out}: {left} done now, {len(survived)} found there, 0 diverged\n"
    )
    assert survived.items() <= files(out).items()
    assert files(out).keys() == {config.identity for config in configs}
    content = read_runs(out)
    assert sorted(p.config.identity for p in content.points) == sorted(files(out))
    assert content.unreadable == content.failures == ()
    last = configs[-1]
    kept = from_bytes((out / f"{last.identity}.npz").read_bytes())
    assert isinstance(kept, ToyRun)
    assert np.array_equal(kept.W, train(last).W)


@pytest.mark.slow
@pytest.mark.parametrize("when", [0.0, 0.03, 0.06, 0.12, 0.25, "runs arrive"])
def test_ctrl_c_stops_it_at_once_and_in_silence(tmp_path: Path, when: float | str) -> None:
    sweep = toml(tmp_path, MANY.format(", ".join(map(str, range(100)))))
    out = tmp_path / "runs"
    with started(sweep, "--out", out, "--workers", 2) as process:
        if isinstance(when, float):  # seconds after the first worker appears
            assert eventually(lambda: len(group_members(process.pid)) >= 3)
            time.sleep(when)
        else:
            assert eventually(lambda: len(files(out)) >= 2, 120)
        before = files(out)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all of the group
        stdout, stderr = process.communicate(timeout=20)
        assert process.returncode == 130
        assert stdout == ""
        assert stderr.startswith("superscope: stopped")
        if when == "runs arrive":
            assert f"done and kept in {out}; the same command continues from there\n" in stderr
        assert len(stderr.splitlines()) == 1
        assert eventually(lambda: not group_members(process.pid), 20)
    assert before.items() <= files(out).items()
    assert all(isinstance(from_bytes(content), ToyRun) for *_, content in files(out).values())


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_nothing(tmp_path: Path) -> None:
    sweep = toml(tmp_path, MANY.format("0, 1"))
    out = tmp_path / "runs"
    with started(sweep, "--out", out, "--workers", 2) as process:
        assert eventually(lambda: len(files(out)) >= 1, 120)
        before = files(out)
        workers = [
            pid for pid in group_members(process.pid)
            if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]  # fmt: skip
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert stdout == f"6 runs in {out}: 6 done now, 0 found there, 0 diverged\n"
    assert before.items() <= files(out).items()
    assert len(files(out)) == 6
