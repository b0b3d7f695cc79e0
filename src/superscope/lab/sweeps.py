"""Resumable sweeps of the lab."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from superscope.arguments import checked
from superscope.atomic import lacking_room
from superscope.device import one_torch_thread
from superscope.errors import UsageError
from superscope.lab.config import LabConfig
from superscope.lab.corpus import Corpus
from superscope.lab.result_file import SUFFIX, read_result, to_bytes
from superscope.lab.run import LabFailure, LabRun, run_identity
from superscope.lab.table import read_table
from superscope.lab.text_check import check_text
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
from superscope.text import counted

CORPORA, MODELS, CHECKPOINTS = "text", "models", "checkpoints"
"""Folders in a folder of runs: ids of texts, trained models, checkpoints within runs."""


@dataclass(frozen=True)
class LabTask:
    """A run to be done.

    Attributes
    ----------
    config
        What to train.
    corpus
        Folder of its text.
    identity
        Name of the run.
    """

    config: LabConfig
    corpus: Path
    identity: str

    def checkpoint(self, folder: Path) -> Path:
        """Return the file of its checkpoints, in a folder of runs."""
        return folder / CHECKPOINTS / f"{self.identity}.pt"


def checkpoints(folder: Path, *, done: bool) -> list[Path]:
    """Return the checkpoints in a folder of runs: of those with a result, or of the others."""
    files = (folder / CHECKPOINTS).glob("[!.]*.pt")
    return [file for file in files if (folder / f"{file.stem}{SUFFIX}").is_file() == done]


def work(tasks: list[LabTask], folder: Path, device: str = "auto") -> list[bytes]:
    """Do some runs and return the contents of their files; this runs in a worker."""
    from superscope.lab.training import train

    made = []
    for task in tasks:
        _forget_done(folder)
        model = folder / MODELS / task.identity
        shutil.rmtree(model, ignore_errors=True)  # of a run whose result was lost: it is done again
        with one_torch_thread() if device in ("auto", "cpu") else nullcontext():
            result = train(
                task.config, Corpus(task.corpus), out=model,
                keep=task.checkpoint(folder), device=device, progress=None,
            )  # fmt: skip
        made.append(to_bytes(result))
    return made


@checked
def sweep(
    corpora: Mapping[LabConfig, Corpus],
    out: str | Path,
    *,
    executor: Executor | Workers | None = None,
    device: str = "auto",
    progress: ProgressChoice = "auto",
) -> SweepOutcome:
    """Train every config that has no result in a folder yet.

    It can be stopped at any point and called again, also from several machines that share the
    folder: each run is done once, and goes on from its last checkpoint. Runs that diverge are
    stored as failed, with their step.

    Parameters
    ----------
    corpora
        What to train, and the text of each.
    out
        Folder of the results, one file a run, and of the trained models. Workers on other machines
        must see it, and the texts, under the same path.
    executor
        Any ``concurrent.futures.Executor`` whose workers can import superscope; by default one
        process for each core (the call then belongs under ``if __name__ == "__main__":``).
    device
        Where models are trained.
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
        A text is shorter than a batch of its run; there is no such device; the folder cannot be
        written, or its disk has no room for the models.
    """
    for config, corpus in corpora.items():
        check_text(config, corpus.info)
    out = Path(out).resolve()
    folder = RunFolder(out, SUFFIX)
    tasks = [
        LabTask(config, corpus.folder.resolve(), run_identity(config, corpus.info))
        for config, corpus in corpora.items()
    ]
    _, before = _results(folder, tasks)
    doing = processes() if executor is None else nullcontext(workers_of(executor))
    with doing as workers:
        workers.check_device(device)
        _check_room(folder, tasks, workers.count())
        outcome = run_all(
            tasks, partial(work, folder=out, device=device), folder, workers,
            cost=partial(_work_left, folder=out), progress=progress,
        )  # fmt: skip
    _forget_done(out)
    results, after = _results(folder, tasks)
    return SweepOutcome(
        outcome.done,
        outcome.found,
        {name: r.reason for name, r in results.items() if isinstance(r, LabFailure)},
        outcome.errors,
        (*before, *after),
    )


def _results(
    folder: RunFolder, tasks: list[LabTask]
) -> tuple[dict[str, LabRun | LabFailure], tuple[str, ...]]:
    """Return the results that are there, and what was moved aside."""
    return results_of(folder, [t.identity for t in tasks], read_result, lambda r: r.identity)


def made_elsewhere(tables: Iterable[Path]) -> frozenset[str]:
    """Return the runs that tables of ``lab table`` have, by their identity.

    Parameters
    ----------
    tables
        Files.

    Returns
    -------
    frozenset of str
        Identities.

    Raises
    ------
    NotFoundError, FormatError
        There is no such table, or it is none of lab runs.
    """
    return frozenset(run for table in tables for run in read_table(table)["run"])


def not_done(corpora: Mapping[LabConfig, Corpus], done: frozenset[str]) -> dict[LabConfig, Corpus]:
    """Leave out runs that were made elsewhere.

    Parameters
    ----------
    corpora
        Configs, and the text of each.
    done
        Identities of runs.

    Returns
    -------
    dict
        The configs whose runs are not among them.
    """
    return {
        config: corpus
        for config, corpus in corpora.items()
        if run_identity(config, corpus.info) not in done
    }


def to_do(corpora: Mapping[LabConfig, Corpus], out: Path) -> list[LabConfig]:
    """Return the configs whose runs have no result in a folder, which need not be there."""
    return [
        config
        for config, corpus in corpora.items()
        if not (out / f"{run_identity(config, corpus.info)}{SUFFIX}").is_file()
    ]


def _forget_done(folder: Path) -> None:
    """Delete the checkpoints of runs with a result: until it is here, it may be lost on its way."""
    for file in checkpoints(folder, done=True):
        file.unlink(missing_ok=True)


def _work_left(task: LabTask, folder: Path) -> float:
    """Return about how long a run takes beside others; of one that was begun, half is left."""
    return task.config.about_work * (0.5 if task.checkpoint(folder).is_file() else 1.0)


def _check_room(folder: RunFolder, tasks: list[LabTask], workers: int) -> None:
    """Refuse to begin where all models, and what the workers keep meanwhile, do not fit."""
    left = sorted(4 * t.config.about_weights for t in tasks if not folder.has(t.identity))
    # Weights and two moments, written beside the checkpoint before.
    kept = [2 * 3 * nbytes for nbytes in left[-workers:]]
    free = lacking_room(folder.path, sum(left) + sum(kept))
    if free is not None:
        raise UsageError(
            f"{folder.path}: {counted(len(left), 'model')} take about {sum(left) / 1e9:.3g} GB "
            f"and the checkpoints of {counted(len(kept), 'worker')} {sum(kept) / 1e9:.3g} GB, but "
            f"{free / 1e9:.3g} GB are free; free some, or name another folder"
        )
