"""Which documents of a text are taken, as tokens, and what was met on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from superscope.frequency.text import Text
from superscope.frequency.tokenizer import Encoded, Tokenizer


@dataclass
class Counts:
    """What was met in the text while it was read.

    Attributes
    ----------
    documents
        Texts read that are not empty.
    empty, short
        Texts left out: without any token, and with none that can be scored.
    cut
        Documents of which the end was left out, being longer than the context.
    undecodable
        Bytes that could not be decoded, read as U+FFFD; and where the first was.
    """

    documents: int = 0
    empty: int = 0
    short: int = 0
    cut: int = 0
    undecodable: int = 0
    first_undecodable: str | None = None
    read: int = field(default=0, repr=False)

    def undecodable_notes(self) -> list[str]:
        """Return what to say of bytes that could not be decoded: nothing, or one line."""
        if not self.undecodable:
            return []
        return [
            f"{self.undecodable:,} undecodable bytes were read as U+FFFD, the first in "
            f"{self.first_undecodable}"
        ]


@dataclass(frozen=True)
class Limits:
    """How much of the text is taken, None for all: tokens, which end within a document; documents.

    Special tokens that the tokenizer adds do not count, nor tokens beyond the context to which
    documents are cut.
    """

    tokens: int | None = None
    documents: int | None = None


def taken(
    text: Text, tokenizer: Tokenizer, limits: Limits, counts: Counts, longest: int | None = None
) -> Iterator[tuple[int, Encoded]]:
    """Yield the documents that have tokens, by number, cut to `longest`, up to the limits."""
    left = limits.tokens
    if left == 0 or limits.documents == 0:
        return
    for document, encoded in tokenizer.encode(text):
        counts.read += document.nbytes
        counts.undecodable += document.undecodable
        if document.undecodable and counts.first_undecodable is None:
            counts.first_undecodable = document.place
        if not len(encoded.ids):
            counts.empty += 1
            continue
        taken = encoded
        if longest is not None:
            counts.cut += len(encoded.ids) > longest
            taken = taken.first(longest)
        if left is not None:
            taken = taken.first(left)
            left -= len(taken.ids)
        number = counts.documents
        counts.documents += 1
        # In a row only the first document has nothing before it.
        alone = not len(tokenizer.prefix) and (longest is not None or number == 0)
        counts.short += alone and len(encoded.ids) == 1
        yield number, taken
        if left == 0 or counts.documents == limits.documents:
            return
