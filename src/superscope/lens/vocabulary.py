"""Find the vocabulary's entries for what a user types."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches

import numpy as np

from superscope.errors import NotFoundError, UsageError
from superscope.heads import Head
from superscope.text import counted, visible

_ID = re.compile(r"#(\d+)")
_LIKE = 5  # entries of like spelling that a message names
_LETTERS = 0.5  # share of its letters that an entry of like spelling has, at least


def find(head: Head, name: str | int, is_special: Callable[[int], bool]) -> tuple[int, ...]:
    """Return the ids of the entries that a name stands for, the best first.

    Parameters
    ----------
    head
        The head.
    name
        A text, ``#id``, or an id.
    is_special
        Whether an id is a control token: those are no pieces of a word.

    Raises
    ------
    NotFoundError
        The vocabulary has no such entry.
    UsageError
        The head has no such row, or it was left out, or tokens have no text.
    """
    if not isinstance(name, (str, int, np.integer)) or isinstance(name, bool):
        raise UsageError(f"a {noun(head)} is a text, '#1234' or an id, not {name!r:.80}")
    index = id_in(name) if isinstance(name, str) else int(name)
    if index is not None:
        _check_id(head, index)
        return (index,)
    if head.tokens is None:
        why = "no names for its directions"
        if head.provenance.features == "tokens":
            why = "no tokenizer, so its tokens have no text"
        raise UsageError(
            f"{head.provenance.model} has {why}; name a {noun(head)} by its id, such as '#1234'"
        )
    found = entries(head.tokens, str(name))
    kept = tuple(i for i in found if head.position_of(i) is not None)
    if found and not kept:
        _check_id(head, found[0])
    if not kept:
        raise NotFoundError(_unknown(head, head.tokens, str(name), is_special))
    return kept


def shown(head: Head, index: int) -> str:
    """Return an entry as a message names it: its text and its id."""
    text = head.token(index)
    return f"#{index}" if text is None else f"{visible(text)} (#{index})"


def noun(head: Head) -> str:
    """Return what a row of a head is called: a token, or a direction."""
    return "token" if head.provenance.features == "tokens" else "direction"


def of_directions(head: Head) -> Head:
    """Return a dictionary whose rows are called directions, not tokens, if they have no text."""
    if head.tokens is not None:
        return head
    return replace(head, provenance=replace(head.provenance, features="directions"))


def _check_id(head: Head, index: int) -> None:
    stored = head.stored.shape[0]
    if not 0 <= index < stored:
        raise UsageError(
            f"{head.provenance.model} has no row {index:,}: its ids go from 0 to {stored - 1:,}"
        )
    if head.position_of(index) is None:
        raise UsageError(
            f"{shown(head, index)} was left out by rows='{head.provenance.rows}'; choose rows='all'"
        )


def _unknown(
    head: Head, texts: Sequence[str | None], name: str, is_special: Callable[[int], bool]
) -> str:
    """Return the message for a text that is no entry of the vocabulary."""
    said = f"{head.provenance.model} has no {noun(head)} {visible(name)}"
    pieces = () if head.tokenizer is None else head.tokenizer.encode(name)
    if pieces and not any(map(is_special, pieces)):
        listed = ", ".join(shown(head, i) for i in pieces)
        one_each = "name it so" if len(pieces) == 1 else "name them one by one"
        return f"{said}; it reads it as {counted(len(pieces), 'token')}: {listed}; {one_each}"
    near = like(texts, name)
    if not near:
        return f"{said}, and none is spelled like it"
    return f"{said}; spelled like it: {', '.join(shown(head, i) for i in near)}"


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
