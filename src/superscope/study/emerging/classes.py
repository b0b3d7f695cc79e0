"""Classes of tokens: by how often they occur, and by how they are spelled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.study.emerging.curves import Curves
from superscope.text import number

SPACES = ("Ġ", "▁", " ")
"""How tokenizers spell the space before a word's first piece."""
Bools = npt.NDArray[np.bool_]


def classes_of(curves: Curves) -> dict[str, Bools]:
    """Return which tokens each class has; classes overlap, and none is empty.

    Parameters
    ----------
    curves
        Of the tokens.

    Returns
    -------
    dict
        By name, shape (T,) each: decades of frequency first.
    """
    decade = np.floor(np.log10(curves.occurrences)).astype(int)
    found: dict[str, Bools] = {
        f"{number(10.0**k)} to {number(10.0 ** (k + 1))} times": decade == k
        for k in np.unique(decade)[::-1].tolist()
    }
    texts = [name or "" for name in curves.names]
    spaced = np.array([text.startswith(SPACES) for text in texts])
    bare = [text.lstrip("".join(SPACES)) for text in texts]
    letters = np.array([text[:1].isalpha() for text in bare])
    digits = np.array([text.isdigit() for text in bare])
    if spaced.any():
        found["first piece of a word"] = spaced & letters
        found["later piece of a word"] = ~spaced & letters
    found["capital"] = np.array([text[:1].isupper() for text in bare])
    found["digit"] = digits
    found["punctuation"] = np.array(
        [bool(text) and not any(c.isalnum() or c.isspace() for c in text) for text in bare]
    )
    return {name: which for name, which in found.items() if which.any()}
