"""A text for tiny lab models."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from zipf_texts import zipf_words

from superscope.frequency.text import text_of
from superscope.lab import Corpus, LabConfig, make_corpus

VOCABULARY = 270
SMALL: dict[str, Any] = {
    "width": 8, "depth": 1, "attention_width": 4, "vocabulary": VOCABULARY, "context": 16,
    "batch": 4, "tokens": 6 * 64,
}  # fmt: skip
"""A config of six steps, which take about 20 ms."""
WORDS = ("the", "of", "lens", "width", "token", "meaning", "rows", "packed", "loss", "head")


def documents(seed: int = 0) -> list[str]:
    """Return 128 documents of a dozen words."""
    return zipf_words(1.0, WORDS, 1600, seed)


@cache
def corpus(folder: Path) -> Corpus:
    """Return the ids of the documents, one of 20 held out."""
    return make_corpus(text_of(documents(), "words"), folder, vocabulary=VOCABULARY, context=16)


def config(**values: Any) -> LabConfig:
    """Return a small config."""
    return LabConfig(**(SMALL | values))
