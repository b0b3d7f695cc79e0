"""Reading the file that ``superscope fit --out`` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from superscope.errors import FormatError, NotFoundError

if TYPE_CHECKING:
    from superscope.laws import Law


def read_law(path: Path) -> Law:
    """Return the law in a file.

    Raises
    ------
    NotFoundError, FormatError
        No such file, or it holds no law of this version.
    """
    from superscope.laws import Law

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: this is no law: {error}") from None
    except OSError as error:
        raise NotFoundError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        return Law.from_json(text)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from None
