"""From a model to the lens on its head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from superscope.arguments import checked
from superscope.geometry.frequencies import TokenCounts, of_rows
from superscope.heads import Head, any_head
from superscope.lens._lens import MEMORY, Lens
from superscope.lens.options import LensOptions
from superscope.lens.views import Views
from superscope.options import changed, taking
from superscope.progress import ProgressChoice, chosen


@taking(LensOptions)
@checked
def lens(
    model: str | Path | Head | Any,
    options: LensOptions = LensOptions(),  # noqa: B008 - frozen
    *,
    frequencies: npt.ArrayLike | TokenCounts | None = None,
    tokens: Any = None,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> Lens:
    """Look at the output head of a language model token by token.

    Parameters
    ----------
    model
        As of :func:`superscope.measure`.
    options
        What to read and how to look at it; the keywords change them.
    frequencies
        Token frequencies by id, on any scale, or what counted them.
    tokens
        For a model or matrix in memory, the text of each row: a sequence of strings, or a
        tokenizer.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress(stage, done, total)``.
    **changes
        Options, by name.

    Returns
    -------
    Lens
        ``lens["Paris"]`` is a token; printed, it is an overview.

    Raises
    ------
    SuperscopeError
        The model cannot be found or read, or a row is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> import superscope
    >>> lens = superscope.lens(np.eye(4) + 0.1, tokens=["a", "b", "c", "d"])
    >>> lens["b"].norm_rank
    1
    """
    o = changed(options, changes, "lens")
    with chosen(progress) as report:
        head = any_head(model, o, tokens=tokens, progress=report).in_memory(MEMORY)
    weights, notes = (None, ()) if frequencies is None else of_rows(frequencies, head)
    views = Views(head, weights)
    views.rows(o.center)
    source = model if isinstance(model, (str, Path)) else None
    return Lens(head, o, weights, views, (*head.provenance.notes, *notes), source)
