"""Ranks by frequency: frequent tokens get more, at the weights of one rank for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from superscope.heads.narrow_head import Block, NarrowHead
from superscope.repack.closed_form import factor_of, gram_of, mean_row, roots
from superscope.repack.full_head import FullHead

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

Span = tuple[int, int]  # of the finest blocks: the first, and the one after the last

SHRINK = 4  # each block is so many times smaller than the one of less frequent rows
FINEST = 4  # blocks at most


@dataclass(frozen=True, eq=False)
class _Part:
    """A block of rows of like weight.

    Attributes
    ----------
    ids
        Its rows, ascending.
    values
        Its errors by direction: squared singular values of D M C^½, descending, shape (m,).
    vectors
        The directions, shape (m, m).
    """

    ids: Int64
    values: Float64
    vectors: Float64

    def most(self) -> int:
        """The largest rank that is of use."""
        return min(len(self.ids), len(self.values))


def block_heads(
    head: FullHead, ranks: Sequence[int], weights: Float64, second: Float64, center: Float64 | None
) -> Iterator[tuple[int, NarrowHead]]:
    """Yield, for each rank, a head of as many weights whose blocks of rows have their own ranks.

    Rows are sorted by weight and cut into blocks, each of which ends 4 times as far down as the one
    before. A step
    of rank in a block of b rows takes b + m weights and removes the next squared singular value of
    that block from the error E_h ‖D (W − W_r) h‖²; steps are taken in the order of benefit per
    weight, which is the least error but for the last step. Of the ways to merge neighboring blocks
    the one with the least error over all ranks is taken: a single block is among them.

    Parameters
    ----------
    head
        The full head.
    ranks
        From 1 to m: a head has no more weights than one of that rank.
    weights
        Squares of the diagonal of D, shape (V,).
    second
        C, shape (m, m).
    center
        Weights of the mean row, shape (V,); None to leave the rows as they are.
    """
    mean = None if center is None else mean_row(head, center)
    root, inverse = roots(second, head.width)
    parts = _merged(_finest(head, weights, mean, root))
    shift = None if mean is None else mean.astype(np.float32)
    factors: dict[Span, npt.NDArray[np.float32]] = {}
    chosen = _chosen(parts, ranks, len(head.rows) + head.width)
    for span in {span for spans in chosen.values() for span in spans}:
        most = max(spans.get(span, 0) for spans in chosen.values())
        into = root @ parts[span].vectors[:, :most]
        factors[span] = factor_of(head, mean, into, parts[span].ids)
    for rank, spans in chosen.items():
        blocks = tuple(
            Block(
                factors[span][:, :of],
                (parts[span].vectors[:, :of].T @ inverse).astype(np.float32),
                parts[span].ids,
            )
            for span, of in spans.items()
        )
        yield rank, NarrowHead(blocks, head.bias, shift)


def _finest(
    head: FullHead, weights: Float64, mean: Float64 | None, root: Float64
) -> list[tuple[Int64, Float64]]:
    """Return blocks of rows, the heaviest first, with their Gram matrices C^½ Mᵀ D² M C^½."""
    count = len(head.rows)
    order = np.argsort(-weights, kind="stable")
    cuts = sorted({0, count, *(count // SHRINK**k for k in range(1, FINEST))} - {0}) or [count]
    made = []
    for a, b in pairwise([0, *cuts]):
        ids = np.sort(order[a:b])
        made.append((ids, root @ gram_of(head, mean, weights, ids) @ root))
    return made


def _merged(finest: Sequence[tuple[Int64, Float64]]) -> dict[Span, _Part]:
    """Return every run of neighboring blocks as one block, by its first and the one after it."""
    made = {}
    for a in range(len(finest)):
        for b in range(a + 1, len(finest) + 1):
            values, vectors = np.linalg.eigh(sum(gram for _, gram in finest[a:b]))
            ids = np.sort(np.concatenate([ids for ids, _ in finest[a:b]]))
            made[a, b] = _Part(ids, np.maximum(values[::-1], 0), vectors[:, ::-1])
    return made


def _chosen(
    parts: dict[Span, _Part], ranks: Sequence[int], price: int
) -> dict[int, dict[Span, int]]:
    """Return the blocks of each rank, with their own ranks; a step of one rank has this price.

    All ranks share one division, so that their factors are views of one; rank m has a single block.
    """
    count = max(b for _, b in parts)
    whole = (0, count)
    width = len(parts[whole].values)
    narrow = [rank for rank in ranks if rank < width]
    found = []
    for bits in range(1 << (count - 1)):
        ends = [0, *(k + 1 for k in range(count - 1) if bits >> k & 1), count]
        spans = list(pairwise(ends))
        own = [_greedy([parts[span] for span in spans], rank * price) for rank in narrow]
        made = [dict(zip(spans, of, strict=True)) for of in own if of is not None]
        if len(made) == len(narrow):
            found.append((sum(_logarithm(parts, of) for of in made), made))
    _, best = min(found, key=lambda pair: pair[0])
    chosen = dict(zip(narrow, best, strict=True))
    return {rank: chosen.get(rank, {whole: width}) for rank in ranks}


def _logarithm(parts: dict[Span, _Part], ranks: dict[Span, int]) -> float:
    """Return the logarithm of the error that is left."""
    left = sum(float(parts[span].values[of:].sum()) for span, of in ranks.items())
    return float(np.log(max(left, np.finfo(np.float64).tiny)))


def _greedy(parts: Sequence[_Part], budget: int) -> list[int] | None:
    """Return the rank of each block, at least 1; None where so many blocks are too many weights."""
    prices = [len(part.ids) + len(part.values) for part in parts]
    ranks, left = [1] * len(parts), budget - sum(prices)
    if left < 0:
        return None
    steps = sorted(
        (-part.values[k] / price, b, k)
        for b, (part, price) in enumerate(zip(parts, prices, strict=True))
        for k in range(1, part.most())
    )
    for _, b, k in steps:
        if prices[b] <= left and ranks[b] == k:
            ranks[b] += 1
            left -= prices[b]
    return ranks
