"""Many runs in one command: their workers, by ``--executor`` and others, and their outcome."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.device import resolved
from superscope.errors import UsageError
from superscope.text import counted

if TYPE_CHECKING:
    from superscope.runs import SweepOutcome, Workers


def check_workers(
    executor: str | None, workers: int | None, scheduler: str | None, device: str = "cpu"
) -> None:
    """Raise for options that do not go together, or a device that this machine does not have.

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
    if scheduler is None:  # whose workers may have devices that this machine does not have
        resolved(device)


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


def tell(outcome: SweepOutcome, out: Path) -> None:
    """Print what became of a sweep, and warn of what went wrong in it.

    Raises
    ------
    UsageError
        Some runs could not be done, or all diverged.
    """
    from superscope.cli.terminal import warn

    for message in outcome.set_aside:
        warn(message)
    for identity, reason in outcome.failed.items():
        warn(f"run {identity}: {reason}")
    print(f"{counted(outcome.done + outcome.found, 'run')} in {out}: {outcome.done:,} done now, "
          f"{outcome.found:,} found there, {len(outcome.failed):,} diverged")  # fmt: skip
    if outcome.errors:
        for identity, reason in outcome.errors.items():
            warn(f"run {identity} not done: {reason}")
        raise UsageError(
            f"{counted(len(outcome.errors), 'run')} could not be done; mend what is said above, "
            "and run the same command again"
        )
    if outcome.failed and len(outcome.failed) == outcome.done + outcome.found:
        raise UsageError(
            f"no run of {len(outcome.failed):,} has a loss: all diverged; lower learning_rate, and "
            "run the command again"
        )
