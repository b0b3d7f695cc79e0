"""All runs of a folder, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superscope.arguments import checked
from superscope.lab.result_file import SUFFIX, read_result
from superscope.lab.run import LabFailure, LabRun
from superscope.lab.table import to_frame
from superscope.progress import ProgressChoice, chosen
from superscope.result import Result
from superscope.runs import RunFolder, read_results

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class LabRuns(Result):
    """All runs of a folder.

    Attributes
    ----------
    runs
        Those that ended, by text, variant, tokens, width, learning rates, decay, batch and seed.
    failures
        Runs that diverged.
    unreadable
        Files that are not results of this version, with the reason.
    """

    runs: tuple[LabRun, ...]
    failures: tuple[LabFailure, ...] = ()
    unreadable: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per run: its observation, then what the lab alone knows of it.

        A run that diverged has no loss, and the step at which it did.
        """
        return to_frame(tuple(sorted((*self.runs, *self.failures), key=_order)))

    def __repr__(self) -> str:
        return (
            f"LabRuns({len(self.runs)} runs, {len(self.failures)} diverged, "
            f"{len(self.unreadable)} unreadable)"
        )


@checked
def read_runs(path: str | Path, *, progress: ProgressChoice = "auto") -> LabRuns:
    """Read the runs of a folder.

    Parameters
    ----------
    path
        Folder of a sweep.
    progress
        ``"auto"`` shows a bar, None nothing; a function is called as
        ``progress("reading runs", done, total)``.

    Returns
    -------
    LabRuns
        The runs, the failed runs, and the unreadable files.

    Raises
    ------
    NotFoundError
        There is no such folder.
    """
    folder = RunFolder(Path(path), SUFFIX, create=False)
    runs: list[LabRun] = []
    failures: list[LabFailure] = []
    unreadable: list[str] = []
    with chosen(progress) as report:
        for found in read_results(folder, read_result, lambda r: r.identity, unreadable, report):
            if isinstance(found, LabFailure):
                failures.append(found)
            else:
                runs.append(found)
    return LabRuns(tuple(sorted(runs, key=_order)), tuple(failures), tuple(unreadable))


def _order(run: LabRun | LabFailure) -> tuple[Any, ...]:
    c = run.config
    return (
        run.corpus.name, c.architecture, c.variant, c.tokens, c.width, c.learning_rate,
        c.head_rate, c.decay, c.batch, c.seed, run.identity,
    )  # fmt: skip
