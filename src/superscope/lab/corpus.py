"""The text of a lab: ids to train on, held-out documents apart, and the tokenizer of both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.arguments import checked
from superscope.atomic import write_file, write_folder
from superscope.errors import FormatError, UsageError, install_hint
from superscope.evaluation import sequences
from superscope.frequency import Text
from superscope.frequency.reading import Counts, Limits
from superscope.frequency.text import Document
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer
from superscope.text import counted

END = "<|endoftext|>"
HELD_OUT = 20  # one of so many documents, where no held-out text is given

_FORMAT = 2
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
            if about.pop("format") != _FORMAT:
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


@checked
def make_corpus(
    text: Text,
    folder: str | Path,
    *,
    vocabulary: int,
    context: int,
    held_out: Text | None = None,
    tokenizer: Tokenizer | None = None,
    held_out_tokens: int | None = None,
) -> Corpus:
    """Return the ids of a text; what a folder holds is not made again.

    Parameters
    ----------
    text
        To train on.
    folder
        Holds corpora, each in a folder of its own.
    vocabulary
        V of the tokenizer that is made, a byte-level BPE; with a given one, its size.
    context
        Held-out documents are cut to so many tokens.
    held_out
        Other documents; by default one of 20 documents of the text is held out.
    tokenizer
        Given, or made from the training documents.
    held_out_tokens
        No more documents are held out than have so many tokens.

    Returns
    -------
    Corpus
        The ids on disk.

    Raises
    ------
    UsageError
        There is no text, or it supports no such vocabulary; nothing is held out, or all that is
        held out is trained on too; or the tokenizer has another size.
    """
    told = {
        "format": _FORMAT, "text": text.identity, "vocabulary": vocabulary, "context": context,
        "held_out": None if held_out is None else held_out.identity,
        "tokenizer": None if tokenizer is None else [tokenizer.name, tokenizer.size],
        "held_out_tokens": held_out_tokens,
    }  # fmt: skip
    if held_out is not None and held_out.identity == text.identity:
        raise _trained_on(text)
    folder = Path(folder)
    name = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:24]
    target = folder / name
    if not (target / _ABOUT).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with write_folder(target) as beside:
            _write(beside, text, held_out, tokenizer, vocabulary, context, held_out_tokens)
    return Corpus(target)


def _write(  # noqa: PLR0917 - those of make_corpus
    folder: Path, text: Text, held_out: Text | None, tokenizer: Tokenizer | None,
    vocabulary: int, context: int, held_out_tokens: int | None,
) -> None:  # fmt: skip
    train, given = text, held_out
    if held_out is None:
        train, held_out = _divided(text, 0), _divided(text, 1)
    _refuse_empty(train, "train on")
    if given is not None:
        _refuse_empty(given, "take the loss on")
    if tokenizer is None:
        tokenizer = made_tokenizer(train, vocabulary)
    elif tokenizer.size != vocabulary:
        raise UsageError(
            f"the tokenizer {tokenizer.name} has {tokenizer.size:,} entries, not "
            f"vocabulary={vocabulary:,}; leave vocabulary out"
        )
    trained_on: list[bytes] = []
    rows, documents = [], 0
    end = np.asarray([] if tokenizer.end is None else [tokenizer.end], np.int32)
    for _, encoded in tokenizer.encode(_noted(train, trained_on)):
        if len(encoded.ids):
            rows += [encoded.ids, end]
            documents += 1
    ids = np.concatenate([np.zeros(0, np.int32), *rows])
    kept_out: list[bytes] = []
    counts = Counts()
    held, shared, known = [], 0, set(trained_on)
    for sequence in sequences.documents(
        _noted(held_out, kept_out), tokenizer, context, Limits(tokens=held_out_tokens), counts
    ):
        held.append(sequence.ids)
        shared += kept_out[sequence.documents[-1]] in known
    if not held:
        raise UsageError(_nothing_held_out(text, given, documents, counts))
    if given is not None and shared == len(held):
        raise _trained_on(given)
    flat, ends = np.concatenate(held), np.cumsum([len(one) for one in held])
    for name, array in ((_TRAIN, ids), (_HELD_OUT, flat), (_ENDS, ends)):
        np.save(folder / name, array)
    tokenizer.save(folder)
    hashed = hashlib.sha256()
    for array in (ids, flat, ends.astype(np.int64)):
        hashed.update(array.tobytes())
    info = CorpusInfo(
        text.name, hashed.hexdigest()[:24], vocabulary, tokenizer.end, len(tokenizer.prefix),
        documents, len(ids), len(held), len(flat),
    )  # fmt: skip
    about = {"format": _FORMAT, "shared": shared, **asdict(info)}
    write_file(folder / _ABOUT, json.dumps(about, indent=1))


def _refuse_empty(text: Text, purpose: str) -> None:
    """Refuse a text of which no document has a letter."""
    count = 0
    for document in text:
        if document.text.strip():
            return
        count += 1
    has = f"{counted(count, 'document')}, and no letter in any" if count else "no document"
    raise UsageError(f"{text.name} has {has}: there is nothing to {purpose}; name another text")


def _trained_on(held_out: Text) -> UsageError:
    return UsageError(
        f"every held-out document of {held_out.name} is trained on too, so its loss would tell "
        f"what was learnt by heart; name another held_out, or none: one of {HELD_OUT} documents is "
        "then held out"
    )


def _nothing_held_out(text: Text, given: Text | None, trained: int, met: Counts) -> str:
    """Return what to say where no held-out document can be scored."""
    if given is None and not met.documents:
        return (
            f"{text.name}: no document is held out to take the loss on: it has "
            f"{counted(trained, 'document')}, and every {HELD_OUT}th is held out; name a held_out "
            "text, or divide the text into more documents with split"
        )
    return (
        f"{(given or text).name}: no document is held out to take the loss on: "
        f"there is {counted(met.documents, 'document')} for it, and none has a second token; name "
        "a held_out text of longer documents"
    )


def _noted(text: Text, seen: list[bytes]) -> Text:
    """Return a text that, as it is read, adds a hash of each document with text to a list."""

    def read() -> Iterator[Document]:
        for document in text:
            if document.text:
                seen.append(hashlib.blake2b(document.text.encode(), digest_size=16).digest())
            yield document

    return replace(text, read=read)


def made_tokenizer(text: Iterable[Document], vocabulary: int) -> Tokenizer:
    """Return a byte-level BPE tokenizer of some documents.

    Raises
    ------
    UsageError
        They have too few pairs of letters for the vocabulary.
    """
    try:
        from transformers import PreTrainedTokenizerFast
    except ImportError:
        raise install_hint("transformers", "text", "the lab") from None
    from tokenizers import ByteLevelBPETokenizer

    made = ByteLevelBPETokenizer()
    documents = (document.text for document in text)
    made.train_from_iterator(documents, vocabulary, special_tokens=[END], show_progress=False)
    found = made.get_vocab_size()
    if found != vocabulary:
        raise UsageError(
            f"vocabulary={vocabulary:,}; byte-level BPE makes {counted(found, 'entry', 'entries')} "
            f"of this text, of which 257 are bytes and {END}; set vocabulary={found}"
        )
    loaded = PreTrainedTokenizerFast(tokenizer_object=made._tokenizer, eos_token=END)
    return Tokenizer("lab", loaded)


def _divided(text: Text, part: int) -> Text:
    """Return the documents to train on (0), or those held out (1): one of 20."""

    def read() -> Iterator[Document]:
        for number, document in enumerate(text):
            if (number % HELD_OUT == HELD_OUT - 1) == bool(part):
                yield document

    return Text(text.name, read, f"{text.identity} {part}")
