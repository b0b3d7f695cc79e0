"""All runs of a folder, measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from superscope.errors import FormatError
from superscope.progress import Progress, silent
from superscope.runs import RunFolder
from superscope.toy.point import ToyPoint
from superscope.toy.run_file import SUFFIX, Failure, from_bytes


@dataclass(frozen=True)
class FolderContent:
    """All runs of a folder, whichever sweep they are of.

    Attributes
    ----------
    points
        Runs, measured.
    failures
        Runs that diverged.
    unreadable
        Files that are no result of this version, with the reason.
    """

    points: tuple[ToyPoint, ...]
    failures: tuple[Failure, ...]
    unreadable: tuple[str, ...]


def read_runs(path: str | Path, *, progress: Progress = silent) -> FolderContent:
    """Read and measure the runs of a folder, one at a time: weights are not kept.

    Parameters
    ----------
    path
        Folder of a sweep.
    progress
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    FolderContent
        Its points, the runs that failed, and the files that could not be read.

    Raises
    ------
    NotFoundError
        There is no such folder.
    """
    folder = RunFolder(Path(path), SUFFIX, create=False)
    files = list(folder.files())
    points: list[ToyPoint] = []
    failures: list[Failure] = []
    unreadable: list[str] = []
    for count, file in enumerate(files):
        progress("reading runs", count, len(files))
        try:
            result = from_bytes(file.read_bytes())
        except (FormatError, OSError) as error:
            unreadable.append(f"{file}: {error}")
            continue
        if result.config.identity != file.stem:
            unreadable.append(f"{file}: holds run {result.config.identity}; left out")
        elif isinstance(result, Failure):
            failures.append(result)
        else:
            points.append(ToyPoint.of(result))
    progress("reading runs", len(files), len(files))
    return FolderContent(tuple(points), tuple(failures), tuple(unreadable))
