"""Take the head of whatever a user calls a model: a name, a file, or an object in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from superscope.errors import UsageError
from superscope.heads.head import Head
from superscope.heads.objects import head_of
from superscope.heads.options import HeadOptions
from superscope.heads.read import read_head
from superscope.heads.trained import trained_rows
from superscope.progress import Progress, silent


def any_head(
    model: str | Path | Head | Any,
    options: HeadOptions,
    *,
    tokens: Any = None,
    progress: Progress = silent,
) -> Head:
    """Return the head of a checkpoint, or of a model or matrix in memory.

    Parameters
    ----------
    model
        What :func:`superscope.measure` takes.
    options
        What to read.
    tokens
        For a model or matrix in memory, the text of each row: strings, or a tokenizer.
    progress
        Called with the bytes that are downloaded.

    Returns
    -------
    Head
        The rows that the options keep.

    Raises
    ------
    SuperscopeError
        There is no such head, or an argument belongs to the other kind of model.
    """
    if isinstance(model, (str, Path)):
        if tokens is not None:
            raise UsageError(
                "tokens= is for a model in memory; a checkpoint has its own tokens, so leave it out"
            )
        return read_head(model, options, progress=progress)
    o = options
    read = (o.revision, o.base, o.axis) != (None, None, None) or o.fold_norm
    if read or o.rows == "tokenizer":
        raise UsageError(
            "revision, base, axis, rows='tokenizer' and fold_norm are for "
            "checkpoints; leave them out for a model or matrix in memory"
        )
    head = head_of(model, tensor=o.tensor, layer=o.layer, tokens=tokens)
    return trained_rows(head) if o.rows == "trained" else head
