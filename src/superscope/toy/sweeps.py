"""Resumable sweeps of toy models."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from superscope.arguments import checked
from superscope.device import one_torch_thread, resolved
from superscope.errors import DivergedError, UsageError
from superscope.progress import ProgressChoice
from superscope.runs import (
    RunFolder,
    SweepOutcome,
    Workers,
    processes,
    results_of,
    run_all,
    workers_of,
)
from superscope.toy.config import ToyConfig
from superscope.toy.engine import check_device
from superscope.toy.run_file import SUFFIX, Failure, read_header, to_bytes
from superscope.toy.training import train_many

_MEMORY = 2 << 30  # bytes of the models that a GPU trains together


@dataclass(frozen=True)
class SweepState:
    """The state of a sweep in a folder.

    Attributes
    ----------
    configs
        The distinct configs of the sweep.
    done
        Seconds per step of each finished run, by identity.
    failed
        Reason for each diverged run, by identity.
    set_aside
        Unreadable files, with the reason and their new path; their runs must be repeated.
    """

    configs: tuple[ToyConfig, ...]
    done: dict[str, float]
    failed: dict[str, str]
    set_aside: tuple[str, ...]

    @property
    def to_do(self) -> tuple[ToyConfig, ...]:
        """Configs without a result."""
        there = self.done.keys() | self.failed.keys()
        return tuple(config for config in self.configs if config.identity not in there)


def look(path: str | Path, configs: Sequence[ToyConfig], *, only: bool = False) -> SweepState:
    """Check which runs of a sweep are done, and move unreadable files aside unless `only`.

    No weights are read: only the config, the time and the array shapes of each file.

    Raises
    ------
    UsageError
        An unreadable file cannot be moved.
    """
    path = Path(path)
    unique = {config.identity: config for config in configs}
    done: dict[str, float] = {}
    failed: dict[str, str] = {}
    try:
        if not path.exists():
            return SweepState(tuple(unique.values()), done, failed, ())
    except OSError as error:
        raise UsageError(f"cannot look into {path}: {error.strerror or error}") from error
    folder = RunFolder(path, SUFFIX, create=not only)
    results, aside = results_of(
        folder, unique, read_header, lambda result: result.config.identity, only=only
    )
    for identity, result in results.items():
        if isinstance(result, Failure):
            failed[identity] = result.reason
        else:
            done[identity] = result.seconds / result.config.steps
    return SweepState(tuple(unique.values()), done, failed, aside)


def work(configs: list[ToyConfig], device: str = "auto") -> list[bytes]:
    """Train some configs and return the contents of their files; this runs in a worker."""
    alone = nullcontext() if configs[0].engine == "numba" else one_torch_thread()
    with alone:
        results = train_many(configs, device=device, progress=None)
    return [
        to_bytes(Failure(config, str(r)) if isinstance(r, DivergedError) else r)
        for config, r in zip(configs, results, strict=True)
    ]


@checked
def sweep(
    configs: Sequence[ToyConfig],
    out: str | Path,
    *,
    executor: Executor | Workers | None = None,
    device: str = "auto",
    progress: ProgressChoice = "auto",
) -> SweepOutcome:
    """Train every config that has no result in a folder yet.

    It can be stopped at any point and called again, also from several machines that share the
    folder: each run is done once. Runs that diverge are stored as failed, with the reason.

    Parameters
    ----------
    configs
        What to train.
    out
        Folder of the results, one file per run.
    executor
        Any ``concurrent.futures.Executor`` whose workers can import superscope; by default one
        process for each core (the call then belongs under ``if __name__ == "__main__":``), or
        one for a GPU. ``superscope.runs.Workers`` tells how many workers a cluster has.
    device
        Where the ``torch`` engine trains; a GPU trains many models at once.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("runs", done, total)``.

    Returns
    -------
    SweepOutcome
        How many runs were done, and what went wrong.

    Raises
    ------
    UsageError
        The folder cannot be written, or an engine cannot train on that device.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from superscope.toy import product, sweep
    >>> configs = product({"n": 20, "width": [2, 3], "batch": 32, "steps": 20})
    >>> with ThreadPoolExecutor(1) as threads:
    ...     sweep(configs, "RUNS", executor=threads).done
    2
    """
    for config in configs:
        check_device(config, device)
    before = look(out, configs)
    with _workers(executor, on_gpu=any(_on_gpu(config, device) for config in configs)) as workers:
        workers.check_device(device)
        outcome = run_all(
            before.configs,
            partial(work, device=device),
            RunFolder(Path(out), SUFFIX),
            workers,
            together=partial(_together, device=device),
            progress=progress,
        )
    after = look(out, before.to_do)  # the others are already known
    return SweepOutcome(
        outcome.done,
        outcome.found,
        before.failed | after.failed,
        outcome.errors,
        before.set_aside + after.set_aside,
    )


@contextmanager
def _workers(executor: Executor | Workers | None, on_gpu: bool) -> Iterator[Workers]:
    if executor is None:
        with processes(1 if on_gpu else None) as workers:
            yield workers
    else:
        yield workers_of(executor)


def _on_gpu(config: ToyConfig, device: str) -> bool:
    if config.engine != "torch" or device == "cpu":
        return False
    # A named device may exist only on a remote worker.
    return device != "auto" or resolved(device) != "cpu"


def _together(config: ToyConfig, device: str) -> tuple[Hashable, int]:
    """Return what configs must share to be trained together, and the largest number of them."""
    if not _on_gpu(config, device):
        return config.identity, 1
    # Counts samples, pre-activations, errors and their gradients; W, its gradient and moments.
    each = 6 * 4 * config.n * (config.batch + config.width)
    return (config.n, config.batch, config.steps), max(1, _MEMORY // each)
