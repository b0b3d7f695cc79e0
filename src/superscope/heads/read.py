"""Read the head of a checkpoint: find its tensor, and read or download only that.

A downloaded head is kept in the cache.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from superscope.arguments import checked
from superscope.errors import HeadDataError, NotFoundError, SuperscopeError, UsageError
from superscope.heads import copies, gguf_vocabulary, tokens
from superscope.heads._locate import locate
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.find import FoundHead, find_head
from superscope.heads.head import Head
from superscope.heads.json_text import TooLargeError
from superscope.heads.kinds import JsonVocabulary
from superscope.heads.opened import config_of, rows_of
from superscope.heads.options import HeadOptions
from superscope.heads.peft import adapter_of, refuse_base, unmerged
from superscope.heads.rows import ArrayRows
from superscope.heads.trained import trained_rows
from superscope.heads.vocabulary import check_tokens, vocabulary_size
from superscope.options import changed, taking
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.text import encodable, slug, visible


@taking(HeadOptions)
@checked
def read_head(
    model: str | Path | Checkpoint,
    options: HeadOptions = HeadOptions(),  # noqa: B008 - frozen
    *,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Head:
    """Read the output head of a language model without the rest of the model.

    Parameters
    ----------
    model
        Hub id, ``hf://``, ``s3://`` or ``https://`` URI, local folder or file; or a checkpoint
        that :func:`locate` returned.
    options
        What to read; keywords override single options.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``, in bytes.
    **changes
        Options, by name.

    Returns
    -------
    Head
        The matrix, the text of its tokens if it is known, and its provenance.

    Raises
    ------
    NotFoundError, RemoteError, FormatError, HeadDataError, UsageError
        The head cannot be found or read. The message names the model and says what to do.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> np.save("head.npy", np.eye(4, 3, dtype=np.float32))
    >>> head = superscope.read_head("head.npy")
    >>> head.features, head.width
    (4, 3)
    """
    o = changed(options, changes, "read_head")
    try:
        found = model if isinstance(model, Checkpoint) else locate(model, o.revision)
        with chosen(progress) as report:
            head = _read(found, o, report)
        if o.rows == "trained":
            return trained_rows(head)
        return head if o.rows == "all" else _tokenizer_rows(head)
    except SuperscopeError as error:
        # Messages may quote names from a file, which can hold control characters.
        if str(error).isprintable():
            raise
        raise type(error)(visible(str(error), quote="", longest=2000)) from error


def _read(checkpoint: Checkpoint, options: HeadOptions, progress: Progress) -> Head:
    adapter = adapter_of(checkpoint) if options.tensor is None else None
    if adapter is None:
        if options.base is not None and options.tensor is not None:
            raise UsageError("pass either base= or tensor=")
        refuse_base(checkpoint, options.base)
        return _of_model(checkpoint, options, progress)
    if adapter.whole_head:
        adapter.check_whole(options.base)
        head = _of_model(checkpoint, options, progress)
        reason = "the output head that was trained or saved with the adapter"
        return replace(head, provenance=replace(head.provenance, reason=reason, parameters=None))
    base = adapter.base(options.base)
    head = _of_model(base, replace(options, base=None, revision=None), progress)
    head = adapter.joined(head, base)
    own = _with_text(
        checkpoint, replace(head, tokens=None, tokenizer=None)
    )  # it may have added tokens
    return head if own.tokens is None else own


def _of_model(checkpoint: Checkpoint, options: HeadOptions, progress: Progress) -> Head:
    if checkpoint.cache is None:
        head = _from_source(checkpoint, options)
    else:
        asked = (checkpoint.only, options.tensor, options.fold_norm, options.transpose)
        request = slug(repr(asked))
        copy = checkpoint.cache / f"head-{request}.safetensors"
        head = copies.kept(copy, checkpoint) or copies.fetched(
            checkpoint, _found(checkpoint, options), copy, progress
        )
    notes = (*checkpoint.notes, *head.provenance.notes, *unmerged(checkpoint))
    described = replace(
        head.provenance,
        model=encodable(head.provenance.model),
        file=None if head.provenance.file is None else encodable(head.provenance.file),
        notes=notes,
    )
    return _with_text(checkpoint, replace(head, provenance=described))


def _with_text(checkpoint: Checkpoint, head: Head) -> Head:
    """Return the head with the text of its tokens if it is known, and notes about it."""
    notes: tuple[str, ...] = ()
    if head.tokens is None:
        try:
            head = _with_tokenizer(checkpoint, head)
        except TooLargeError as error:
            notes = (f"{error}; the tokens are shown without their text",)
    notes = (*head.provenance.notes, *notes, *_fit_of_tokens(checkpoint, head))
    return replace(head, provenance=replace(head.provenance, notes=notes))


def _with_tokenizer(checkpoint: Checkpoint, head: Head) -> Head:
    data = checkpoint.small("tokenizer.json")
    if data is None:
        return head
    name = f"{checkpoint.name}/tokenizer.json"
    texts = tokens.from_tokenizer_json(data, name)
    return replace(head, tokens=texts, tokenizer=JsonVocabulary(data, name))


def _fit_of_tokens(checkpoint: Checkpoint, head: Head) -> tuple[str, ...]:
    if head.tokens is None or head.provenance.format == "gguf":
        return ()
    size = vocabulary_size(config_of(checkpoint))
    return check_tokens(head.features, len(head.tokens), agreed=size == head.features)


def _found(checkpoint: Checkpoint, options: HeadOptions) -> FoundHead:
    return find_head(checkpoint, options.tensor, options.fold_norm, options.transpose)


def _from_source(checkpoint: Checkpoint, options: HeadOptions) -> Head:
    found = _found(checkpoint, options)
    made = found.matrix
    rows = rows_of(found.file, found.tensor) if made is None else ArrayRows(made)
    return Head(
        rows if found.scale is None else found.scale.applied(rows),
        found.provenance,
        tokens.of_directory(found.directory),
        gain=found.gain,
        bias=found.bias,
        tokenizer=gguf_vocabulary.of_directory(found.directory),
    )


def _tokenizer_rows(head: Head) -> Head:
    if head.tokens is None:
        raise NotFoundError(
            f"{head.provenance.model} has no tokenizer.json, which lists the ids that the "
            "tokenizer can produce; choose rows='all'"
        )
    kept = [i for i, text in enumerate(head.tokens[: head.features]) if text is not None]
    if not kept:
        raise HeadDataError(
            f"{head.provenance.model}: the tokenizer can produce none of the ids of the head; "
            "choose rows='all'"
        )
    return head.keeping(np.array(kept, np.int64), "tokenizer")
