"""What the commands on a folder of toy runs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superscope.cli.terminal import warn
from superscope.errors import NotFoundError

if TYPE_CHECKING:
    from superscope.toy.results import FolderContent


def warn_of_others(content: FolderContent) -> None:
    """Name the files of a folder that are no finished runs.

    Raises
    ------
    NotFoundError
        There is no finished run at all.
    """
    for message in content.unreadable:
        warn(message)
    for failure in content.failures:
        warn(f"run {failure.config.identity} left out: {failure.reason}")
    if not content.points:
        raise NotFoundError("no finished run there; make some with: superscope toy sweep")
