"""Do each of many tasks once, even if work is interrupted in between."""

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
from superscope.progress import Progress, ProgressChoice, at_share, chosen
from superscope.runs.executors import Workers, lost
from superscope.runs.folder import Claim, RunFolder

ATTEMPTS = 3  # for a task whose worker dies: the task itself may be the cause
RECHECK = 1.0  # seconds between checks of tasks that another sweep is working on


class Task(Protocol):
    """Anything with a unique identity."""

    @property
    def identity(self) -> str: ...


T = TypeVar("T", bound=Task)


@dataclass(frozen=True)
class Outcome:
    """The outcome of the tasks.

    Attributes
    ----------
    done
        Tasks done in this call.
    found
        Tasks that were done before, or during this call by another sweep on the same folder.
    errors
        The reason why a task could not be done, by its identity; no result of it is stored.
    """

    done: int
    found: int
    errors: dict[str, str]


@dataclass
class _Job(Generic[T]):
    """Tasks that are done together, and their locks."""

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
    cost: Callable[[T], float] = lambda task: 1.0,
    progress: ProgressChoice = "auto",
) -> Outcome:
    """Do the tasks that have no result yet, and store each result as one file.

    Several processes may share the folder: each task is locked before it starts.

    Parameters
    ----------
    tasks
        The tasks, each with an ``identity``; tasks with equal identities are done once.
    work
        Does some tasks and returns the result of each. It and the tasks are pickled.
    folder
        Where results are stored.
    workers
        The workers that do the tasks.
    together
        Returns what tasks must share to be done by one call of `work`, and the largest number.
    cost
        Returns about how long a task takes beside others, for the time that is left.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("runs", done, total)``.

    Returns
    -------
    Outcome
        How many tasks were done now, how many before, and which could not be done.

    Raises
    ------
    RemoteError
        The executor failed permanently; finished results are stored.
    """
    with chosen(progress) as report:
        return _Sweep(tasks, work, folder, workers, together, cost).run(report)


class _Sweep(Generic[T]):
    """The state of one :func:`run_all`."""

    def __init__(  # noqa: PLR0917 - those of run_all
        self,
        tasks: Sequence[T],
        work: Callable[[list[T]], list[bytes]],
        folder: RunFolder,
        workers: Workers,
        together: Callable[[T], tuple[Hashable, int]],
        cost: Callable[[T], float],
    ):
        self.work, self.folder, self.workers, self.together = work, folder, workers, together
        once = {task.identity: task for task in tasks}
        # What is there already must not count as work, or the rest would seem to take no time.
        self.waiting = deque(task for name, task in once.items() if not folder.has(name))
        self.costs = {task.identity: cost(task) for task in self.waiting}
        self.effort, self.spent = sum(self.costs.values()), 0.0
        self.elsewhere: list[T] = []  # claimed by another sweep
        self.suspects: deque[_Job[T]] = deque()  # running when a worker died
        self.flying: dict[Future[list[bytes]], _Job[T]] = {}
        self.total, self.done, self.found = len(once), 0, len(once) - len(self.waiting)
        self.errors: dict[str, str] = {}

    def run(self, progress: Progress) -> Outcome:
        try:
            while self.waiting or self.flying or self.elsewhere or self.suspects:
                if self.suspects and not self.flying:
                    self.submit(self.suspects.popleft())
                alone = self.suspects or any(job.attempts > 1 for job in self.flying.values())
                room = 0 if alone else self.workers.ahead * self.workers.count()
                while self.waiting and len(self.flying) < room:
                    job = self.next_job()
                    if job.tasks:
                        self.submit(job)
                self.report(progress)
                # Wait with a timeout: a lost cluster may not report itself.
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
                    # Futures are not cancelled; the owner of the executor shuts it down. A process
                    # pool that finds a cancelled future while its workers end prints a traceback.
                    if future.done() and not future.cancelled() and not future.exception():
                        self.keep(job, future.result())  # finished just before the end
        return Outcome(self.done, self.found, self.errors)

    def report(self, progress: Progress) -> None:
        share = self.spent / self.effort if self.effort else 1.0
        at_share(progress, "runs", self.done + self.found + len(self.errors), self.total, share)

    def next_job(self) -> _Job[T]:
        """Lock the next tasks that can be done together."""
        job: _Job[T] = _Job([], [])
        kind, most = None, 1
        others: list[T] = []
        while self.waiting and len(job.tasks) < most:
            task = self.waiting.popleft()
            if self.folder.has(task.identity):
                self.find(task)
                continue
            if job.tasks and self.together(task)[0] != kind:
                others.append(task)
                continue
            claim = self.folder.claim(task.identity)
            if claim is None:
                self.elsewhere.append(task)
            elif self.folder.has(task.identity):  # finished since the first check
                claim.release()
                self.find(task)
            else:
                kind, most = self.together(task)
                job.tasks.append(task)
                job.claims.append(claim)
        self.waiting.extendleft(reversed(others))
        return job

    def find(self, task: T) -> None:
        self.found += 1
        self.spent += self.costs[task.identity]

    def fail(self, job: _Job[T], reason: str) -> None:
        self.errors |= {task.identity: reason for task in job.tasks}
        self.spent += sum(self.costs[task.identity] for task in job.tasks)

    def submit(self, job: _Job[T]) -> None:
        try:
            self.flying[self.workers.executor.submit(self.work, job.tasks)] = job
        except RuntimeError as error:  # broken, or shut down
            job.release()
            raise lost(self.workers.name, error) from error
        except BaseException:  # Ctrl-C
            job.release()
            raise

    def collect(self, future: Future[list[bytes]], job: _Job[T]) -> None:
        """Store the results of a job, or record why there are none."""
        with ExitStack() as held:
            held.callback(job.release)
            try:
                results = future.result()
            except CancelledError as error:
                raise lost(self.workers.name, error) from error
            except BrokenExecutor:
                if job.attempts < ATTEMPTS:
                    # It is not known which job's worker died. Each job that was running is repeated
                    # alone, so that no job is given up because of another one.
                    job.attempts += 1
                    self.suspects.append(job)
                    held.pop_all()  # still locked
                    return
                self.fail(job, f"its worker died {ATTEMPTS} times; out of memory?")
            except Exception as error:  # an error of one job must not stop the others
                # Messages of superscope's own errors are complete.
                kind = "" if isinstance(error, SuperscopeError) else f"{type(error).__name__}: "
                self.fail(job, " ".join(f"{kind}{error}".split()))
            else:
                self.keep(job, results)

    def keep(self, job: _Job[T], results: list[bytes]) -> None:
        for task, result in zip(job.tasks, results, strict=True):
            self.folder.write(task.identity, result)
            self.spent += self.costs[task.identity]
        self.done += len(results)
