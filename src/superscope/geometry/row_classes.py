"""What each row of a head stands for: a word, a control token, a byte, padding, a repetition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from superscope.errors import FormatError
from superscope.geometry.repeated import repeated_rows
from superscope.heads import Head
from superscope.heads.kinds import TokenKind
from superscope.result import Result

if TYPE_CHECKING:
    import pandas as pd


class RowClass(StrEnum):
    """What a row stands for; where several are true, the first of them."""

    ZERO = "zero"
    """All its numbers are zero."""
    DUPLICATE = "duplicate"
    """It equals an earlier row to within the precision it is stored in."""
    SPECIAL = "special"
    """A control token of the tokenizer."""
    BYTE = "byte"
    """A byte that is no whole character, or the fall-back for one."""
    UNREACHABLE = "unreachable"
    """The tokenizer gives its id neither for its own text nor for that text within others."""
    PADDING = "padding"
    """The tokenizer has no such id."""
    WORD = "word"
    """A piece of text that the tokenizer produces."""
    UNKNOWN = "unknown"
    """Neither zero nor a duplicate; what else it is, no tokenizer says."""

    @property
    def meaning(self) -> str:
        """What it says of a row, as a sentence without its full stop."""
        return _MEANINGS[self]

    @property
    def may_be_word(self) -> bool:
        """Whether the row is a word, or could be one."""
        return self in (RowClass.WORD, RowClass.UNKNOWN)


_MEANINGS = {
    RowClass.ZERO: "all numbers of the row are zero",
    RowClass.DUPLICATE: "the row equals an earlier one to within the precision it is stored in",
    RowClass.SPECIAL: "a control token of the tokenizer",
    RowClass.BYTE: "a byte that is no whole character, or the fall-back for one",
    RowClass.UNREACHABLE: (
        "the tokenizer gives this id neither for the token's own text nor for that text "
        "within others"
    ),
    RowClass.PADDING: "the tokenizer has no such id",
    RowClass.WORD: "a piece of text that the tokenizer produces",
    RowClass.UNKNOWN: "neither zero nor a duplicate; what else it is, no tokenizer says",
}
CLASSES = tuple(RowClass)
_OF_KIND = {
    TokenKind.SPECIAL: RowClass.SPECIAL,
    TokenKind.BYTE: RowClass.BYTE,
    TokenKind.UNREACHABLE: RowClass.UNREACHABLE,
    TokenKind.ABSENT: RowClass.PADDING,
    TokenKind.WORD: RowClass.WORD,
    TokenKind.UNKNOWN: RowClass.UNKNOWN,
}


@dataclass(frozen=True, eq=False)
class RowClasses(Result):
    """The class of each row of a head.

    Attributes
    ----------
    codes
        Place of each kept row's class in ``tuple(RowClass)``, int8, shape (V,).
    groups
        Ids of the rows that are equal, one tuple for each group, ascending; the first of a group
        has a class of its own, the others are duplicates.
    ids
        Ids of the kept rows, ascending, int64, shape (V,); None if all stored rows were kept.
    reason
        Why what needs a tokenizer is not known, or None if it is.
    texts
        Text of each row of each group, None for a row without; or None if no text is known.

    Examples
    --------
    >>> import numpy as np
    >>> from superscope import Head
    >>> from superscope.geometry import classify
    >>> classes = classify(Head.from_array(np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 0.0]])))
    >>> str(classes.of(2)), classes.groups
    ('duplicate', ((0, 2),))
    """

    DERIVED = ("counts",)

    codes: npt.NDArray[np.int8]
    groups: tuple[tuple[int, ...], ...]
    ids: npt.NDArray[np.int64] | None = None
    reason: str | None = None
    texts: tuple[tuple[str | None, ...], ...] | None = None

    @property
    def kept_ids(self) -> npt.NDArray[np.int64]:
        """Ids of the classified rows, ascending, int64, shape (V,)."""
        return np.arange(len(self.codes)) if self.ids is None else self.ids

    def of(self, index: int) -> RowClass:
        """Return the class of the row with vocabulary id `index`.

        Raises
        ------
        KeyError
            No such row was kept.
        """
        at = index if self.ids is None else int(np.searchsorted(self.ids, index))
        within = 0 <= at < len(self.codes)
        if not within or (self.ids is not None and self.ids[at] != index):
            raise KeyError(index)
        return CLASSES[int(self.codes[at])]

    def group(self, index: int) -> tuple[int, ...]:
        """Return the ids of the rows that are equal to one, its own among them; or no ids."""
        return self._group_of.get(index, ())

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each row of the head.

        Returns
        -------
        pandas.DataFrame
            Columns ``id``, ``class``, and ``equal_to``: the id of the first row that it equals,
            missing where there is none.
        """
        import pandas as pd

        ids = self.kept_ids
        first = {index: group[0] for group in self.groups for index in group[1:]}
        names = np.array([str(kind) for kind in CLASSES], object)
        equal = pd.array([first.get(index) for index in ids.tolist()], dtype="Int64")
        return pd.DataFrame({"id": ids, "class": names[self.codes], "equal_to": equal})

    @cached_property
    def _group_of(self) -> dict[int, tuple[int, ...]]:
        return {index: group for group in self.groups for index in group}

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows of each class that occurs."""
        counts = np.bincount(self.codes, minlength=len(CLASSES)).tolist()
        return {str(kind): n for kind, n in zip(CLASSES, counts, strict=True) if n}

    @property
    def first(self) -> npt.NDArray[np.bool_]:
        """Whether each row is neither zero nor a duplicate, shape (V,)."""
        left_out = [CLASSES.index(RowClass.ZERO), CLASSES.index(RowClass.DUPLICATE)]
        return ~np.isin(self.codes, left_out)

    @property
    def words(self) -> npt.NDArray[np.bool_]:
        """Whether each row is a word, or could be one, shape (V,)."""
        return np.isin(self.codes, [k for k, c in enumerate(CLASSES) if c.may_be_word])

    def __repr__(self) -> str:
        counts = ", ".join(f"{n:,} {kind}" for kind, n in self.counts.items())
        return f"RowClasses({counts})"


def classify(head: Head) -> RowClasses:
    """Return the class of each row of a head.

    It takes a pass over the rows, and encodes the text of each token.

    Parameters
    ----------
    head
        The head; its tokenizer, if it has one, tells more than zeros and duplicates.

    Returns
    -------
    RowClasses
        A class for each kept row. A tokenizer that cannot be read counts as none, with a reason.
    """
    zero, groups = repeated_rows(head)
    reason = None
    kinds: tuple[TokenKind, ...] = ()
    if head.tokenizer is None:
        reason = "there is no tokenizer"
    else:
        try:
            kinds = head.tokenizer.kinds
        except FormatError as error:
            reason = str(error)
    codes = np.full(head.features, CLASSES.index(RowClass.UNKNOWN), np.int8)
    if reason is None:
        codes[:] = list(_codes(head, kinds))
    codes[[k for group in groups for k in group[1:]]] = CLASSES.index(RowClass.DUPLICATE)
    codes[zero] = CLASSES.index(RowClass.ZERO)
    named = tuple(tuple(head.id_of(k) for k in group) for group in groups)
    texts = tuple(tuple(map(head.token, group)) for group in named)
    return RowClasses(codes, named, head.ids, reason, None if head.tokens is None else texts)


def _codes(head: Head, kinds: tuple[TokenKind, ...]) -> Iterator[int]:
    code = {kind: CLASSES.index(found) for kind, found in _OF_KIND.items()}
    for position in range(head.features):
        index = head.id_of(position)
        yield code[kinds[index] if index < len(kinds) else TokenKind.ABSENT]


def class_codes(kinds: Iterable[object]) -> tuple[list[str], npt.NDArray[np.uint8]]:
    """Return the names of classes as they come, and the code of each row.

    Parameters
    ----------
    kinds
        The class of each row, as tables of tokens have it; what is no text has the empty name.
    """
    known = [kind if isinstance(kind, str) else "" for kind in kinds]
    code = {name: k for k, name in enumerate(dict.fromkeys(known))}
    return list(code), np.array([code[kind] for kind in known], np.uint8)
