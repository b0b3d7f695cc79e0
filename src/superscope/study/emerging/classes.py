"""Classes of tokens: by how often they occur, how they are spelled, and what their rows are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from superscope.study.emerging.curves import Bools, Curves
from superscope.text import number

Kind = Literal["frequency", "spelling", "rows", "collision"]
"""By decades of occurrences; by spelling; by row class (lens); by how far a token's row overlaps
with others in the narrowest model."""
KINDS: tuple[Kind, ...] = get_args(Kind)
USUAL: tuple[Kind, ...] = ("frequency", "spelling")
SPACES = ("Ġ", "▁", " ")
"""How tokenizers spell the space before a word's first piece."""
COLLISIONS = ("least third of collision", "middle third of collision", "most third of collision")


@dataclass(frozen=True, eq=False)
class TokenClass:
    """A class of tokens.

    Attributes
    ----------
    kind
        What it is told by.
    name
        What it is called.
    which
        The tokens in it, shape (T,).
    """

    kind: Kind
    name: str
    which: Bools


def classes_of(curves: Curves, kinds: Collection[Kind] = USUAL) -> tuple[TokenClass, ...]:
    """Return which tokens each class has; classes overlap, and none is empty.

    Parameters
    ----------
    curves
        Of the tokens.
    kinds
        Which, in their own order: decades of frequency first.
    """
    makers = {
        "frequency": _decades,
        "spelling": _spellings,
        "rows": _rows,
        "collision": _collisions,
    }
    return tuple(
        TokenClass(kind, name, which)
        for kind in KINDS
        if kind in kinds
        for name, which in makers[kind](curves)
        if which.any()
    )


def _decades(curves: Curves) -> Iterator[tuple[str, Bools]]:
    decade = np.floor(np.log10(curves.occurrences)).astype(int)
    for k in np.unique(decade)[::-1].tolist():
        yield f"{number(10.0**k)} to {number(10.0 ** (k + 1))} times", decade == k


def _spellings(curves: Curves) -> Iterator[tuple[str, Bools]]:
    texts = [name or "" for name in curves.names]
    spaced = np.array([text.startswith(SPACES) for text in texts])
    bare = [text.lstrip("".join(SPACES)) for text in texts]
    letters = np.array([text[:1].isalpha() for text in bare])
    if spaced.any():
        yield "first piece of a word", spaced & letters
        yield "later piece of a word", ~spaced & letters
    yield "capital", np.array([text[:1].isupper() for text in bare])
    yield "digit", np.array([text.isdigit() for text in bare])
    marks = [bool(t) and not any(c.isalnum() or c.isspace() for c in t) for t in bare]
    yield "punctuation", np.array(marks)


def _rows(curves: Curves) -> Iterator[tuple[str, Bools]]:
    known = np.array(curves.rows or [""] * len(curves))
    for name in sorted(set(known.tolist()) - {""}):
        yield f"row: {name}", known == name


def _collisions(curves: Curves) -> Iterator[tuple[str, Bools]]:
    if curves.overlaps is None:
        return
    known = np.isfinite(curves.overlaps)
    if not known.any():
        return
    ends = np.quantile(curves.overlaps[known], [1 / 3, 2 / 3])
    third = np.searchsorted(ends, np.where(known, curves.overlaps, np.nan))
    for k, name in enumerate(COLLISIONS):
        yield name, known & (third == k)
