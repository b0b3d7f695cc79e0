"""Reading the head of a checkpoint: find the tensor, fetch only it, describe it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from superscope.errors import (
    HeadDataError,
    NotFoundError,
    SuperscopeError,
    UsageError,
)
from superscope.heads import tokens
from superscope.heads._locate import Checkpoint, locate
from superscope.heads.fetched import fetch, from_copy, gguf_tokens, kept_head
from superscope.heads.find import find_head
from superscope.heads.head import Head
from superscope.heads.opened import rows_of
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.text import slug, visible


def read_head(
    model: str | Path | Checkpoint,
    *,
    revision: str | None = None,
    tensor: str | None = None,
    rows: str = "all",
    fold_norm: bool = False,
    progress: ProgressChoice = "auto",
) -> Head:
    """Read the output head of a language model, and nothing else of it.

    Parameters
    ----------
    model
        Hub id, ``hf://``, ``s3://`` or ``https://`` URI, local folder or file; or a checkpoint
        that :func:`locate` returned.
    revision
        Branch, tag or commit of a hub repository.
    tensor
        Name of the tensor to take, if the known names are not enough.
    rows
        ``all``, or ``tokenizer`` for only the ids the tokenizer can produce.
    fold_norm
        Multiply the final norm's gain into the columns. Changes cosines; off by default.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``, in bytes.

    Returns
    -------
    Head
        The matrix, its tokens' strings where they are known, and where it came from.

    Raises
    ------
    NotFoundError, RemoteError, FormatError, HeadDataError, UsageError
        One line that names the model, the file or tensor, and the way out.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> np.save("head.npy", np.eye(4, 3, dtype=np.float32))
    >>> head = superscope.read_head("head.npy")
    >>> head.features, head.width
    (4, 3)
    """
    if rows not in ("all", "tokenizer"):
        raise UsageError(f"rows={rows!r}; expected 'all' or 'tokenizer'")
    try:
        found = model if isinstance(model, Checkpoint) else locate(model, revision)
        with chosen(progress) as report:
            head = _read(found, tensor, fold_norm, report)
        return head if rows == "all" else _tokenizer_rows(head)
    except SuperscopeError as error:
        # Names out of a file may hold anything, and an error is one line that can be printed.
        if str(error).isprintable():
            raise
        raise type(error)(visible(str(error), quote="", longest=2000)) from error


def _read(checkpoint: Checkpoint, tensor: str | None, fold_norm: bool, progress: Progress) -> Head:
    if checkpoint.cache is None:
        head = _from_source(checkpoint, tensor, fold_norm)
    else:
        request = slug(repr((checkpoint.only, tensor, fold_norm)))
        copy = checkpoint.cache / f"head-{request}.safetensors"
        kept = kept_head(copy)
        if kept is None:
            fetch(checkpoint, tensor, fold_norm, copy, progress)
        head = kept or from_copy(copy)
    notes = (*checkpoint.notes, *head.provenance.notes)
    head = replace(head, provenance=replace(head.provenance, notes=notes))
    if head.tokens is None:
        head = replace(head, tokens=_token_strings(checkpoint))
    return head


def _from_source(checkpoint: Checkpoint, wanted: str | None, fold_norm: bool) -> Head:
    found = find_head(checkpoint, wanted, fold_norm)
    return Head(
        rows_of(found.file, found.tensor),
        found.provenance,
        gguf_tokens(found.directory),
        gain=found.gain,
    )


def _token_strings(checkpoint: Checkpoint) -> tuple[str | None, ...] | None:
    data = checkpoint.small("tokenizer.json")
    if data is None:
        return None
    return tokens.from_tokenizer_json(data, f"{checkpoint.name}/tokenizer.json")


def _tokenizer_rows(head: Head) -> Head:
    if head.tokens is None:
        raise NotFoundError(
            f"{head.provenance.model} has no tokenizer.json to tell which ids it can produce; "
            "choose rows='all'"
        )
    kept = [i for i, text in enumerate(head.tokens[: head.features]) if text is not None]
    if not kept:
        raise HeadDataError(f"{head.provenance.model}: the tokenizer can produce none of the rows")
    return head.keeping(np.array(kept, np.int64), "tokenizer")
