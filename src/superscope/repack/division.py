"""Which documents heads are made from, and which they are scored on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

import numpy as np

from superscope.errors import UsageError
from superscope.frequency.text import Document, Text


def divided(text: Text, share: float, seed: int) -> tuple[Text, Text]:
    """Return a text without some of its documents, and these.

    Each document is drawn by its number and the seed, so that a longer text has the same draws. Of
    the first two, one is drawn: neither part is empty.

    Parameters
    ----------
    text
        The text.
    share
        Of the documents that are drawn.
    seed
        Of the draws.

    Raises
    ------
    UsageError
        The text has a single document.
    """
    there = len(list(islice(text, 2)))
    if there == 0:
        raise UsageError(f"{text.name} has no text in it; name files that have")
    if there == 1:
        raise UsageError(
            f"{text.name} is one document, and none is left to score heads on: divide it with "
            "split='paragraph', or give a second text to score them on"
        )
    left, drawn = (
        Text(
            text.name,
            partial(_some, text, share, seed, wanted),
            f"{text.identity}-{share}-{seed}-{wanted}",
            None if text.size is None else round(text.size * part),
            text.separator,
        )
        for wanted, part in ((False, 1 - share), (True, share))
    )
    return left, drawn


def _some(text: Text, share: float, seed: int, wanted: bool) -> Iterator[Document]:
    first = int(np.random.default_rng([seed]).integers(2))
    for number, document in enumerate(text):
        drawn = number == first
        if number > 1:
            drawn = np.random.default_rng([seed, number]).random() < share
        if drawn == wanted:
            yield document
