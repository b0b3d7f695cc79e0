"""Read the head of a checkpoint: find its tensor, and read or download only that.

A downloaded head is kept in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from superscope.arguments import checked
from superscope.errors import HeadDataError, NotFoundError, SuperscopeError, UsageError
from superscope.heads import copies, gguf_vocabulary, tokens
from superscope.heads._locate import locate
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.choosing import matching
from superscope.heads.find import find_head
from superscope.heads.found_factors import FactoredRows
from superscope.heads.head import Head
from superscope.heads.json_text import TooLargeError
from superscope.heads.kinds import JsonVocabulary
from superscope.heads.opened import Opened, config_of, rows_of
from superscope.heads.options import HeadOptions
from superscope.heads.peft import adapter_of, refuse_base, unmerged
from superscope.heads.rows import ArrayRows, Rows
from superscope.heads.sparsity import with_rates
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
    texts: bool = True,
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
    texts
        Whether to read ``tokenizer.json`` too, for the text of the tokens. With
        ``rows="tokenizer"`` it is read in any case.
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
    with _printable(), chosen(progress) as report:
        found = model if isinstance(model, Checkpoint) else locate(model, o.revision)
        with_text = texts or o.rows == "tokenizer"
        return _kept_rows(_read(found, Opened(found), o, report, with_text), o)


@taking(HeadOptions)
@checked
def read_heads(
    model: str | Path | Checkpoint,
    options: HeadOptions = HeadOptions(),  # noqa: B008 - frozen
    *,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Iterator[Head]:
    """Read each matrix of a checkpoint that the option `tensor` stands for.

    Parameters
    ----------
    model
        As of :func:`read_head`.
    options
        What to read; `tensor` may be a pattern (``model.layers.*.mlp.down_proj.weight``).
    progress
        As of :func:`read_head`.
    **changes
        Options, by name.

    Yields
    ------
    Head
        The matrices in the order of their layers, each read when it is asked for. Without
        `tensor`, the output head.

    Raises
    ------
    NotFoundError, RemoteError, FormatError, HeadDataError, UsageError
        As of :func:`read_head`.

    Examples
    --------
    >>> import numpy as np
    >>> from superscope.heads import read_heads
    >>> np.savez("two.npz", a=np.eye(3), b=np.eye(4), c=np.ones(5))
    >>> [head.provenance.tensor for head in read_heads("two.npz", tensor="*")]
    ['a', 'b']
    """
    for _, head in read_each(model, changed(options, changes, "read_heads"), progress):
        if isinstance(head, SuperscopeError):
            raise head
        yield head


def read_each(
    model: str | Path | Checkpoint, options: HeadOptions, progress: ProgressChoice
) -> Iterator[tuple[str | None, Head | SuperscopeError]]:
    """Yield what :func:`read_heads` does, with its tensor's name; or why one cannot be read.

    Parameters
    ----------
    model, options, progress
        As of :func:`read_heads`.

    Yields
    ------
    tuple
        The name of a tensor, None where no pattern is given, and its head or the error.
    """
    with _printable():
        found = model if isinstance(model, Checkpoint) else locate(model, options.revision)
        opened = Opened(found)
        names = [None] if options.tensor is None else matching(found, opened, options.tensor)
    for name in names:
        read: Head | SuperscopeError
        try:
            with _printable(), chosen(progress) as report:
                one = replace(options, tensor=name)
                read = _kept_rows(_read(found, opened, one, report), one)
        except SuperscopeError as error:
            read = error
        yield name, read


@contextmanager
def _printable() -> Iterator[None]:
    """Escape control characters in messages, which may quote names from a file."""
    try:
        yield
    except SuperscopeError as error:
        if str(error).isprintable():
            raise
        raise type(error)(visible(str(error), quote="", longest=2000)) from error


def _kept_rows(head: Head, options: HeadOptions) -> Head:
    if options.rows == "trained":
        return trained_rows(head)
    return head if options.rows == "all" else _tokenizer_rows(head)


def _read(
    checkpoint: Checkpoint,
    opened: Opened,
    options: HeadOptions,
    progress: Progress,
    texts: bool = True,
) -> Head:
    adapter = adapter_of(checkpoint) if options.tensor is None else None
    if adapter is None:
        if options.base is not None and options.tensor is not None:
            raise UsageError("pass either base= or tensor=")
        refuse_base(checkpoint, options.base)
        return _of_model(checkpoint, opened, options, progress, texts)
    if adapter.whole_head:
        adapter.check_whole(options.base)
        head = _of_model(checkpoint, opened, options, progress, texts)
        reason = "the output head that was trained or saved with the adapter"
        return replace(head, provenance=replace(head.provenance, reason=reason, parameters=None))
    base = adapter.base(options.base)
    of_base = replace(options, base=None, revision=None)
    head = _of_model(base, Opened(base), of_base, progress, texts)
    head = adapter.joined(head, base)
    if not texts:
        return head
    own = _with_text(
        checkpoint, replace(head, tokens=None, tokenizer=None)
    )  # it may have added tokens
    return head if own.tokens is None else own


def _of_model(
    checkpoint: Checkpoint,
    opened: Opened,
    options: HeadOptions,
    progress: Progress,
    texts: bool,
) -> Head:
    if checkpoint.cache is None:
        head = _from_source(checkpoint, opened, options)
    else:
        o = options
        asked = (checkpoint.only, o.tensor, o.fold_norm, o.axis, o.layer)
        copy = checkpoint.cache / f"head-{slug(repr(asked))}.safetensors"
        head = copies.kept(copy, checkpoint) or copies.fetched(
            checkpoint, find_head(checkpoint, opened, options), copy, progress
        )
    head, misfit = with_rates(checkpoint, head)
    beside = () if misfit is None else (misfit,)
    notes = (*checkpoint.notes, *head.provenance.notes, *unmerged(checkpoint), *beside)
    described = replace(
        head.provenance,
        model=encodable(head.provenance.model),
        file=None if head.provenance.file is None else encodable(head.provenance.file),
        notes=notes,
    )
    head = replace(head, provenance=described)
    return _with_text(checkpoint, head) if texts else head


def _with_text(checkpoint: Checkpoint, head: Head) -> Head:
    """Return the head with the text of its tokens if it is known, and notes about it."""
    notes: tuple[str, ...] = ()
    if head.provenance.features == "directions":
        return head
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


def _from_source(checkpoint: Checkpoint, opened: Opened, options: HeadOptions) -> Head:
    found = find_head(checkpoint, opened, options)
    made = found.matrix
    if found.factors is not None:
        rows: Rows = FactoredRows(found.factors)
    else:
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
