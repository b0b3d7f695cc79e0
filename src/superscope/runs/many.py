"""Do each of many tasks once, whatever happens in between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Future,
    wait,
)
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from superscope.errors import SuperscopeError
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.runs.executors import Workers, lost
from superscope.runs.folder import Claim, RunFolder

ATTEMPTS = 3  # at a task whose worker dies: it may be the task that kills it
AHEAD = 2  # tasks handed out for each worker, so that none waits for the next
RECHECK = 1.0  # seconds until tasks that another sweep is at are looked at again


class Task(Protocol):
    """Anything that is known by a name of its own."""

    @property
    def identity(self) -> str: ...


T = TypeVar("T", bound=Task)


@dataclass(frozen=True)
class Outcome:
    """What became of the tasks.

    Attributes
    ----------
    done
        Tasks done now.
    found
        Tasks that were done before, or meanwhile by another sweep on the folder.
    errors
        Identity of each task that could not be done, and why; nothing of it was kept.
    """

    done: int
    found: int
    errors: dict[str, str]


@dataclass
class _Job(Generic[T]):
    """Tasks that are done together, and the claims on them."""

    tasks: list[T]
    claims: list[Claim]
    attempts: int = 1

    def release(self) -> None:
        for claim in self.claims:
            claim.release()


def run_all(
    tasks: Sequence[T],
    work: Callable[[list[T]], list[bytes]],
    folder: RunFolder,
    workers: Workers,
    *,
    together: Callable[[T], tuple[Hashable, int]] = lambda task: (None, 1),
    progress: ProgressChoice = "auto",
) -> Outcome:
    """Do the tasks that have no result yet, and keep each result as one file.

    Several processes may do so on one folder: each task is claimed before it is begun.

    Parameters
    ----------
    tasks
        What to do, each with an ``identity``; those with the same are one.
    work
        Does some tasks and returns each one's result. It and the tasks are pickled.
    folder
        Where results are kept.
    workers
        Who does them.
    together
        What tasks must have in common to be done by one call of `work`, and how many at most.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("runs", done, total)``.

    Returns
    -------
    Outcome
        How many tasks were done, how many were there already, and what could not be done.

    Raises
    ------
    RemoteError
        The executor broke for good; what was finished is kept.
    """
    with chosen(progress) as report:
        return _Sweep(tasks, work, folder, workers, together).run(report)


class _Sweep(Generic[T]):
    """The state of one :func:`run_all`."""

    def __init__(
        self,
        tasks: Sequence[T],
        work: Callable[[list[T]], list[bytes]],
        folder: RunFolder,
        workers: Workers,
        together: Callable[[T], tuple[Hashable, int]],
    ):
        self.work, self.folder, self.workers, self.together = work, folder, workers, together
        self.waiting = deque({task.identity: task for task in tasks}.values())
        self.elsewhere: list[T] = []  # claimed by another sweep
        self.suspects: deque[_Job[T]] = deque()  # under way when a worker died
        self.flying: dict[Future[list[bytes]], _Job[T]] = {}
        self.total, self.done, self.found = len(self.waiting), 0, 0
        self.errors: dict[str, str] = {}

    def run(self, progress: Progress) -> Outcome:
        try:
            while self.waiting or self.flying or self.elsewhere or self.suspects:
                if self.suspects and not self.flying:
                    self.submit(self.suspects.popleft())
                alone = self.suspects or any(job.attempts > 1 for job in self.flying.values())
                room = 0 if alone else AHEAD * self.workers.count()
                while self.waiting and len(self.flying) < room:
                    job = self.next_job()
                    if job.tasks:
                        self.submit(job)
                progress("runs", self.done + self.found + len(self.errors), self.total)
                # Never for good: a cluster that is lost may not say so.
                patience = RECHECK if self.elsewhere else 10 * RECHECK
                if self.flying:
                    ready, _ = wait(self.flying, patience, return_when=FIRST_COMPLETED)
                    for future in ready:
                        self.collect(future, self.flying.pop(future))
                elif self.elsewhere:
                    time.sleep(RECHECK)
                self.waiting.extend(self.elsewhere)
                self.elsewhere.clear()
            progress("runs", self.total, self.total)
        finally:
            with ExitStack() as releases:
                for job in (*self.flying.values(), *self.suspects):
                    releases.callback(job.release)
                for future, job in self.flying.items():
                    # Not cancelled: whose executor it is shuts it down. A process pool that
                    # finds a future cancelled as its workers end prints a traceback.
                    if future.done() and not future.cancelled() and not future.exception():
                        self.keep(job, future.result())  # came in at the last moment
        return Outcome(self.done, self.found, self.errors)

    def next_job(self) -> _Job[T]:
        """Claim the next tasks that can be done together."""
        job: _Job[T] = _Job([], [])
        kind, most = None, 1
        others: list[T] = []
        while self.waiting and len(job.tasks) < most:
            task = self.waiting.popleft()
            if self.folder.has(task.identity):
                self.found += 1
                continue
            if job.tasks and self.together(task)[0] != kind:
                others.append(task)
                continue
            claim = self.folder.claim(task.identity)
            if claim is None:
                self.elsewhere.append(task)
            elif self.folder.has(task.identity):  # finished between the two looks
                claim.release()
                self.found += 1
            else:
                kind, most = self.together(task)
                job.tasks.append(task)
                job.claims.append(claim)
        self.waiting.extendleft(reversed(others))
        return job

    def submit(self, job: _Job[T]) -> None:
        try:
            self.flying[self.workers.executor.submit(self.work, job.tasks)] = job
        except RuntimeError as error:  # broken, or shut down
            job.release()
            raise lost(self.workers.name, error) from error

    def collect(self, future: Future[list[bytes]], job: _Job[T]) -> None:
        """Keep the results of a job, or go on without them."""
        with ExitStack() as held:
            held.callback(job.release)
            try:
                results = future.result()
            except CancelledError as error:
                raise lost(self.workers.name, error) from error
            except BrokenExecutor:
                if job.attempts < ATTEMPTS:
                    # Whose worker died is not known: each job that was under way is done again
                    # by itself, so that none is given up for what another one does.
                    job.attempts += 1
                    self.suspects.append(job)
                    held.pop_all()  # still claimed
                    return
                reason = f"its worker died {ATTEMPTS} times; out of memory?"
                self.errors |= {task.identity: reason for task in job.tasks}
            except Exception as error:  # of one job, which must not cost the others
                # Ours say all there is to say.
                kind = "" if isinstance(error, SuperscopeError) else f"{type(error).__name__}: "
                reason = " ".join(f"{kind}{error}".split())
                self.errors |= {task.identity: reason for task in job.tasks}
            else:
                self.keep(job, results)

    def keep(self, job: _Job[T], results: list[bytes]) -> None:
        for task, result in zip(job.tasks, results, strict=True):
            self.folder.write(task.identity, result)
        self.done += len(results)
