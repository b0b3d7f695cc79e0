"""Read the results of a folder of runs: all of them, or those of some runs."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from superscope.errors import FormatError, UsageError
from superscope.progress import Progress
from superscope.runs.folder import RunFolder

T = TypeVar("T")


def read_results(
    folder: RunFolder,
    read: Callable[[Path], T],
    identity: Callable[[T], str],
    unreadable: list[str],
    progress: Progress,
) -> Iterator[T]:
    """Yield the results of a folder, one at a time.

    Parameters
    ----------
    folder
        The folder.
    read
        Reads a file; it raises FormatError for one that is no result.
    identity
        Of a result; a file of another name is left out.
    unreadable
        Takes what is said of files that are left out.
    progress
        Called with the stage ``reading runs``.

    Yields
    ------
    T
        A result whose file has the name of its run.
    """
    files = list(folder.files())
    for count, file in enumerate(files):
        progress("reading runs", count, len(files))
        try:
            found = read(file)
        except (FormatError, OSError) as error:
            unreadable.append(f"{file}: {error}")
            continue
        if identity(found) != file.stem:
            unreadable.append(f"{file}: holds run {identity(found)}, so it is left out")
        else:
            yield found
    progress("reading runs", len(files), len(files))


def results_of(
    folder: RunFolder,
    runs: Iterable[str],
    read: Callable[[Path], T],
    identity: Callable[[T], str],
    *,
    only: bool = False,
) -> tuple[dict[str, T], tuple[str, ...]]:
    """Return the results of some runs, and move aside what cannot be read.

    Parameters
    ----------
    folder
        The folder.
    runs
        Identities of the runs; those without a file are left out.
    read
        Reads a file; it raises FormatError for one that is no result.
    identity
        Of a result, which must be that of its run.
    only
        Whether to move nothing.

    Returns
    -------
    tuple
        The results by identity; and of each file that cannot be read, why, and where it now is. The
        run of such a file has to be done again.

    Raises
    ------
    UsageError
        A file cannot be opened.
    """
    found: dict[str, T] = {}
    aside: list[str] = []
    for run in runs:
        file = folder.file(run)
        try:
            result = read(file)
            if identity(result) != run:
                raise FormatError(f"holds run {identity(result)}")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(f"cannot read {file}: {error.strerror or error}") from error
        except FormatError as error:
            moved = "to be done again" if only else f"moved to {folder.set_aside(file)}"
            aside.append(f"{file}: {error}; {moved}")
            continue
        found[run] = result
    return found, tuple(aside)


def check_regular(path: Path) -> None:
    """Refuse what would be read for ever, as pipes and devices are.

    Parameters
    ----------
    path
        What is to be read.

    Raises
    ------
    FormatError
        It is no file.
    FileNotFoundError
        There is none.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise FormatError("it is a folder, a pipe or a device, not a file")
