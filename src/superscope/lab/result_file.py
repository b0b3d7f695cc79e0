"""The file of a run: a result, or a failure, as one line of JSON."""

from __future__ import annotations

import json
from pathlib import Path

from superscope.errors import FormatError
from superscope.lab.run import LabFailure, LabRun
from superscope.runs import check_regular

SUFFIX = ".json"


def to_bytes(result: LabRun | LabFailure) -> bytes:
    """Return a result as a file's content."""
    return (result.to_json() + "\n").encode()


def read_result(path: Path) -> LabRun | LabFailure:
    """Return the result in a file.

    Raises
    ------
    FormatError
        The file is damaged, or of another version.
    OSError
        The file cannot be read.
    """
    check_regular(path)
    written = path.read_text("utf-8", "replace")
    try:
        kind = LabFailure if "reason" in json.loads(written) else LabRun
    except (ValueError, TypeError):
        raise FormatError("damaged: it is not JSON") from None
    return kind.from_json(written)
