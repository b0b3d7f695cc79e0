"""How many rows a head should have, which tells a slice, and a matrix stored by columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from superscope.errors import FormatError
from superscope.heads.naming import by_columns
from superscope.heads.stored import StoredTensor
from superscope.heads.tying import parts_of

_PADDING = 1024  # rows that a head may have above its vocabulary


def vocabulary_size(*configs: Mapping[str, Any]) -> int | None:
    """Return the size of the vocabulary by ``config.json`` or ``params.json``; None if unknown."""
    for config in configs:
        for part in parts_of(config):
            size = part.get("vocab_size")
            if type(size) is int and 0 < size < 1 << 31:
                return size
    return None


def by_rows(
    stored: StoredTensor, vocabulary: int | None, transpose: bool | None, ids: int | None = None
) -> tuple[StoredTensor, str | None]:
    """Return a matrix with a row for each feature, and a note where it was transposed.

    Parameters
    ----------
    vocabulary
        Size of the vocabulary by the config.
    transpose
        The user's own choice; None to judge by the vocabulary, then by the tensor's name.
    ids
        Number of ids of the tokenizer.
    """
    rows, columns = stored.shape
    if transpose is not None:
        turn, why = transpose, "as asked"
    elif vocabulary in (rows, columns):
        turn, why = rows != vocabulary, f"the vocabulary of the config has {vocabulary:,} ids"
    elif ids is not None and rows < ids <= columns <= ids + max(_PADDING, ids // 20):
        turn, why = True, f"the tokenizer has {ids:,} ids"
    else:
        turn, why = by_columns(stored.name), "matrices of this name have a column for each feature"
    if not turn:
        return stored, None
    turned = replace(stored, shape=(columns, rows), transposed=not stored.transposed)
    return turned, f"{stored.name} is stored {rows:,} × {columns:,} and was transposed: {why}"


def check_rows(
    shape: tuple[int, int], vocabulary: int | None, label: str, named: bool
) -> tuple[str, ...]:
    """Return notes on a head whose rows do not fit the config, or that has few rows.

    Raises
    ------
    FormatError
        It has a whole fraction of the rows, as a slice has, and the user did not name it.
    """
    rows = shape[0]
    if vocabulary is None:
        return few_rows(shape)
    if rows < vocabulary and vocabulary % rows == 0 and not named:
        raise FormatError(
            f"{label} has {rows:,} rows, 1/{vocabulary // rows} of the {vocabulary:,} ids of the "
            "config: a slice of the head; join the slices first, or name the tensor to measure it"
        )
    if not 0 <= rows - vocabulary <= _PADDING:
        return (f"the head has {rows:,} rows, and the vocabulary of the config {vocabulary:,} ids",)
    return ()


def few_rows(shape: tuple[int, int]) -> tuple[str, ...]:
    """Return a note if a head has fewer rows than columns."""
    rows, columns = shape
    if rows >= columns:
        return ()
    return (
        f"the head has fewer rows ({rows:,}) than columns ({columns:,}); "
        "if its features are the columns, pass transpose=True",
    )


def check_tokens(rows: int, ids: int, agreed: bool) -> tuple[str, ...]:
    """Return a note on a head whose rows do not fit the tokenizer.

    `agreed` tells that they fit the config, which may have a padded vocabulary.
    """
    short = ids - rows > ids // 100
    long = rows - ids > max(_PADDING, ids // 20) and not agreed
    return (f"the head has {rows:,} rows, and the tokenizer {ids:,} ids",) if short or long else ()
