"""Text to read: documents in an order that can be read again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from superscope.arguments import checked
from superscope.errors import FormatError, UsageError
from superscope.text import visible

REPLACEMENT = "\ufffd"

_LOST = re.compile("[\ud800-\udfff]")  # bytes kept by surrogateescape, and JSON's lone surrogates


@dataclass(frozen=True)
class Document:
    """One text.

    Attributes
    ----------
    text
        What it says; what could not be decoded is U+FFFD.
    undecodable
        Number of such characters.
    place
        File, and line or row, where it begins or, if not all could be decoded, where that begins.
    nbytes
        Bytes of the source that have been read with it, to tell how far reading is.
    undivided
        Whether it is a whole file that should have been divided at a separator, and has none.
    """

    text: str
    undecodable: int = 0
    place: str = ""
    nbytes: int = 0
    undivided: bool = False


@dataclass(frozen=True, eq=False)
class Text:
    """Documents that can be read again and again, in the same order; other processes can, too.

    Attributes
    ----------
    name
        What tables call it.
    read
        Begins to read it from the start.
    identity
        Changes when the text does, as far as names, sizes and times tell.
    size
        Bytes of it, or None if not known.
    separator
        What divides its files into documents, if not lines or paragraphs; or None.
    """

    name: str
    read: Callable[[], Iterator[Document]]
    identity: str
    size: int | None = None
    separator: str | None = None

    def __iter__(self) -> Iterator[Document]:
        return self.read()


@checked
def text_of(documents: Iterable[str], name: str = "text") -> Text:
    """Return texts in memory as a :class:`Text`.

    Parameters
    ----------
    documents
        One string a document.
    name
        What tables call it.

    Returns
    -------
    Text
        The same texts, as every function of this room takes them.

    Examples
    --------
    >>> from superscope.frequency import text_of
    >>> text = text_of(["One document.", "Another."], name="mine")
    >>> text.name, len(list(text))
    ('mine', 2)
    """
    kept = tuple(documents)
    if isinstance(documents, str) or not all(isinstance(text, str) for text in kept):
        raise UsageError("documents must be a list of strings, one a document")

    return Text(name, partial(_in_memory, kept), identity_of(kept), sum(map(len, kept)))


def _in_memory(texts: tuple[str, ...]) -> Iterator[Document]:
    for number, text in enumerate(texts):
        yield document_of(text, f"text {number}", len(text))


def identity_of(content: Any) -> str:
    """Return a name that changes with what JSON can say of some content."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def document_of(text: str, place: str, nbytes: int) -> Document:
    """Return a document in which bytes kept by surrogateescape are U+FFFD, and counted."""
    replaced, lost = _LOST.subn(REPLACEMENT, text)
    return Document(replaced, lost, place, nbytes)


def text_field(record: Any, field: str, place: str) -> str | None:
    """Return the text of a record; None if it has none."""
    if not isinstance(record, dict):
        raise FormatError(f'{place} is not a JSON object; expected {{"{field}": "…"}}')
    if field not in record:
        has = visible(", ".join(map(str, record)), quote="", longest=200) or "nothing"
        raise FormatError(f"{place} has no field {field!r}; it has {has}: choose one with field=")
    text = record[field]
    if text is not None and not isinstance(text, str):
        raise FormatError(f"{place}: field {field!r} is not text but {type(text).__name__}")
    return text
