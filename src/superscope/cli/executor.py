"""Choose the workers for many runs: ``--executor``, ``--workers`` and ``--scheduler``."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from superscope.errors import UsageError

if TYPE_CHECKING:
    from superscope.runs import Workers


def check_workers(executor: str | None, workers: int | None, scheduler: str | None) -> None:
    """Raise for options that do not go together.

    Raises
    ------
    UsageError
        The message names the options.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}")
    if scheduler is not None and executor == "processes":
        raise UsageError("--scheduler needs --executor dask")
    if scheduler is not None and workers is not None:
        raise UsageError("a --scheduler has its own workers; leave out --workers")


def chosen_workers(
    executor: str | None, workers: int | None, scheduler: str | None
) -> AbstractContextManager[Workers | None]:
    """Return the chosen workers; None leaves the choice to the sweep.

    Raises
    ------
    UsageError
        The options do not go together.
    """
    from superscope.runs import dask_cluster, processes

    check_workers(executor, workers, scheduler)
    if executor == "dask" or scheduler is not None:
        return dask_cluster(scheduler, workers)
    return nullcontext() if workers is None else processes(workers)
