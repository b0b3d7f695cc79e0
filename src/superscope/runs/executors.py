"""Where runs are done: processes of this machine, or the workers of a dask cluster."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from superscope.cores import usable_cores
from superscope.errors import RemoteError, UsageError, install_hint

T = TypeVar("T")

WAIT = 5.0  # seconds for a scheduler to answer


@dataclass(frozen=True)
class Workers:
    """An executor, and how many runs it can do at once.

    Attributes
    ----------
    executor
        Anything with the interface of ``concurrent.futures.Executor``.
    count
        How many workers there are now; on a cluster they come and go.
    name
        What messages call it.
    """

    executor: Executor
    count: Callable[[], int]
    name: str


def workers_of(executor: Executor) -> Workers:
    """Return a user's executor as workers; one that does not say its size counts as one a core.

    Parameters
    ----------
    executor
        Anything with the interface of ``concurrent.futures.Executor``.

    Returns
    -------
    Workers
        The executor, its size and its name.
    """
    count = getattr(executor, "_max_workers", None) or usable_cores()
    return Workers(executor, lambda: count, type(executor).__name__)


def lost(name: str, error: BaseException) -> RemoteError:
    """Return the error of workers, by their name, that can do no more runs."""
    reason = str(error).strip() or type(error).__name__
    return RemoteError(f"{name} cannot go on ({reason}); finished runs are kept: start it again")


class _Pool(Executor):
    """A process pool that is made anew when one of its processes dies."""

    def __init__(self, workers: int):
        self._workers = workers
        self._pool = self._new()

    def _new(self) -> ProcessPoolExecutor:
        # Spawned, not forked: a fork copies locks of threads that do not exist in it.
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, context, initializer=_begin)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        with _ctrl_c_later():
            try:
                return self._pool.submit(fn, *args, **kwargs)
            except BrokenProcessPool:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = self._new()
                return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def stop(self, others: set[Any]) -> None:
        """Give up all runs, and end the processes that are not among `others`."""
        manager = getattr(self._pool, "_executor_manager_thread", None)
        self._pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()  # what they are at is not wanted any more
        if manager is not None:
            # Python's exit wakes this thread without a lock; if it is just closing its pipe, a
            # traceback is printed. It ends at once now that its processes have ended.
            manager.join(WAIT)


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Hold back Ctrl-C in the block, and for good in the processes that are started in it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which would let it through as it starts
    heard: list[Any] = []
    handler = signal.getsignal(signal.SIGINT)
    # Blocking is what processes inherit. It does not keep Ctrl-C from this thread: any other one
    # that does not block may take the signal, and Python then raises it here.
    held = threading.current_thread() is threading.main_thread() and callable(handler)
    if held:
        signal.signal(signal.SIGINT, lambda *signal_and_frame: heard.append(signal_and_frame))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if held:
            signal.signal(signal.SIGINT, handler)
        if heard and callable(handler):
            handler(*heard[0])


def _begin() -> None:
    """Prepare a worker process: it ends with its parent, which alone hears Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()


@contextmanager
def processes(workers: int | None = None) -> Iterator[Workers]:
    """Do runs in processes of this machine, by default one for each core it may use.

    Parameters
    ----------
    workers
        How many; by default one for each core.

    Yields
    ------
    Workers
        The processes, until the block ends.
    """
    # As the standard library tells that a new process is still importing the main module.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError(
            "a worker process began the runs again: put the call under if __name__ == '__main__':"
        )
    count = workers or usable_cores()
    others = set(multiprocessing.active_children())
    pool = _Pool(count)
    try:
        yield Workers(pool, lambda: count, f"{count} processes")
    except BaseException:
        pool.stop(others)
        raise
    pool.shutdown()


@contextmanager
def dask_cluster(scheduler: str | None = None, workers: int | None = None) -> Iterator[Workers]:
    """Do runs on the workers of a dask scheduler; without one, on a local cluster.

    A worker that is lost has its runs done by others.

    Parameters
    ----------
    scheduler
        Address, such as ``tcp://10.0.0.1:8786``.
    workers
        How many to start, if there is no scheduler yet.

    Yields
    ------
    Workers
        Those of the cluster, until the block ends.

    Raises
    ------
    MissingExtraError
        distributed is not installed.
    RemoteError
        The scheduler does not answer.
    """
    try:
        from distributed import Client
    except ImportError:
        raise install_hint("distributed", "cluster", "a dask cluster") from None

    try:
        if scheduler is None:
            client: Any = Client(
                n_workers=workers or usable_cores(),
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,  # workers complain when they are closed in time
            )
        else:
            client = Client(scheduler, timeout=WAIT)
    except (OSError, ValueError, TimeoutError) as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise RemoteError(
            f"no dask scheduler answers at {scheduler or 'this machine'}: {reason}; "
            "start one with: dask scheduler"
        ) from None
    name = f"dask {scheduler or 'on this machine'}"
    # It warns of results that went with a lost worker, and has them done again.
    log = logging.getLogger("distributed.client")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        # Not pure: a run's result is a file's content, which dask need not remember by its name.
        executor = client.get_executor(pure=False)

        def count() -> int:
            try:
                return max(1, int(sum(client.ncores().values())))
            except OSError as error:  # the scheduler is gone
                raise lost(name, error) from None

        yield Workers(executor, count, name)
    finally:
        log.setLevel(level)
        client.close()
