"""The text of a lab: ids to train on, held-out documents apart, and the tokenizer of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.atomic import write_file
from superscope.errors import FormatError
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer

FORMAT = 2
_ABOUT, _TRAIN, _HELD_OUT, _ENDS = "about.json", "train.npy", "held_out.npy", "held_out_ends.npy"

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class CorpusInfo:
    """What a corpus is.

    Attributes
    ----------
    name
        Name of the text.
    fingerprint
        Hash of all ids: runs on equal ids are on one text, wherever it lies.
    vocabulary
        V, entries of the tokenizer.
    end
        Id of the end-of-text token that stands after each document; None if there is none.
    prefix
        Tokens that stand before each held-out document and are not scored.
    documents, tokens
        Of the training text; end-of-text tokens count.
    held_out_documents, held_out_tokens
        Of the held-out text, cut to the context.
    """

    name: str
    fingerprint: str
    vocabulary: int
    end: int | None
    prefix: int
    documents: int
    tokens: int
    held_out_documents: int
    held_out_tokens: int


class Corpus:
    """The ids of a text, memory-mapped.

    Parameters
    ----------
    folder
        Where :func:`make_corpus` wrote it.

    Attributes
    ----------
    folder
        Where it lies.
    info
        What it is.
    shared
        Held-out documents whose text is also that of a training document: their loss is in part
        that of what was learnt by heart.

    Raises
    ------
    FormatError
        The folder is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            about = json.loads((folder / _ABOUT).read_text("utf-8"))
            if about.pop("format") != FORMAT:
                raise ValueError("another version of superscope wrote it")
            self.shared = int(about.pop("shared"))
            self.info = CorpusInfo(**about)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise FormatError(f"{folder} holds no text of a lab: {error}") from None

    @cached_property
    def train(self) -> Int32:
        """All training documents in a row, int32, shape (tokens,)."""
        found: Int32 = self._array(_TRAIN)
        return found

    @cached_property
    def counts(self) -> Int64:
        """How often each token occurs in the training text, shape (V,)."""
        return np.bincount(self.train, minlength=self.info.vocabulary).astype(np.int64)

    def held_out(self) -> Iterator[Int32]:
        """Yield the ids of each held-out document, with what stands before it."""
        ids, ends = self._array(_HELD_OUT), self._array(_ENDS)
        yield from np.split(ids, ends[:-1])

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer."""
        return load_tokenizer(self.folder)

    def __repr__(self) -> str:
        info = self.info
        return f"Corpus({info.name}: {info.tokens:,} tokens, vocabulary={info.vocabulary})"

    def _array(self, name: str) -> Any:
        try:
            return np.load(self.folder / name, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise FormatError(f"{self.folder / name} is damaged: {error}") from None


def is_corpus(folder: Path) -> bool:
    """Return whether a folder holds a corpus, which is written whole or not at all."""
    return (folder / _ABOUT).is_file()


def write_corpus(
    folder: Path,
    name: str,
    tokenizer: Tokenizer,
    *,
    train: Int32,
    documents: int,
    held_out: Sequence[Int32],
    shared: int,
) -> None:
    """Write a corpus to a folder that is there.

    Parameters
    ----------
    folder
        Where to.
    name
        Of the text.
    tokenizer
        Of all ids.
    train, documents
        Ids to train on, and of how many documents they are.
    held_out
        Ids of each held-out document.
    shared
        How many of these are trained on too.
    """
    flat, ends = np.concatenate(held_out), np.cumsum([len(one) for one in held_out])
    hashed = hashlib.sha256()
    for file, array in ((_TRAIN, train), (_HELD_OUT, flat), (_ENDS, ends.astype(np.int64))):
        np.save(folder / file, array)
        hashed.update(array.tobytes())
    tokenizer.save(folder)
    info = CorpusInfo(
        name, hashed.hexdigest()[:24], tokenizer.size, tokenizer.end, len(tokenizer.prefix),
        documents, len(train), len(held_out), len(flat),
    )  # fmt: skip
    about = {"format": FORMAT, "shared": shared, **asdict(info)}
    write_file(folder / _ABOUT, json.dumps(about, indent=1))
