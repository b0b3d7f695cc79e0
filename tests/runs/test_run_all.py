"""Each of many tasks is done once, whatever tasks, workers and other sweeps do."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from pathlib import Path
from typing import Any

import pytest
import tasks
from tasks import Note, begun, eventually

from superscope.errors import RemoteError
from superscope.runs import (
    Outcome,
    RunFolder,
    processes,
    run_all,
    this_process,
    workers_of,
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs", ".txt")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def notes(log: Path, count: int, **options: Any) -> list[Note]:
    return [Note(f"note{i}", log, **options) for i in range(count)]


def in_threads(todo: list[Note], folder: RunFolder, **options: Any) -> Outcome:
    with ThreadPoolExecutor(2) as executor:
        return run_all(todo, tasks.work, folder, workers_of(executor), **options)


def in_processes(todo: list[Note], folder: RunFolder, workers: int = 2) -> Outcome:
    with processes(workers) as doing:
        return run_all(todo, tasks.work, folder, doing)


def kept(folder: RunFolder) -> dict[str, str]:
    return {file.stem: file.read_text() for file in folder.files()}


def names(todo: list[Note]) -> dict[str, str]:
    """Return what is kept once all is done: a note's result is its name."""
    return {note.identity: note.identity for note in todo}


def claims(folder: RunFolder) -> list[Path]:
    return list((folder.path / ".claims").iterdir())


@pytest.mark.parametrize("do", [in_threads, in_processes])
def test_each_task_is_done_once_and_its_result_kept(
    folder: RunFolder, log: Path, do: Callable[..., Outcome]
) -> None:
    todo = notes(log, 12)
    assert do(todo, folder) == Outcome(12, 0, {})
    assert kept(folder) == names(todo)
    assert sorted(begun(log)) == sorted(names(todo))
    assert claims(folder) == []


def test_tasks_of_one_name_are_one(folder: RunFolder, log: Path) -> None:
    assert in_threads(notes(log, 3) * 4, folder) == Outcome(3, 0, {})
    assert len(begun(log)) == 3


def test_nothing_to_do_is_nothing_done(folder: RunFolder) -> None:
    assert in_threads([], folder) == Outcome(0, 0, {})


def test_what_is_there_is_not_done_again(folder: RunFolder, log: Path) -> None:
    todo = notes(log, 6)
    folder.write("note2", b"from before")
    in_threads(todo[:2], folder)
    before = {file: file.stat().st_mtime_ns for file in folder.files()}
    assert in_threads(todo, folder) == Outcome(3, 3, {})
    assert in_threads(todo, folder) == Outcome(0, 6, {})
    assert sorted(begun(log)) == sorted(names(todo).keys() - {"note2"})
    assert kept(folder)["note2"] == "from before"
    assert before.items() <= {file: file.stat().st_mtime_ns for file in folder.files()}.items()


@pytest.mark.parametrize("do", [in_threads, in_processes])
def test_a_task_that_fails_does_not_cost_the_others(
    folder: RunFolder, log: Path, do: Callable[..., Outcome]
) -> None:
    todo = notes(log, 8)
    todo[3] = Note("note3", log, wrong=True)
    assert do(todo, folder) == Outcome(7, 0, {"note3": "ValueError: note3 is wrong"})
    assert kept(folder).keys() == names(todo).keys() - {"note3"}
    assert begun(log).count("note3") == 1
    assert claims(folder) == []
    todo[3] = Note("note3", log)
    assert do(todo, folder) == Outcome(1, 7, {})


def test_tasks_of_a_kind_are_done_together_but_not_too_many(folder: RunFolder, log: Path) -> None:
    todo = [Note(f"{kind}{i}", log, kind=kind, most=3) for i in range(7) for kind in "ab"]
    outcome = in_threads(todo, folder, together=lambda note: (note.kind, note.most))
    assert outcome == Outcome(14, 0, {})
    sizes = Counter(
        (name[0], int(size)) for name, _, size in map(str.split, log.read_text().splitlines())
    )
    assert sizes == {(kind, size): n for kind in "ab" for size, n in ((3, 6), (1, 1))}


def test_tasks_done_together_fail_together(folder: RunFolder, log: Path) -> None:
    todo = notes(log, 6, kind="a", most=3)
    todo[1] = Note("note1", log, wrong=True, kind="a", most=3)
    outcome = in_threads(todo, folder, together=lambda note: (note.kind, note.most))
    assert outcome.done == 3
    assert outcome.errors.keys() == {"note0", "note1", "note2"}
    assert kept(folder).keys() == {"note3", "note4", "note5"}


def test_progress_counts_up_to_all_of_them(folder: RunFolder, log: Path) -> None:
    seen = []
    todo = notes(log, 5)
    folder.write("note0", b"")
    todo[1] = Note("note1", log, wrong=True)
    in_threads(todo, folder, progress=lambda *told: seen.append(told))
    assert {(stage, total) for stage, _, total in seen} == {("runs", 5)}
    counts = [done for _, done, _ in seen]
    assert counts == sorted(counts)
    assert counts[-1] == 5


def test_a_worker_that_is_killed_costs_nothing(folder: RunFolder, log: Path) -> None:
    todo = notes(log, 10, seconds=0.02)
    todo[4] = Note("note4", log, deaths=1)
    assert in_processes(todo, folder) == Outcome(10, 0, {})
    assert kept(folder) == names(todo)
    assert begun(log).count("note4") == 2
    assert claims(folder) == []


def test_a_task_that_always_kills_its_worker_is_given_up(folder: RunFolder, log: Path) -> None:
    todo = notes(log, 5, seconds=0.5)  # so that others are under way each time
    todo[0] = Note("note0", log, deaths=99)
    outcome = in_processes(todo, folder)
    assert outcome.errors.keys() == {"note0"}
    assert "died 3 times" in outcome.errors["note0"]
    assert begun(log).count("note0") == 3
    assert kept(folder).keys() == names(todo).keys() - {"note0"}
    assert claims(folder) == []


def test_workers_end_when_all_is_done_and_when_something_goes_wrong(
    folder: RunFolder, log: Path
) -> None:
    assert in_processes(notes(log, 2), folder).done == 2
    assert multiprocessing.active_children() == []

    def stop(stage: str, done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    todo = [Note("quick", log), *notes(log, 9, seconds=60)]
    with pytest.raises(KeyboardInterrupt), processes(2) as doing:
        run_all(todo, tasks.work, folder, doing, progress=stop)
    assert eventually(lambda: not multiprocessing.active_children())
    assert claims(folder) == []


def test_two_sweeps_at_once_share_the_work(folder: RunFolder, log: Path) -> None:
    todo = notes(log, 30, seconds=0.05)
    context = multiprocessing.get_context("spawn")
    sweeps = [
        context.Process(target=tasks.sweep, args=(folder.path, todo[::order], 1))
        for order in (1, -1)
    ]
    for process in sweeps:
        process.start()
    for process in sweeps:
        process.join(120)
        assert process.exitcode == 0
    lines = [line.split() for line in log.read_text().splitlines()]
    assert sorted(name for name, *_ in lines) == sorted(names(todo))
    assert kept(folder) == names(todo)
    assert len({pid for _, pid, _ in lines}) == 2
    assert claims(folder) == []


def test_what_another_sweep_is_at_is_waited_for(folder: RunFolder, log: Path) -> None:
    todo = notes(log, 3)
    claim = folder.claim("note1")
    assert claim is not None
    looked = []

    def finish(stage: str, done: int, total: int) -> None:
        looked.append(done)
        if done == 2 and not folder.has("note1"):
            folder.write("note1", b"note1")
            claim.release()

    assert in_threads(todo, folder, progress=finish) == Outcome(2, 1, {})
    assert kept(folder) == names(todo)
    assert "note1" not in begun(log)


def test_what_another_sweep_gave_up_is_done_here(folder: RunFolder, log: Path) -> None:
    claim = folder.claim("note1")
    assert claim is not None

    def give_up(stage: str, done: int, total: int) -> None:
        if done == 2:
            claim.release()

    assert in_threads(notes(log, 3), folder, progress=give_up) == Outcome(3, 0, {})


class Breaking(Executor):
    """Does some tasks at once, then breaks."""

    def __init__(self, tasks: int, error: Exception, shown: str):
        self._left, self._error, self._shown = tasks, error, shown

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self._left > 0:
            self._left -= 1
            future.set_result(fn(*args, **kwargs))
        elif self._shown == "submit":
            raise self._error
        elif self._shown == "cancelled":
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self._error)
        return future


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (RuntimeError("cannot schedule new futures after shutdown"), "submit"),
        (BrokenExecutor("no more"), "submit"),
        (Exception(), "cancelled"),
    ],
)
@pytest.mark.parametrize("finished", [0, 3, 9])
def test_an_executor_that_breaks_for_good_keeps_what_was_finished(
    folder: RunFolder, log: Path, error: Exception, shown: str, finished: int
) -> None:
    todo = notes(log, 20)
    executor = workers_of(Breaking(finished, error, shown))
    with pytest.raises(
        RemoteError, match=r"Breaking stopped working.*kept, so run the same command again"
    ):
        run_all(todo, tasks.work, folder, executor)
    assert kept(folder).keys() == set(begun(log))
    assert len(begun(log)) == finished
    assert claims(folder) == []
    assert in_threads(todo, folder) == Outcome(20 - finished, finished, {})


def test_a_pool_of_the_user_that_breaks_is_a_remote_error(folder: RunFolder, log: Path) -> None:
    todo = notes(log, 20)
    todo[10] = Note("note10", log, deaths=1)
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, context) as executor,
        pytest.raises(RemoteError, match="ProcessPoolExecutor stopped working"),
    ):
        run_all(todo, tasks.work, folder, workers_of(executor))
    assert set(begun(log)) - kept(folder).keys() <= {"note10"}
    assert in_threads(todo, folder).errors == {}
    assert kept(folder) == names(todo)


def test_workers_of_an_executor_are_as_many_as_it_has() -> None:
    with ThreadPoolExecutor(3) as executor:
        workers = workers_of(executor)
        assert (workers.count(), workers.name) == (3, "ThreadPoolExecutor")
    assert 1 <= workers_of(Breaking(0, Exception(), "")).count() <= (os.cpu_count() or 1)


def test_a_script_without_a_main_guard_is_told_so(tmp_path: Path) -> None:
    """Its workers would run the script again, and wait for the claims of their parent."""
    script = tmp_path / "script.py"
    script.write_text(
        "from superscope.runs import processes\n"
        "from superscope.toy import product, sweep\n"
        "with processes(1) as workers:\n"
        "    sweep(product({'n': 5, 'width': [1, 2], 'batch': 4, 'steps': 3}), 'runs', "
        "executor=workers)\n"
    )
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert "put the call under if __name__ == '__main__'" in done.stderr


def test_tasks_in_this_process_are_kept_one_by_one_and_can_be_stopped(
    folder: RunFolder, log: Path
) -> None:
    done: list[int] = []

    def work(todo: list[Note]) -> list[bytes]:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(len(kept(folder)))
        return tasks.work(todo)

    todo = notes(log, 4)
    with pytest.raises(KeyboardInterrupt):
        run_all(todo, work, folder, this_process(), progress=None)
    assert done == [0, 1]
    done.clear()
    # No lock is left, though the traceback is still known.
    found = run_all(todo, tasks.work, folder, this_process(), progress=None)
    assert (found.done, found.found) == (2, 2)
    assert kept(folder) == names(todo)
