"""Find the vocabulary's entries for what a user types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

_ID = re.compile(r"#(\d+)")
_LIKE = 5  # entries of like spelling that a message names
_LETTERS = 0.5  # share of its letters that an entry of like spelling has, at least


def id_in(name: str) -> int | None:
    """Return the id that ``#1234`` names, or None for a text."""
    found = _ID.fullmatch(name.strip())
    return None if found is None else int(found[1])


def entries(texts: Sequence[str | None], name: str) -> tuple[int, ...]:
    """Return the ids of every entry that is this word; what follows a space comes first.

    A name that begins with a space, or is all spaces, is that text alone.
    """
    exact = [i for i, text in enumerate(texts) if text == name]
    word = _word(name)
    if not word or name[0].isspace():
        return tuple(exact)
    same = [i for i, text in enumerate(texts) if text is not None and _word(text) == word]
    return tuple(sorted(same, key=lambda i: (not (texts[i] or "").startswith(" "), i)))


def like(texts: Sequence[str | None], name: str) -> tuple[int, ...]:
    """Return the ids of the entries whose spelling is nearest, nearest first."""
    wanted = _word(name).casefold()
    letters = set(wanted)
    by_word: dict[str, int] = {}
    for index, text in enumerate(texts):
        word = "" if text is None else _word(text).casefold()
        # Comparing spellings is slow, so what cannot be near is left out first.
        if abs(len(word) - len(wanted)) <= 2 + len(wanted) // 4 and (
            len(letters & set(word)) >= _LETTERS * len(letters)
        ):
            by_word.setdefault(word, index)
    return tuple(by_word[word] for word in get_close_matches(wanted, by_word, _LIKE, 0.6))


def _word(text: str) -> str:
    return text.strip().removeprefix("##")
