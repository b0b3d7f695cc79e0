"""Parse the JSON files of a checkpoint, within a limit of memory.

Parsed objects can take thirty times the bytes of the text. So the memory is estimated from the
text first.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from superscope.errors import FormatError

MAX_MEMORY = 500_000_000  # bytes; the largest tokenizer.json in use needs nearly as many
_A_VALUE = 80  # bytes that Python needs, roughly, for each bracket, comma and colon


class TooLargeError(FormatError):
    """A JSON file is larger than the limit."""


def parsed(data: bytes, label: str, *, unique: bool = False) -> Any:
    """Parse JSON.

    Parameters
    ----------
    data
        The text.
    label
        Name of the text in messages.
    unique
        Whether to refuse a name that occurs twice in one object.

    Raises
    ------
    FormatError
        It is not JSON.
    TooLargeError
        It could need more memory than :data:`MAX_MEMORY`.
    """
    if _memory(data) > MAX_MEMORY:
        raise TooLargeError(
            f"{label} is too large: its {len(data):,} bytes could need more than "
            f"{MAX_MEMORY:,} bytes of memory"
        )
    try:
        return json.loads(data, object_pairs_hook=_unique if unique else None)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{label} is not valid JSON: {str(error)[:200]}") from None


def _memory(data: bytes) -> int:
    """Return the bytes of memory that the text and its parsed objects could need."""
    # Python stores every character of a string in as many bytes as the widest one needs.
    widest = int(np.frombuffer(data, np.uint8).max(initial=0))
    width = 4 if widest >= 0xF0 else 2 if widest >= 0xC4 else 1
    strings = 4 if b"\\u" in data else width
    values = sum(data.count(mark) for mark in (b"[", b"{", b",", b":"))
    return len(data) * (1 + width + strings) + values * _A_VALUE


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name occurs twice")
    return entries
