"""Ranks by frequency take no more weights than one rank for all, and never leave a larger error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from superscope.heads.narrow_head import NarrowHead
from superscope.repack.block_ranks import block_heads
from superscope.repack.closed_form import closed_forms
from superscope.repack.full_head import FullHead

ROWS, WIDTH = 2560, 24
Float64 = npt.NDArray[np.float64]


def head_like_a_vocabulary() -> tuple[FullHead, Float64, Float64]:
    """Return a head, frequencies by Zipf's law, and a second moment."""
    draw = np.random.default_rng(0)
    rows = draw.standard_normal((ROWS, WIDTH)).astype(np.float32)
    p = 1 / np.arange(1, ROWS + 1)
    states = draw.standard_normal((200, WIDTH)) * np.geomspace(1, 0.1, WIDTH)
    return FullHead(rows, None, True), draw.permutation(p / p.sum()), states.T @ states / 200


def error(head: FullHead, narrow: NarrowHead, weights: Float64, second: Float64) -> float:
    away = head.rows - narrow.matrix().astype(np.float64)
    return float(weights @ np.einsum("ij,jk,ik->i", away, second, away))


@pytest.mark.parametrize("rank", [1, 3, 8, 16])
def test_as_many_weights_have_a_smaller_error(rank: int) -> None:
    head, p, second = head_like_a_vocabulary()
    ((_, blocks),) = block_heads(head, [rank], p, second, p)
    ((_, single),) = closed_forms(head, (rank,), p, second, p)
    assert blocks.weights <= single.weights
    assert blocks.vocabulary == ROWS
    assert error(head, blocks, p, second) <= error(head, single, p, second) * (1 + 1e-5)


def test_frequent_rows_get_more_rank_and_come_once() -> None:
    head, p, second = head_like_a_vocabulary()
    ((_, found),) = block_heads(head, [8], p, second, p)
    assert len(found.blocks) > 1
    ids = [block.ids for block in found.blocks if block.ids is not None]
    assert sorted(np.concatenate(ids)) == list(range(ROWS))
    weight = [p[some].mean() for some in ids]
    ranks = [block.rank for block in found.blocks]
    assert sorted(ranks) == [ranks[k] for k in np.argsort(weight)]
    assert ranks[0] > ranks[-1]


def test_permuting_rows_or_rotating_the_width_changes_nothing() -> None:
    head, p, second = head_like_a_vocabulary()
    draw = np.random.default_rng(1)
    order, (turn, _) = draw.permutation(ROWS), np.linalg.qr(draw.normal(size=(WIDTH, WIDTH)))
    moved = FullHead((head.rows[order] @ turn).astype(np.float32), None, True)
    ((_, right),) = block_heads(head, [8], p, second, p)
    ((_, found),) = block_heads(moved, [8], p[order], turn.T @ second @ turn, p[order])
    assert [block.rank for block in found.blocks] == [block.rank for block in right.blocks]
    np.testing.assert_allclose(found.matrix(), right.matrix()[order] @ turn, atol=1e-4)


def test_of_rank_m_nothing_is_lost() -> None:
    head, p, second = head_like_a_vocabulary()
    found = dict(block_heads(head, [4, WIDTH], p, second, p))
    np.testing.assert_allclose(found[WIDTH].matrix(), head.rows, atol=1e-4)


def test_a_head_of_few_rows_has_a_block_all_the_same() -> None:
    head = FullHead(np.eye(3, 2, dtype=np.float32), None, False)
    ((_, found),) = block_heads(head, [1], np.ones(3), np.eye(2), None)
    assert found.vocabulary == 3
    assert found.weights <= 5
