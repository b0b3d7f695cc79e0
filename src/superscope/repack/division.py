"""Which documents heads are made from, and which they are scored on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from superscope.frequency.text import Document, Text


def divided(text: Text, share: float, seed: int) -> tuple[Text, Text]:
    """Return a text without some of its documents, and these.

    Each document is drawn by its number and the seed, so that a longer text has the same draws.

    Parameters
    ----------
    text
        The text.
    share
        Of the documents that are drawn.
    seed
        Of the draws.
    """
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
    for number, document in enumerate(text):
        if (np.random.default_rng([seed, number]).random() < share) == wanted:
            yield document
