"""The overlap from factors is what measure finds of the rows."""

from __future__ import annotations

import numpy as np
import pytest

import superscope
from superscope.heads.narrow_head import Block, NarrowHead
from superscope.repack.overlap import row_overlap


def factors(rows: int, rank: int, width: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    made = draw.standard_normal((rows, rank)), draw.standard_normal((rank, width))
    return made[0].astype(np.float32), made[1].astype(np.float32)


def agrees(head: NarrowHead) -> None:
    measured, found = superscope.measure(head.matrix(), pairs="none"), row_overlap(head)
    assert found.raw == pytest.approx(measured.raw.mean_square_overlap, rel=1e-5)
    assert found.centered == pytest.approx(measured.centered.mean_square_overlap, rel=1e-5)


def test_one_block_with_a_shift() -> None:
    shift = np.full(12, 3.0, np.float32)
    agrees(NarrowHead((Block(*factors(60, 5, 12, 0)),), shift=shift))


def test_blocks_of_two_ranks() -> None:
    ids = np.random.default_rng(1).permutation(60)
    first, second = np.sort(ids[:20]), np.sort(ids[20:])
    blocks = Block(*factors(20, 7, 12, 1), first), Block(*factors(40, 2, 12, 2), second)
    agrees(NarrowHead(blocks))


def test_zero_rows_have_no_direction() -> None:
    rows, columns = factors(30, 4, 9, 3)
    rows[5:8] = 0
    agrees(NarrowHead((Block(rows, columns),)))


def test_a_head_of_rank_m_with_orthogonal_rows() -> None:
    found = row_overlap(
        NarrowHead((Block(np.eye(8, dtype=np.float32), np.eye(8, dtype=np.float32)),))
    )
    assert found.raw == pytest.approx(0, abs=1e-12)
