"""Reading what other commands wrote: a law's file, a folder of toy runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from superscope.cli.terminal import progress_bar, warn
from superscope.errors import FormatError, NotFoundError

if TYPE_CHECKING:
    from superscope.laws import Law
    from superscope.toy import ToyRuns


def read_law(path: Path) -> Law:
    """Return the law in a file that ``superscope fit --out`` wrote.

    Raises
    ------
    NotFoundError, FormatError
        No such file, or it holds no law of this version.
    """
    from superscope.laws import Law
    from superscope.tables import read_bytes

    try:
        return Law.from_json(read_bytes(path).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: this is not a law: {error}") from None
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None


def finished_runs(folder: Path) -> ToyRuns:
    """Read and measure the runs of a folder, and name the files that are not finished runs.

    Raises
    ------
    NotFoundError
        There is no such folder, or no finished run at all.
    """
    from superscope.toy import read_runs

    with progress_bar() as progress:
        content = read_runs(folder, progress=progress)
    for message in content.unreadable:
        warn(message)
    for failure in content.failures:
        warn(f"run {failure.config.identity} left out: {failure.reason}")
    if not content.points:
        raise NotFoundError("no finished run there; make some with: superscope toy sweep")
    return content
