"""Where the start is known, rows that training moved are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.command import superscope

from superscope import measure
from superscope.errors import UsageError
from superscope.geometry import Evidence

START = np.random.default_rng(0).standard_normal((400, 16)).astype(np.float32)
STEPS = np.random.default_rng(1).standard_normal((400, 16)).astype(np.float32)


def test_half_of_the_rows_moved() -> None:
    rows = START.copy()
    rows[:200] += 0.01 * STEPS[:200]
    moved = measure(rows, initial=START, pairs="none").moved
    assert moved is not None
    assert (moved.rows, moved.moved, moved.turned) == (400, 0.5, 0.5)


def test_rounding_is_no_move_and_decay_is_no_turn() -> None:
    for dtype in (torch.bfloat16, torch.float16, torch.float32):
        stored = torch.from_numpy(START).to(dtype)
        moved = measure(stored, initial=START, pairs="none").moved
        assert moved is not None
        assert moved.moved == 0
    decayed = measure(0.9 * START, initial=START, pairs="none").moved
    assert decayed is not None
    assert (decayed.moved, decayed.turned) == (1.0, 0.0)


def test_moves_are_evidence_where_overlaps_are_those_of_random_rows() -> None:
    for rows, expected in ((START + STEPS, Evidence.MOVED), (START, Evidence.NONE)):
        geometry = measure(rows, initial=START, pairs="none")
        assert geometry.evidence is expected
        assert geometry.observation().moved_fraction == float(expected is Evidence.MOVED)
        assert "differ from array by more than rounding" in str(geometry)
        assert type(geometry).from_json(geometry.to_json()) == geometry


def test_added_tokens_and_zero_rows_are_not_compared() -> None:
    rows = np.vstack([START, START[:10]])
    rows[3] = 0
    moved = measure(rows, initial=START, pairs="none").moved
    assert moved is not None
    assert (moved.rows, moved.moved) == (399, 0.0)


def test_another_models_start_is_refused() -> None:
    with pytest.raises(UsageError, match="has 15 columns and the head 16"):
        measure(START, initial=START[:, :15], pairs="none")
    broken = START.copy()
    broken[7] = np.nan
    with pytest.raises(UsageError, match="not finite"):
        measure(START, initial=broken, pairs="none")


def test_the_command_takes_an_initialization(tmp_path: Path) -> None:
    files = tmp_path / "head.npy", tmp_path / "start.npy"
    np.save(files[0], START + STEPS)
    np.save(files[1], START)
    done = superscope("measure", files[0], "--initial", files[1], "--pairs", "none")
    assert "1.0000 of 400 differ from" in done.out
    refused = superscope("measure", files[0], files[0], "--initial", files[1])
    assert refused.code == 2
    assert "one at a time" in refused.err
