"""Texts of known token frequencies, and a tokenizer that reads them at no cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from superscope.frequency.text import Document, Text, text_of
from superscope.frequency.tokenizer import Encoded, Tokenizer


class DrawnTokens(Tokenizer):
    """A tokenizer whose documents are numbers: of arrays of ids, drawn before."""

    def __init__(self, documents: list[np.ndarray], size: int):
        self.name, self.size, self.documents = "drawn tokens", size, documents
        self.prefix = self.suffix = np.zeros(0, np.int32)
        self.end = None

    def encode(self, documents: Iterable[Document]) -> Iterator[tuple[Document, Encoded]]:
        for document in documents:
            ids = self.documents[int(document.text)].astype(np.int32)
            yield document, Encoded(ids, np.arange(1, len(ids) + 1))

    def tokens(self) -> list[str | None]:
        return [None] * self.size

    def text(self) -> Text:
        return text_of(map(str, range(len(self.documents))), "drawn")


def zipf_tokens(
    alpha: float, vocabulary: int, tokens: int, seed: int, *, documents: int = 128,
    repeats: float = 0.0,
) -> DrawnTokens:  # fmt: skip
    """Draw documents of ids with p ∝ rank^(−alpha); ids are ranks in random order.

    Each token comes again in its document, `repeats` times on average (Poisson).
    """
    random = np.random.default_rng(seed)
    p = np.arange(1.0, vocabulary + 1) ** -alpha
    p /= p.sum()
    size = round(tokens / documents / (1 + repeats))
    drawn = random.choice(vocabulary, (documents, size), p=p)
    ids = random.permutation(vocabulary)[drawn]
    parts = [np.repeat(d, 1 + random.poisson(repeats, size)) for d in ids]
    return DrawnTokens(parts, vocabulary)


def zipf_words(alpha: float, words: tuple[str, ...], tokens: int, seed: int) -> list[str]:
    """Return 128 texts of words, the first the most frequent."""
    drawn = zipf_tokens(alpha, len(words), tokens, seed)
    order = np.argsort(-np.bincount(np.concatenate(drawn.documents), minlength=len(words)))
    word_of = dict(zip(order.tolist(), words, strict=True))
    return [" ".join(word_of[i] for i in ids.tolist()) for ids in drawn.documents]
