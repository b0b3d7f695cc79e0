"""Run tasks in processes on this machine, or on the workers of a dask cluster."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from typing import Any, TypeVar

from superscope.device import resolved, usable_cores
from superscope.errors import RemoteError, UsageError, install_hint
from superscope.stopping import term_as_ctrl_c

T = TypeVar("T")

WAIT = 5.0  # seconds to wait for a scheduler's answer
GRACE = 30.0  # seconds that a worker has to keep what it did, before it is killed


@dataclass(frozen=True)
class Workers:
    """An executor, and how many tasks it can run at once.

    Attributes
    ----------
    executor
        Anything with the interface of ``concurrent.futures.Executor``.
    count
        How many workers there are now; on a cluster they come and go.
    name
        What messages call it.
    ahead
        Tasks to submit for each worker: more than one, so that no worker is idle.
    here
        Whether it is known that they are on this machine.
    """

    executor: Executor
    count: Callable[[], int]
    name: str
    ahead: int = 2
    here: bool = False

    def check_device(self, device: str) -> None:
        """Refuse a device that workers on this machine do not have.

        Raises
        ------
        UsageError
            There is no such device. That of workers elsewhere is not known before they begin.
        """
        if self.here:
            resolved(device)


def workers_of(executor: Executor | Workers) -> Workers:
    """Wrap a user's executor; if it does not tell its size, one worker per core is assumed.

    Parameters
    ----------
    executor
        Anything with the interface of ``concurrent.futures.Executor``; or workers, returned as
        they are.

    Returns
    -------
    Workers
        The executor, its size and its name.
    """
    if isinstance(executor, Workers):
        return executor
    count = getattr(executor, "_max_workers", None) or usable_cores()
    here = isinstance(executor, (ProcessPoolExecutor, ThreadPoolExecutor))
    return Workers(executor, lambda: count, type(executor).__name__, here=here)


def lost(name: str, error: BaseException) -> RemoteError:
    """Return the error for workers that have stopped working."""
    reason = str(error).strip() or type(error).__name__
    return RemoteError(
        f"{name} stopped working ({reason}); finished runs are kept, so run the same command again"
    )


class _Here(Executor):
    """An executor that does each task when it is submitted."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def this_process() -> Workers:
    """Do tasks in this process, one after the other.

    Returns
    -------
    Workers
        One, which starts at once; Ctrl-C ends the task that it does.
    """
    return Workers(_Here(), lambda: 1, "this process", ahead=1, here=True)


class _Pool(Executor):
    """A process pool that is recreated when one of its processes dies."""

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
        """Cancel all tasks, and end the processes that are not among `others`."""
        manager = getattr(self._pool, "_executor_manager_thread", None)
        self._pool.shutdown(wait=False, cancel_futures=True)
        _end(set(multiprocessing.active_children()) - others)
        if manager is not None:
            # Python's exit wakes the pool's thread without a lock, which prints a traceback if the
            # thread is closing its pipe. Its processes have ended, so the thread ends at once.
            manager.join(WAIT)


def _end(children: set[Any]) -> None:
    """End processes, whose results are no longer needed; some first keep how far they are."""
    for child in children:
        child.terminate()
    latest = time.monotonic() + GRACE
    running = {child.sentinel for child in children}
    try:
        while running and (left := latest - time.monotonic()) > 0:
            running -= set(connection.wait(list(running), left))
    finally:  # a second Ctrl-C does not wait
        for child in children:
            if child.sentinel in running:
                child.kill()


@contextmanager
def _ctrl_c_later() -> Iterator[None]:
    """Block Ctrl-C within this context, and for good in the processes that it starts.

    SIGTERM, which ends those, is only kept for later here.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # at its start it would unblock Ctrl-C
    heard: list[Any] = []
    # Processes inherit the blocking. It does not keep Ctrl-C from this thread: another thread that
    # does not block it may receive the signal, and Python then raises KeyboardInterrupt here.
    main = threading.current_thread() is threading.main_thread()
    found = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handlers = {number: handler for number, handler in found.items() if main and callable(handler)}
    for number in handlers:
        signal.signal(number, lambda *signal_and_frame: heard.append(signal_and_frame))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if heard:
            handlers[heard[0][0]](*heard[0])


def _begin() -> None:
    """Prepare a worker process: it ends with its parent, and only the parent handles Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()


@contextmanager
def processes(workers: int | None = None) -> Iterator[Workers]:
    """Run tasks in processes of this machine, by default one for each usable core.

    SIGTERM stops this process as Ctrl-C does, and with it the workers.

    Parameters
    ----------
    workers
        How many; by default one for each core.

    Yields
    ------
    Workers
        The processes, until the block ends.
    """
    # The standard library detects in the same way that a process is still importing main.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise UsageError(
            "a worker process began the tasks again: put the call under if __name__ == '__main__':"
        )
    count = workers or usable_cores()
    others = set(multiprocessing.active_children())
    pool = _Pool(count)
    with term_as_ctrl_c():
        try:
            yield Workers(pool, lambda: count, f"{count} processes", here=True)
        except BaseException:
            pool.stop(others)
            raise
        pool.shutdown()


@contextmanager
def dask_cluster(scheduler: str | None = None, workers: int | None = None) -> Iterator[Workers]:
    """Run tasks on the workers of a dask scheduler; without a scheduler, on a local cluster.

    If a worker is lost, other workers repeat its tasks.

    Parameters
    ----------
    scheduler
        Address, such as ``tcp://10.0.0.1:8786``.
    workers
        How many workers to start if no scheduler is given.

    Yields
    ------
    Workers
        The workers of the cluster, until the block ends.

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
                silence_logs=logging.CRITICAL,  # hides warnings about a normal shutdown
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
    # dask warns about results lost with a worker, and recomputes them.
    log = logging.getLogger("distributed.client")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        # Not pure: results are large file contents, which dask should not keep under a key.
        executor = client.get_executor(pure=False)

        def count() -> int:
            try:
                return max(1, int(sum(client.ncores().values())))
            except OSError as error:  # the scheduler is gone
                raise lost(name, error) from None

        yield Workers(executor, count, name, here=scheduler is None)
    finally:
        log.setLevel(level)
        client.close()
