"""``superscope toy sweep``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from superscope.cli.executor import check_workers, chosen_workers, tell

if TYPE_CHECKING:
    from superscope.toy.sweeps import SweepState


def toy_sweep(
    sweep: Annotated[Path, Parameter(name="SWEEP")],
    *,
    out: Path,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    executor: Literal["processes", "dask"] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    device: str = "auto",
) -> None:
    """Train the product of lists over any option of toy train; stop and start it at will.

    Parameters
    ----------
    sweep
        TOML file: option = value, or option = [values], such as width = [10, 39, 100].
    out
        Folder of the runs, one file each. Runs that are already there are not repeated.
    dry_run
        Only show how many runs there are, how many are done, and how long the rest will take.
    executor
        Processes on this machine (default), or workers of a dask cluster.
    workers
        Number of workers to start; default: one for each core.
    scheduler
        Address of a running dask scheduler, tcp://HOST:PORT.
    device
        Device for the engine torch; a GPU trains many models at once.
    """
    check_workers(executor, workers, scheduler, device)

    from superscope.cli.terminal import progress_bar, stopped, warn
    from superscope.toy.sweep_file import read_sweep
    from superscope.toy.sweeps import look
    from superscope.toy.sweeps import sweep as run_sweep

    configs = read_sweep(sweep)
    if dry_run:
        state = look(out, configs, only=True)
        for message in state.set_aside:
            warn(message)
        _print_plan(state, workers, scheduler, device)
        return
    try:
        with (
            chosen_workers(executor, workers, scheduler) as doing,
            progress_bar(lines=True) as progress,
        ):
            outcome = run_sweep(configs, out, executor=doing, device=device, progress=progress)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(stopped("run", out)) from None
    tell(outcome, out)


def _print_plan(state: SweepState, workers: int | None, scheduler: str | None, device: str) -> None:
    from superscope.cli.terminal import progress_bar
    from superscope.device import usable_cores
    from superscope.text import duration
    from superscope.toy.timing import time_left

    left = state.to_do
    print(f"{len(state.configs):,} runs: {len(state.done):,} done, {len(state.failed):,} "
          f"diverged, {len(left):,} to do")  # fmt: skip
    if not left:
        return
    with progress_bar() as progress:
        needed = time_left(state, device=device, progress=progress)
    low, high = (1e3 * seconds for seconds in needed.step_seconds)
    # More workers than cores are not faster. A cluster's speed is unknown, so one core is shown.
    count = 1 if scheduler else min(workers or usable_cores(), usable_cores(), len(left))
    print(f"about {duration(needed.seconds / count)} on {count} core{'s' * (count > 1)} of this "
          f"machine ({low:.3g} to {high:.3g} ms a step; from {needed.source})")  # fmt: skip
