"""Which documents of a text are taken, as tokens, and what was met on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from superscope.frequency.text import Text
from superscope.frequency.tokenizer import Encoded, Tokenizer
from superscope.text import counted, visible


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
    undivided
        Files that should have been divided at a separator, and have none.
    tokens, unread
        Tokens taken, and those that were left out beyond the context.
    special
        How often the text spells each special token.
    """

    documents: int = 0
    empty: int = 0
    short: int = 0
    cut: int = 0
    undecodable: int = 0
    first_undecodable: str | None = None
    undivided: int = 0
    tokens: int = 0
    unread: int = 0
    special: Counter[str] = field(default_factory=Counter)
    read: int = field(default=0, repr=False)

    def undecodable_notes(self) -> list[str]:
        """Return what to say of bytes that could not be decoded: nothing, or one line."""
        if not self.undecodable:
            return []
        return [
            f"{self.undecodable:,} undecodable bytes were read as U+FFFD, the first in "
            f"{self.first_undecodable}"
        ]

    def separator_notes(self, text: Text) -> list[str]:
        """Return what to say of files without the separator: nothing, or one line."""
        if not self.undivided or text.separator is None:
            return []
        files = counted(self.undivided, "file is one document", "files are one document each")
        return [f"{files}, because {visible(text.separator)} does not occur there"]

    def special_notes(self, special: str) -> list[str]:
        """Return what to say of special tokens that the text spells: nothing, or one line."""
        if not self.special:
            return []
        found = ", ".join(f"{visible(t)} {n:,} ×" for t, n in self.special.most_common(3))
        more = f" and {len(self.special) - 3:,} others" if len(self.special) > 3 else ""
        if special == "text":
            return [f"the text spells special tokens ({found}{more}), which are read as text"]
        return [
            f"the text spells special tokens ({found}{more}), which are read as tokens; "
            "special='text' reads them as text, and split='SEPARATOR' divides a file at one"
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
        counts.undivided += document.undivided
        if not len(encoded.ids):
            counts.empty += 1
            continue
        taken = encoded
        if longest is not None:
            counts.cut += len(encoded.ids) > longest
            counts.unread += max(0, len(encoded.ids) - longest)
            taken = taken.first(longest)
        if left is not None:
            taken = taken.first(left)
            left -= len(taken.ids)
        counts.tokens += len(taken.ids)
        read = document.text if taken is encoded else taken.read_text
        counts.special.update(tokenizer.special_in(read))
        number = counts.documents
        counts.documents += 1
        # In a row only the first document has nothing before it.
        alone = not len(tokenizer.prefix) and (longest is not None or number == 0)
        counts.short += alone and len(encoded.ids) == 1
        yield number, taken
        if left == 0 or counts.documents == limits.documents:
            return
