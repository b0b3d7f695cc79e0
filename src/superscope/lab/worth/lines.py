"""Long sentences as lines of a terminal."""

from __future__ import annotations

import textwrap

LINE = 100  # letters of a line


def wrapped(text: str, indent: str) -> str:
    """Return a text in lines; those after the first begin two letters further in."""
    return textwrap.fill(
        text, LINE, initial_indent=indent, subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )  # fmt: skip
