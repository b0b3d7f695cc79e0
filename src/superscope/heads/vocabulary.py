"""Compare a head's shape with the vocabulary, to detect slices and transposed matrices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from superscope.errors import FormatError
from superscope.heads.stored import StoredTensor
from superscope.heads.tying import parts_of

_PADDING = 1024  # a head may have this many more rows than its vocabulary


def vocabulary_size(*configs: Mapping[str, Any]) -> int | None:
    """Return the vocabulary size in ``config.json`` or ``params.json``; None if unknown."""
    for config in configs:
        for part in parts_of(config):
            size = part.get("vocab_size")
            if type(size) is int and 0 < size < 1 << 31:
                return size
    return None


def by_rows(
    stored: StoredTensor,
    vocabulary: int | None,
    axis: str | None,
    ids: int | None = None,
    columns: bool = False,
) -> tuple[StoredTensor, str | None]:
    """Return a matrix with a row for each feature, and a note if it was transposed.

    Parameters
    ----------
    vocabulary
        Size of the vocabulary in the config.
    axis
        ``rows`` or ``columns``, as the user chose; None decides by the vocabulary, and then by
        the tensor's name.
    ids
        Number of ids of the tokenizer.
    columns
        Whether tensors of this name have a column for each feature.
    """
    rows, width = stored.shape
    if axis is not None:
        turn, why = axis == "columns", "as you chose"
    elif vocabulary in (rows, width):
        turn, why = rows != vocabulary, f"the vocabulary of the config has {vocabulary:,} ids"
    elif ids is not None and rows < ids <= width <= ids + max(_PADDING, ids // 20):
        turn, why = True, f"the tokenizer has {ids:,} ids"
    else:
        turn, why = columns, "matrices of this name have a column for each feature"
    if not turn:
        return stored, None
    other = replace(stored, shape=(width, rows), transposed=not stored.transposed)
    return other, f"{stored.name} is stored {rows:,} × {width:,} and was transposed: {why}"


def check_rows(
    shape: tuple[int, int], vocabulary: int | None, label: str, named: bool
) -> tuple[str, ...]:
    """Return notes if the number of rows does not match the config, or is small.

    Raises
    ------
    FormatError
        The head looks like a slice (1/2, 1/3, … of the rows), and the user did not choose it.
    """
    rows = shape[0]
    if vocabulary is None:
        return few_rows(shape)
    if rows < vocabulary and vocabulary % rows == 0 and not named:
        raise FormatError(
            f"{label} has {rows:,} rows, which is 1/{vocabulary // rows} of the {vocabulary:,} "
            "ids in the config, so it is a slice of the head; join the slices first, or name "
            "the tensor to measure it"
        )
    if not 0 <= rows - vocabulary <= _PADDING:
        return (f"the head has {rows:,} rows, but the config says {vocabulary:,} ids",)
    return ()


def check_columns(width: int, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a note if the columns are not as many as the hidden size in the config.

    Some models embed in another width than the hidden one; their config then has that width too.
    """
    parts = parts_of(config)
    hidden = next((size for part in parts if (size := part.get("hidden_size")) is not None), None)
    known = {value for part in parts for value in part.values() if type(value) is int}
    if type(hidden) is not int or width in known:
        return ()
    return (f"the head has {width:,} columns, but the config says a hidden size of {hidden:,}",)


def few_rows(shape: tuple[int, int]) -> tuple[str, ...]:
    """Return a note if a head has fewer rows than columns."""
    rows, columns = shape
    if rows >= columns:
        return ()
    return (
        f"the matrix has fewer rows ({rows:,}) than columns ({columns:,}); "
        "if its features are the columns, pass axis='columns'",
    )


def check_tokens(rows: int, ids: int, agreed: bool) -> tuple[str, ...]:
    """Return a note if the number of rows does not match the tokenizer.

    `agreed` says that it matches the config, whose vocabulary may be padded.
    """
    short = ids - rows > ids // 100
    long = rows - ids > max(_PADDING, ids // 20) and not agreed
    note = f"the head has {rows:,} rows, but the tokenizer has {ids:,} ids"
    return (note,) if short or long else ()
