"""Runs on a dask cluster: a scheduler and workers that are processes, and can be killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import tasks
from command import process, superscope
from extras import needed
from tasks import Note, begun, eventually

from superscope.errors import RemoteError
from superscope.runs import Outcome, RunFolder, dask_cluster, executors, run_all

needed("distributed")
pytestmark = pytest.mark.slow

SWEEP = [sys.executable, "-m", "superscope", "toy", "sweep"]


class Cluster:
    """A scheduler and workers on this machine, each a process without a nanny.

    Attributes
    ----------
    address
        Of the scheduler.
    workers
        The workers' processes.
    """

    def __init__(self, folder: Path, workers: int):
        self._folder = folder
        self._path = os.pathsep.join(filter(None, sys.path))
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        self.address = self._said("scheduler", r"Scheduler at: +(tcp://\S+)")
        self.workers = [
            self._start(
                f"worker{i}", self.address, "--no-nanny", "--nthreads", "1",
                "--host", "127.0.0.1", "--local-directory", str(folder),
            )
            for i in range(workers)
        ]  # fmt: skip
        for i in range(workers):
            self._said(f"worker{i}", r"(Registered to)")

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        module = f"distributed.cli.dask_{name.rstrip('0123456789')}"
        with (self._folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments, "--no-dashboard"],
                stdout=log, stderr=log, env={**os.environ, "PYTHONPATH": self._path},
            )  # fmt: skip

    def _said(self, name: str, pattern: str) -> str:
        log = self._folder / f"{name}.log"
        assert eventually(lambda: re.search(pattern, log.read_text()), 90), log.read_text()
        found = re.search(pattern, log.read_text())
        assert found
        return found[1]

    def stop(self) -> None:
        for started in (*self.workers, self.scheduler):
            with suppress(ProcessLookupError):
                started.kill()
            started.wait(30)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder, workers=2)
    yield cluster
    cluster.stop()


def worker_pids(log: Path) -> list[int]:
    """Return the process that did each note."""
    return [int(line.split()[1]) for line in log.read_text().splitlines()]


def test_a_cluster_does_each_task_once_and_the_loss_of_a_worker_costs_nothing(
    cluster: Cluster, tmp_path: Path
) -> None:
    log, folder = tmp_path / "log", RunFolder(tmp_path / "runs", ".txt")
    todo = [Note(f"note{i}", log, seconds=0.1) for i in range(40)]
    todo[5] = Note("note5", log, wrong=True)
    pids = [worker.pid for worker in cluster.workers]
    killed: list[dict[Path, int]] = []

    def kill(stage: str, done: int, total: int) -> None:
        if done >= 10 and not killed and len(set(worker_pids(log))) == 2:
            killed.append({file: file.stat().st_mtime_ns for file in folder.files()})
            cluster.workers[0].send_signal(signal.SIGKILL)

    with dask_cluster(cluster.address) as workers:
        assert workers.count() == 2
        outcome = run_all(todo, tasks.work, folder, workers, progress=kill)
        assert workers.count() == 1
    (before,) = killed
    assert outcome == Outcome(39, 0, {"note5": "ValueError: note5 is wrong"})
    assert {f.stem: f.read_text() for f in folder.files()} == {
        note.identity: note.identity for note in todo if not note.wrong
    }
    assert before.items() <= {f: f.stat().st_mtime_ns for f in folder.files()}.items()
    assert set(worker_pids(log)) == set(pids)
    # What the lost worker was at, or had in memory, may be done again by the other; nothing else.
    times = Counter(begun(log))
    assert set(times) == {note.identity for note in todo}
    lost = {line.split()[0] for line in log.read_text().splitlines() if f" {pids[0]} " in line}
    assert {name for name, count in times.items() if count > 1} <= lost
    assert times.total() <= len(todo) + len(lost)

    again = [note for note in todo if not note.wrong]
    with dask_cluster(cluster.address) as workers:
        assert run_all(again, tasks.work, folder, workers) == Outcome(0, 39, {})


def test_a_scheduler_that_dies_is_said_and_what_was_finished_is_kept(
    cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "sweep.toml").write_text(
        f"n = 20\nwidth = 3\nbatch = 32\nsteps = 2000\nseed = {list(range(200))}\n"
    )
    out = tmp_path / "runs"
    sweeping = subprocess.Popen(
        [*SWEEP, tmp_path / "sweep.toml", "--out", out, "--scheduler", cluster.address],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert eventually(lambda: len(list(out.glob("*.npz"))) >= 3, 120)
        cluster.scheduler.kill()
        stdout, stderr = sweeping.communicate(timeout=90)
    finally:
        sweeping.kill()
        sweeping.communicate()
    assert sweeping.returncode == 2, stderr
    assert stdout == ""
    # Beside what distributed logs.
    (said,) = [line for line in stderr.splitlines() if line.startswith("superscope:")]
    assert said.startswith(f"superscope: dask {cluster.address} stopped working")
    assert said.endswith("finished runs are kept, so run the same command again")
    assert len(list(out.glob("*.npz"))) >= 3


def test_a_sweep_runs_on_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(
        f"n = 20\nwidth = 3\nbatch = 32\nsteps = 1000\nseed = {list(range(12))}\n"
    )
    out = tmp_path / "runs"
    sweeping = subprocess.Popen(
        [*SWEEP, tmp_path / "sweep.toml", "--out", out, "--scheduler", cluster.address],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert eventually(lambda: len(list(out.glob("*.npz"))) >= 2, 120)
        cluster.workers[1].kill()
        stdout, stderr = sweeping.communicate(timeout=120)
    finally:
        sweeping.kill()
        sweeping.communicate()
    assert sweeping.returncode == 0, stderr
    assert stdout == f"12 runs in {out}: 12 done now, 0 found there, 0 diverged\n"
    assert stderr == "runs: 12 of 12\n"
    assert len(list(out.glob("*.npz"))) == 12


def test_without_a_scheduler_a_cluster_is_started_here(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text("n = 20\nwidth = [2, 3]\nbatch = 32\nsteps = 20\n")
    out = tmp_path / "runs"
    done = process(
        "toy", "sweep", tmp_path / "sweep.toml",
        "--out", out, "--executor", "dask", "--workers", "1",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.out == f"2 runs in {out}: 2 done now, 0 found there, 0 diverged\n"
    assert "Traceback" not in done.err


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a scheduler that is not there no longer than it takes to say so."""
    monkeypatch.setattr(executors, "WAIT", 0.5)


def test_schedulers_have_seconds_to_answer() -> None:
    assert executors.WAIT >= 5


@pytest.mark.usefixtures("impatient")
def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path) -> None:
    address = f"tcp://127.0.0.1:{free_port()}"
    begin = time.monotonic()
    with (
        pytest.raises(RemoteError, match=f"no dask scheduler answers at {address}"),
        dask_cluster(address),
    ):
        pass
    assert time.monotonic() - begin < 20


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{}", "nonsense", "tcp://", "carrier://dove"])
def test_no_scheduler_is_one_line_and_exit_2(tmp_path: Path, address: str) -> None:
    address = address.format(free_port())
    (tmp_path / "sweep.toml").write_text("n = 20\nwidth = 3\nbatch = 32\nsteps = 20\n")
    done = superscope(
        "toy", "sweep", tmp_path / "sweep.toml", "--out", tmp_path / "runs", "--scheduler", address
    )
    assert done.code == 2
    assert done.out == ""
    assert address in done.err
    assert len(done.err.strip().splitlines()) == 1, done.err
