"""Token frequencies as they are given, compared with the head that they are to weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from superscope.arrays import real_numbers
from superscope.errors import UsageError
from superscope.heads import Head
from superscope.heads.tokens import piece_reader
from superscope.text import counted, percent, visible

Float64 = npt.NDArray[np.float64]

_PADDING = 1024  # rows that a head may have beyond its tokenizer, or 5 % of it where that is more
_FOREIGN = 0.5  # below this share of tokens with the head's texts, the tokenizer is another one
_SAME = 0.99  # from this share on, the tokenizer is the head's: texts may be spelled another way
_READINGS = tuple(map(piece_reader, ("plain", "bytes", "metaspace")))


class TokenCounts(Protocol):
    """Counts of tokens and their texts, such as a :class:`~superscope.frequency.TokenFrequency`."""

    @property
    def counts(self) -> npt.ArrayLike:
        """How often each id occurs, shape (ids,)."""

    @property
    def texts(self) -> Sequence[str | None] | None:
        """Text of each id, or None if not known."""


@dataclass(frozen=True, eq=False)
class Frequencies:
    """How often each token occurs, as a file or an array says it.

    Attributes
    ----------
    counts
        Frequency of each id, on any scale, float64, shape (ids,).
    texts
        Text of each id as its tokenizer spells it, None for an id without text; or None.
    """

    counts: Float64
    texts: tuple[str | None, ...] | None = None


def of_rows(given: npt.ArrayLike | TokenCounts, head: Head) -> tuple[Float64, tuple[str, ...]]:
    """Return a frequency for each stored row of a head, and what the user should know of them.

    Ids beyond those given, up to the stored rows, count as 0.

    Raises
    ------
    UsageError
        The frequencies are not finite numbers of at least 0, or come from another tokenizer: they
        exceed the stored rows in number, or the texts of their tokens are not those of the head.
    """
    texts: Sequence[str | None] | None = getattr(given, "texts", None)
    values = _numbers(getattr(given, "counts", given))
    stored, ids = head.stored.shape[0], len(values)
    model = head.provenance.model
    values = np.trim_zeros(values, "b")  # ids that never occur may have no row
    if len(values) > stored:
        raise UsageError(
            f"{len(values):,} frequencies for the {stored:,} stored rows of {model}: "
            "they come from another tokenizer"
        )
    same = None if texts is None else _same_texts(values, texts, head)
    if same is None:
        notes = _few(ids, stored)
    elif same.share < _FOREIGN:
        raise UsageError(
            f"the frequencies come from another tokenizer than {model}'s: {same}; count the text "
            "with the tokenizer of this model (superscope frequency, count_tokens)"
        )
    else:
        notes = () if same.share >= _SAME else (f"the frequencies: {same}",)
    return np.concatenate([values, np.zeros(stored - len(values))]), notes


def _numbers(given: Any) -> Float64:
    if hasattr(given, "reindex") and not np.array_equal(given.index, np.arange(len(given))):
        raise UsageError(
            "frequencies has an index that is not 0, 1, 2, …, so its order is not that of the ids; "
            "pass .reindex(range(V), fill_value=0), with V the number of ids"
        )
    try:
        values = real_numbers(given, "the list")
    except UsageError as error:
        raise UsageError(f"frequencies must be a number for each token: {error}") from None
    if values.ndim != 1:
        raise UsageError(f"frequencies must be a number for each token; got shape {values.shape}")
    bad = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(bad):
        raise UsageError(f"frequencies must be finite and not negative; id {bad[0]} is not")
    return values


def _few(ids: int, stored: int) -> tuple[str, ...]:
    """Return a note if there are fewer frequencies than padding of the head explains."""
    if ids and stored - ids <= max(_PADDING, ids // 20) and 2 * ids >= stored:
        return ()
    return (
        f"there are {counted(ids, 'frequency', 'frequencies')} for the {stored:,} stored rows; "
        "ids beyond them count as 0, and if another tokenizer counted them, all weights are wrong",
    )


@dataclass(frozen=True)
class _SameTexts:
    """The share of the tokens counted that have the head's text, and one that has another."""

    share: float
    example: tuple[int, str, str | None] | None

    def __str__(self) -> str:
        said = f"{percent(self.share)} of their tokens have the text that the head's tokenizer has"
        if self.example is None:
            return said
        index, theirs, ours = self.example
        head = "no text" if ours is None else visible(ours)
        return f"{said}; id {index} is {visible(theirs)} in the frequencies and {head} in the head"


def _same_texts(values: Float64, texts: Sequence[str | None], head: Head) -> _SameTexts | None:
    """Compare the texts of the ids that occur; None where nothing can be compared."""
    if head.tokens is None or not values.any():
        return None
    values = values / values.max()  # their sum is then finite
    same = known = 0.0
    example, heaviest = None, 0.0
    for index in np.flatnonzero(values[: len(texts)]).tolist():
        theirs, ours, weight = texts[index], head.token(index), float(values[index])
        if theirs is None:
            continue
        known += weight
        if ours is not None and _alike(theirs, ours):
            same += weight
        elif weight > heaviest:
            example, heaviest = (index, theirs, ours), weight
    return _SameTexts(same / known, example) if known else None


def _alike(theirs: str, ours: str) -> bool:
    """Whether two texts may be one token: vocabularies spell spaces and bytes in several ways."""
    return theirs == ours or _bare(ours) in {_bare(read(theirs)) for read in _READINGS}


def _bare(text: str) -> str:
    return text.strip().removeprefix("##")
