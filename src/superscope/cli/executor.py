"""Who does many runs: the options ``--executor``, ``--workers`` and ``--scheduler``."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from superscope.errors import UsageError

if TYPE_CHECKING:
    from superscope.runs import Workers


def check_workers(executor: str | None, workers: int | None, scheduler: str | None) -> None:
    """Refuse options that do not go together.

    Raises
    ------
    UsageError
        Naming them.
    """
    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1, not {workers}")
    if scheduler is not None and executor == "processes":
        raise UsageError("--scheduler needs --executor dask")
    if scheduler is not None and workers is not None:
        raise UsageError("the workers of --scheduler are started with it; leave out --workers")


def chosen_workers(
    executor: str | None, workers: int | None, scheduler: str | None
) -> AbstractContextManager[Workers | None]:
    """Return who was asked for; None leaves it to the sweep.

    Raises
    ------
    UsageError
        Options that do not go together.
    """
    from superscope.runs import dask_cluster, processes

    check_workers(executor, workers, scheduler)
    if executor == "dask" or scheduler is not None:
        return dask_cluster(scheduler, workers)
    return nullcontext() if workers is None else processes(workers)
