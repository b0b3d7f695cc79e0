"""All runs of a folder, measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.arguments import checked
from superscope.plotting import Pictured
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.result import Result
from superscope.runs import RunFolder, read_results
from superscope.toy.point import ToyPoint, losses_table
from superscope.toy.run_file import SUFFIX, Failure, read_run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class ToyRuns(Result, Pictured):
    """All runs of a folder, from any sweep.

    Attributes
    ----------
    points
        The measured runs.
    failures
        Runs that diverged.
    unreadable
        Files that are not results of this version, with the reason.
    """

    points: tuple[ToyPoint, ...]
    failures: tuple[Failure, ...]
    unreadable: tuple[str, ...]

    @property
    def kernels(self) -> tuple[str, ...]:
        """The distinct machine codes of the runs; equal code gives equal bits."""
        return tuple(sorted({point.kernel for point in self.points}))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per run: its observation, its loss by cause, and its kernel."""
        from superscope.observations import to_frame

        table = to_frame(point.observation for point in self.points)
        causes = losses_table(self.points)
        if len(causes):
            for name in causes.columns.drop("run"):
                table[name] = causes[name].to_numpy()
        table["kernel"] = [point.kernel for point in self.points]
        return table

    def __repr__(self) -> str:
        return (
            f"ToyRuns({len(self.points)} runs, {len(self.failures)} diverged, "
            f"{len(self.unreadable)} unreadable)"
        )


@checked
def read_runs(path: str | Path, *, progress: ProgressChoice = "auto") -> ToyRuns:
    """Read and measure the runs of a folder, one at a time, so that memory stays small.

    Parameters
    ----------
    path
        Folder of a sweep.
    progress
        ``"auto"`` shows a bar, None nothing; a function is called as
        ``progress("reading runs", done, total)``.

    Returns
    -------
    ToyRuns
        The measured runs, the failed runs, and the unreadable files.

    Raises
    ------
    NotFoundError
        There is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from superscope.toy import product, read_runs, sweep
    >>> configs = product({"n": 20, "width": [2, 3], "batch": 32, "steps": 20})
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1) as threads:
    ...     outcome = sweep(configs, folder, executor=threads)
    ...     read_runs(folder)
    ToyRuns(2 runs, 0 diverged, 0 unreadable)
    """
    with chosen(progress) as report:
        return _read(Path(path), report)


def _read(path: Path, progress: Progress) -> ToyRuns:
    folder = RunFolder(path, SUFFIX, create=False)
    points: list[ToyPoint] = []
    failures: list[Failure] = []
    unreadable: list[str] = []
    for result in read_results(folder, read_run, lambda r: r.config.identity, unreadable, progress):
        if isinstance(result, Failure):
            failures.append(result)
        else:
            points.append(ToyPoint.of(result))
    return ToyRuns(tuple(points), tuple(failures), tuple(unreadable))
