"""The options of every command that name a file to write: a table, a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from superscope.atomic import check_writable
from superscope.tables import WRITTEN, check_suffix


def check_table(table: Path | None, suffixes: Sequence[str] = WRITTEN) -> None:
    """Refuse a file that cannot be written, before the work starts, if one was named.

    Raises
    ------
    UsageError
        Its name ends in another suffix, or it cannot be written.
    """
    if table is not None:
        check_suffix(table, suffixes)
        check_writable(table)


def check_page(page: Path | None) -> None:
    """Refuse a page that cannot be written, before the work starts, if one was named.

    Raises
    ------
    UsageError
        Its name does not end in .html, or it cannot be written.
    """
    if page is not None:
        check_writable(page)
        if page.is_file() or not page.exists():  # a device takes what it is given
            check_suffix(page, (".html", ".htm"))
