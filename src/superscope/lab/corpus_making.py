"""From a text to the ids that a lab reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from superscope.arguments import checked
from superscope.atomic import write_folder
from superscope.errors import UsageError
from superscope.evaluation import sequences
from superscope.frequency import Text
from superscope.frequency.reading import Counts, Limits
from superscope.frequency.text import Document
from superscope.frequency.tokenizer import Tokenizer
from superscope.lab.bpe import made_tokenizer
from superscope.lab.corpus import FORMAT, Corpus, is_corpus, write_corpus
from superscope.lab.held_out import divided, nothing_held_out, refuse_empty, trained_on
from superscope.progress import Progress, ProgressChoice, chosen

_SHOWN = 100  # documents between two reports


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
    progress: ProgressChoice = "auto",
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
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``, in bytes of text. The stages are ``making a
        tokenizer of V entries`` and ``making TEXT into tokens``.

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
        "format": FORMAT, "text": text.identity, "vocabulary": vocabulary, "context": context,
        "held_out": None if held_out is None else held_out.identity,
        "tokenizer": None if tokenizer is None else [tokenizer.name, tokenizer.size],
        "held_out_tokens": held_out_tokens,
    }  # fmt: skip
    if held_out is not None and held_out.identity == text.identity:
        raise trained_on(text)
    folder = Path(folder)
    name = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:24]
    target = folder / name
    if not is_corpus(target):
        folder.mkdir(parents=True, exist_ok=True)
        with write_folder(target) as beside, chosen(progress) as report:
            refuse_empty(_train(text, held_out), "train on")
            if held_out is not None:
                refuse_empty(held_out, "take the loss on")
            if tokenizer is None:
                tokenizer = _tokenizer(text, held_out, vocabulary, report)
            elif tokenizer.size != vocabulary:
                raise UsageError(
                    f"the tokenizer {tokenizer.name} has {tokenizer.size:,} entries, not "
                    f"vocabulary={vocabulary:,}; leave vocabulary out"
                )
            limits = Limits(tokens=held_out_tokens)
            _write(beside, text, held_out, tokenizer, context, limits, report)
    return Corpus(target)


def _tokenizer(text: Text, held_out: Text | None, vocabulary: int, report: Progress) -> Tokenizer:
    """Return a tokenizer of the documents to train on."""
    stage = f"making a tokenizer of {vocabulary:,} entries"
    made = made_tokenizer(_train(_reported(text, stage, report), held_out), vocabulary)
    report(stage, 1, 1)
    return made


def _write(  # noqa: PLR0917 - those of make_corpus
    folder: Path, text: Text, held_out: Text | None, tokenizer: Tokenizer,
    context: int, limits: Limits, report: Progress,
) -> None:  # fmt: skip
    """Write the ids of a text to a folder."""
    stage = f"making {text.name} into tokens"
    learnt: list[bytes] = []
    rows, documents = [], 0
    end = np.asarray([] if tokenizer.end is None else [tokenizer.end], np.int32)
    train = _train(_reported(text, stage, report), held_out)
    for _, encoded in tokenizer.encode(_noted(train, learnt)):
        if len(encoded.ids):
            rows += [encoded.ids, end]
            documents += 1
    kept_out: list[bytes] = []
    counts = Counts()
    held, shared, known = [], 0, set(learnt)
    others = divided(text, 1) if held_out is None else held_out
    for sequence in sequences.documents(
        _noted(others, kept_out), tokenizer, context, limits, counts
    ):
        held.append(sequence.ids)
        shared += kept_out[sequence.documents[-1]] in known
    report(stage, 1, 1)
    if not held:
        raise nothing_held_out(text, held_out, documents, counts)
    if held_out is not None and shared == len(held):
        raise trained_on(held_out)
    ids = np.concatenate([np.zeros(0, np.int32), *rows])
    write_corpus(
        folder, text.name, tokenizer,
        train=ids, documents=documents, held_out=held, shared=shared,
    )  # fmt: skip


def _train(text: Text, held_out: Text | None) -> Text:
    """Return the documents to train on."""
    return divided(text, 0) if held_out is None else text


def _noted(text: Text, seen: list[bytes]) -> Text:
    """Return a text that, as it is read, adds a hash of each document with text to a list."""

    def read() -> Iterator[Document]:
        for document in text:
            if document.text:
                seen.append(hashlib.blake2b(document.text.encode(), digest_size=16).digest())
            yield document

    return replace(text, read=read)


def _reported(text: Text, stage: str, report: Progress) -> Text:
    """Return a text that, as it is read, tells how far that is."""

    def read() -> Iterator[Document]:
        done = 0
        for number, document in enumerate(text):
            if number % _SHOWN == 0:
                report(stage, done, max(text.size or 0, done + 1))
            done += document.nbytes
            yield document

    return replace(text, read=read)
