"""What the commands on a folder of toy runs share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from superscope.cli.terminal import progress_bar, warn
from superscope.errors import NotFoundError

if TYPE_CHECKING:
    from superscope.toy import ToyPoint


def finished_runs(folder: Path) -> tuple[ToyPoint, ...]:
    """Read and measure the runs of a folder, and name the files that are no finished runs.

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
    return content.points
