"""Which tokens a tokenizer gives for some text, asked by encoding the text of each.

Pieces are tried alone and beside other letters: «ing» is reachable if it is in «aing», though a
tokenizer that puts a space before every text never gives it for «ing».
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Encode = Callable[[list[str]], Iterable[Sequence[int]]]
Context = tuple[str, str]

ALONE: tuple[Context, ...] = (("", ""), ("a", ""), ("«", ""))
WITHIN: tuple[Context, ...] = (("a", ""), ("", ""), ("«", ""))
"""The first contexts, for pieces that spell a space as one, and for those that spell it as «▁»."""

FURTHER: tuple[Context, ...] = (
    ("1", ""), ("x", ""), (".", ""), ("\n", ""), ("a ", ""),
    ("", "a"), ("", "«"), ("", "1"), ("", "\n"), ("a", "a"), ("«", "«"), ("1", "1"),
)  # fmt: skip
_BATCH = 8192  # texts given to the tokenizer at once


def unreachable(
    texts: Mapping[int, str],
    encode: Encode,
    contexts: Sequence[Context],
    possible: Callable[[int], bool],
) -> set[int]:
    """Return the ids that are not among those of their own text in any context.

    Parameters
    ----------
    texts
        Text of each id.
    encode
        Gives the ids of texts, without any that the tokenizer adds.
    contexts
        What to put before and after a text, tried in this order, and then :data:`FURTHER`.
    possible
        Whether an id could be found in further contexts; it saves trying those that cannot.
    """
    left = dict(texts)
    for context in contexts:
        left = _still_missing(left, encode, context)
    left_out = {index for index in left if not possible(index)}
    left = {index: text for index, text in left.items() if index not in left_out}
    for context in FURTHER:
        left = _still_missing(left, encode, context)
    return left_out | set(left)


def _still_missing(texts: dict[int, str], encode: Encode, context: Context) -> dict[int, str]:
    before, after = context
    found = {
        index
        for part in _parts(list(texts.items()))
        for (index, _), ids in zip(
            part, encode([before + text + after for _, text in part]), strict=True
        )
        if index in ids
    }
    return {index: text for index, text in texts.items() if index not in found}


def _parts(items: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    for at in range(0, len(items), _BATCH):
        yield items[at : at + _BATCH]
