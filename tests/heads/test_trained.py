"""Rows near zero: which they are, and that they can be left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from files import matrix, safetensors, save

from superscope import measure
from superscope.errors import UsageError
from superscope.heads import Head, near_zero, read_head, trained_rows

V, M, UNTRAINED, ZERO = 400, 16, 40, 3


def untrained_head() -> torch.Tensor:
    """Return rows of which the first are zero and the last near zero, as in Llama 3's base."""
    rows = matrix(V, M)
    rows[:ZERO] = 0
    rows[-UNTRAINED:] *= 1e-24
    return torch.from_numpy(rows).bfloat16()


@pytest.mark.parametrize("scale", [1e-200, 1e-24, 1.0, 1e200])
def test_norms_near_zero_are_relative_to_the_usual(scale: float) -> None:
    norms = np.concatenate(([0.0, 1e-24, 9e-4], np.ones(200), [0.01, 1e6])) * scale
    np.testing.assert_array_equal(np.flatnonzero(near_zero(norms)), [1, 2])


def test_a_few_huge_rows_do_not_make_the_others_small() -> None:
    assert not near_zero(np.concatenate((np.ones(1000), np.full(10, 1e8)))).any()
    assert near_zero(np.concatenate((np.full(600, 1e-6), np.ones(400)))).sum() == 600
    assert not near_zero(np.zeros(5)).any()


def test_rows_near_zero_are_counted_and_can_be_left_out(tmp_path: Path) -> None:
    tensor = untrained_head()
    folder = save(tmp_path, {"model.safetensors": safetensors({"lm_head.weight": tensor})})
    every = measure(folder, progress=None)
    assert (every.features, every.zero_rows) == (V - ZERO, (0, 1, 2))
    assert every.near_zero_rows == tuple(range(V - UNTRAINED, V))
    assert "40 rows are near zero" in every.notes[0]
    assert "rows='trained'" in str(every)
    trained = measure(folder, rows="trained", progress=None)
    assert (trained.features, trained.zero_rows) == (V - UNTRAINED - ZERO, (0, 1, 2))
    assert trained.near_zero_rows == every.near_zero_rows
    assert trained.rows_outside_tokenizer == 0
    assert trained.notes == ()
    assert "40 near zero (ids 360, 361, 362, 363, 364, …)" in str(trained)
    alone = measure(tensor[:-UNTRAINED], progress=None)
    assert trained.centered.mean_square_overlap == alone.centered.mean_square_overlap
    assert alone.centered.mean_square_overlap < every.centered.mean_square_overlap
    in_memory = measure(tensor, rows="trained", progress=None)
    assert in_memory.raw.mean_square_overlap == alone.raw.mean_square_overlap


def test_ordinary_rows_are_all_trained(tmp_path: Path) -> None:
    ordinary = measure(matrix(V, M), progress=None)
    assert ordinary.near_zero_rows == ()
    assert ordinary.notes == ()
    folder = save(tmp_path, {"model.safetensors": safetensors({"lm_head.weight": matrix(9, 4)})})
    assert read_head(folder, rows="trained").features == 9


def test_rows_are_left_out_once() -> None:
    head = Head.from_array(matrix(9, 4)).keeping(np.arange(5), "tokenizer")
    with pytest.raises(UsageError, match="a head with all its rows"):
        trained_rows(head)


def test_a_few_huge_rows_that_make_the_mean_are_named() -> None:
    rows = matrix(V, M)
    rows[:3] = 2000 * rows[0]
    (note,) = measure(rows, progress=None).notes
    assert "3 rows with more than 10 times the median norm make the mean row" in note
