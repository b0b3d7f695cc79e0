"""Read the results of a folder of runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from superscope.errors import FormatError
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
