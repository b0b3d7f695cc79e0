"""JSON of a checkpoint, read only where it fits into memory.

Python's objects take up to thirty times the bytes that describe them, so the memory is estimated
from the text before anything is made of it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from superscope.errors import FormatError

MAX_MEMORY = 500_000_000  # bytes; the largest tokenizer.json in use takes nearly as many
_A_VALUE = 80  # bytes that Python takes, about, for each bracket, comma and colon


class TooLargeError(FormatError):
    """A description is larger than any that is read."""


def parsed(data: bytes, label: str, *, unique: bool = False) -> Any:
    """Return what JSON describes.

    Parameters
    ----------
    data
        The text.
    label
        What messages call it.
    unique
        Refuse a name that occurs twice in one object.

    Raises
    ------
    FormatError
        No JSON.
    TooLargeError
        It could take more than :data:`MAX_MEMORY`.
    """
    if _memory(data) > MAX_MEMORY:
        raise TooLargeError(
            f"{label} is too large to be read: its {len(data):,} bytes could take more than "
            f"{MAX_MEMORY:,} in memory"
        )
    try:
        return json.loads(data, object_pairs_hook=_unique if unique else None)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{label} is not valid JSON: {str(error)[:200]}") from None


def _memory(data: bytes) -> int:
    """Return how many bytes the text and the objects made of it could take."""
    # Python stores all characters of a string in as many bytes as its widest needs.
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
