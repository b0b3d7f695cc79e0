"""All runs of a folder, as a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from superscope.arguments import checked
from superscope.lab.result_file import SUFFIX, read_result
from superscope.lab.run import LabFailure, LabRun
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
        """Return one row per run: its observation, then what the lab alone knows of it."""
        import pandas as pd

        from superscope.observations import to_frame

        runs = self.runs
        table = to_frame(run.observation for run in runs)
        more = pd.DataFrame({
            "variant": [r.config.variant for r in runs],
            "architecture": [r.config.architecture for r in runs],
            "learning_rate": [r.config.learning_rate for r in runs],
            "head_learning_rate": [r.config.head_peak for r in runs],
            "batch": [r.config.batch for r in runs],
            "context": [r.config.context for r in runs],
            "steps": [r.config.steps for r in runs],
            "head_parameters": [r.head_parameters for r in runs],
            "training_loss": [r.training_loss for r in runs],
            "seconds": [r.seconds for r in runs],
            "tokens_per_second": [r.tokens_per_second for r in runs],
        })  # fmt: skip
        return pd.concat([table, more], axis=1)

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


def _order(run: LabRun) -> tuple[Any, ...]:
    c = run.config
    return (
        run.corpus.name, c.architecture, c.variant, c.tokens, c.width, c.learning_rate,
        c.head_peak, c.decay, c.batch, c.seed, run.identity,
    )  # fmt: skip
