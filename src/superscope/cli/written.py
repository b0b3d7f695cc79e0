"""Read the files of other commands: a law, narrower heads, a folder of toy runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from superscope.cli.terminal import progress_bar, warn
from superscope.errors import FormatError, NotFoundError

if TYPE_CHECKING:
    from superscope.laws import Law
    from superscope.repack import Repacking
    from superscope.result import Result
    from superscope.toy import ToyRuns

R = TypeVar("R", bound="Result")


def read_law(path: Path) -> Law:
    """Return the law in a file that ``superscope fit --out`` wrote.

    Raises
    ------
    NotFoundError, FormatError
        The file does not exist, or holds no law of this version.
    """
    from superscope.laws import Law

    return _read(path, Law)


def read_repacking(path: Path) -> Repacking:
    """Return the narrower heads in a file that ``superscope repack --json`` printed.

    Raises
    ------
    NotFoundError, FormatError
        The file does not exist, or holds no narrower heads of this version.
    """
    from superscope.repack import Repacking

    return _read(path, Repacking)


def _read(path: Path, kind: type[R]) -> R:
    from superscope.tables import read_bytes

    try:
        return kind.from_json(read_bytes(path).decode("utf-8", "replace"))
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None


def finished_runs(folder: Path) -> ToyRuns:
    """Read and measure the runs of a folder, and warn about files that are not finished runs.

    Raises
    ------
    NotFoundError
        The folder does not exist or has no finished run.
    """
    from superscope.toy import read_runs

    with progress_bar() as progress:
        content = read_runs(folder, progress=progress)
    for message in content.unreadable:
        warn(message)
    for failure in content.failures:
        warn(f"run {failure.config.identity} was left out: {failure.reason}")
    if not content.points:
        raise NotFoundError(f"{folder} has no finished run; make some with: superscope toy sweep")
    return content
