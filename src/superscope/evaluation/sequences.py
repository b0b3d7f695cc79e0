"""Documents as the sequences that a model reads, with what is scored of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError
from superscope.frequency.reading import Counts, Limits, taken
from superscope.frequency.text import Text
from superscope.frequency.tokenizer import Encoded, Ids, Tokenizer

Int64 = npt.NDArray[np.int64]

CONTEXT_ONLY = -1  # the document of a token that is not scored


@dataclass(frozen=True, eq=False)
class Sequence:
    """Tokens for the model to read at once.

    Attributes
    ----------
    ids
        int32, shape (L,).
    documents
        The document each token is scored for, -1 where it is context only; int32, shape (L,).
        The first token is never scored: nothing comes before it.
    lengths
        Bytes of the text that each token stands for, int64, shape (L,).
    read
        Bytes of the source that were read up to here.
    words
        Words of the text that end in each token, int64, shape (L,); None if not counted.
    """

    ids: Ids
    documents: npt.NDArray[np.int32]
    lengths: Int64
    read: int
    words: Int64 | None = None

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        """Which tokens are scored, shape (L,)."""
        return self.documents >= 0

    def __len__(self) -> int:
        return len(self.ids)


def documents(
    text: Text, tokenizer: Tokenizer, context: int, limits: Limits, counts: Counts
) -> Iterator[Sequence]:
    """Yield each document, cut to the context: the way of LLG25."""
    prefix = tokenizer.prefix
    room = context - len(prefix)
    for number, encoded in taken(text, tokenizer, limits, counts, room):
        ids = np.concatenate([prefix, encoded.ids])
        scored = np.full(len(ids), CONTEXT_ONLY, np.int32)
        scored[max(1, len(prefix)) :] = number
        if not (scored >= 0).any():
            continue
        none = np.zeros(len(prefix), np.int64)
        lengths, words = (np.concatenate([none, n]) for n in (encoded.lengths, encoded.words))
        yield Sequence(ids, scored, lengths, counts.read, words)


def windows(  # noqa: PLR0917 - those of documents, and a stride
    text: Text,
    tokenizer: Tokenizer,
    context: int,
    stride: int,
    limits: Limits,
    counts: Counts,
) -> Iterator[Sequence]:
    """Yield windows over all documents in a row; each token is scored once, with context.

    A window begins `stride` tokens after the one before, and what that one scored is context.
    Documents are joined by the end-of-text token, which is context too. What the tokenizer puts
    before a text stands before each window.
    """
    prefix = tokenizer.prefix
    room = context - len(prefix)
    if stride >= room:
        raise UsageError(f"a stride of {stride:,} leaves no context in windows of {room:,} tokens")
    nothing = np.zeros(0, np.int64)
    row = _Row(np.zeros(0, np.int32), np.zeros(0, np.int32), nothing, nothing)
    done = 0  # tokens of the row that were scored, or had their chance

    def window(length: int) -> Sequence:
        nonlocal done
        ids = np.concatenate([prefix, row.ids[:length]])
        scored = np.concatenate(
            [np.full(len(prefix), CONTEXT_ONLY, np.int32), row.documents[:length]]
        )
        scored[: len(prefix) + done] = CONTEXT_ONLY
        if not len(prefix):
            scored[:1] = CONTEXT_ONLY
        done = length
        none = np.zeros(len(prefix), np.int64)
        lengths, words = (np.concatenate([none, n[:length]]) for n in (row.lengths, row.words))
        return Sequence(ids, scored, lengths, counts.read, words)

    for number, encoded in taken(text, tokenizer, limits, counts):
        row = row.with_document(number, encoded, tokenizer.end)
        while len(row.ids) > room:
            full = window(room)
            if (full.documents >= 0).any():  # else all that is new in it joins documents
                yield full
            row, done = row.dropping(stride), done - stride
    last = window(len(row.ids))
    if (last.documents >= 0).any():
        yield last


@dataclass(frozen=True, eq=False)
class _Row:
    """Documents in a row: ids, the document of each, its bytes, and the words that end in it."""

    ids: Ids
    documents: npt.NDArray[np.int32]
    lengths: Int64
    words: Int64

    def with_document(self, number: int, encoded: Encoded, end: int | None) -> _Row:
        joint = [end] if end is not None and number > 0 else []
        return _Row(
            np.concatenate([self.ids, np.asarray(joint, np.int32), encoded.ids]),
            np.concatenate([
                self.documents,
                np.full(len(joint), CONTEXT_ONLY, np.int32),
                np.full(len(encoded.ids), number, np.int32),
            ]),
            np.concatenate([self.lengths, np.zeros(len(joint), np.int64), encoded.lengths]),
            np.concatenate([self.words, np.zeros(len(joint), np.int64), encoded.words]),
        )  # fmt: skip

    def dropping(self, count: int) -> _Row:
        rest = slice(count, None)
        return _Row(self.ids[rest], self.documents[rest], self.lengths[rest], self.words[rest])
