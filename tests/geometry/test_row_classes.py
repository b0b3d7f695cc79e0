"""What each row stands for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from superscope import Head
from superscope.geometry import RowClass, classify

ROWS = np.random.default_rng(0).standard_normal((8, 4)).astype(np.float32)


def test_equal_rows_are_a_group_whose_first_row_keeps_its_class() -> None:
    rows = ROWS.copy()
    rows[5] = rows[7] = rows[2]
    rows[3] = 0
    found = classify(Head.from_array(rows))
    assert found.groups == ((2, 5, 7),)
    assert [found.of(i) for i in (2, 3, 5, 7)] == ["unknown", "zero", "duplicate", "duplicate"]
    assert found.counts == {"zero": 1, "duplicate": 2, "unknown": 5}
    assert found.group(5) == (2, 5, 7) and found.group(0) == ()


def test_a_negative_zero_equals_zero() -> None:
    rows = ROWS.copy()
    rows[:2] = (1, 0, 2, 3)
    rows[1, 1] = -0.0
    assert classify(Head.from_array(rows)).groups == ((0, 1),)


def test_a_scaled_row_is_no_duplicate() -> None:
    rows = ROWS.copy()
    rows[1] = 2 * rows[0]
    assert classify(Head.from_array(rows)).groups == ()


def test_classes_are_of_the_kept_rows_by_id() -> None:
    head = Head.from_array(ROWS).keeping(np.array([2, 6]), "tokenizer")
    found = classify(head)
    assert found.of(6) is RowClass.UNKNOWN
    with pytest.raises(KeyError):
        found.of(3)


def test_every_class_says_what_it_means() -> None:
    assert len({kind.meaning for kind in RowClass}) == len(RowClass)


def stepped(steps: int, dtype: torch.dtype) -> Head:
    """A head whose third row is so many steps of its stored type from the first."""
    rows = torch.from_numpy(ROWS).to(dtype)
    bits = {2: torch.int16, 4: torch.int32}[rows.itemsize]
    whole = rows.view(bits).clone()
    whole[2] = whole[0] + steps
    return Head.from_array(whole.view(dtype))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_rows_are_equal_that_are_one_step_of_their_type_apart(dtype: torch.dtype) -> None:
    assert classify(stepped(1, dtype)).groups == ((0, 2),)
    assert classify(stepped(2, dtype)).groups == ()


def test_a_step_of_bfloat16_is_many_of_float32() -> None:
    rows = stepped(1, torch.bfloat16).block(0, 8)
    assert classify(Head.from_array(rows)).groups == ()


def test_equal_rows_are_found_among_many_and_all_may_be_equal() -> None:
    rows = np.random.default_rng(1).standard_normal((3000, 8)).astype(np.float16)
    rows[[7, 2999]] = rows[1234]
    assert classify(Head.from_array(rows)).groups == ((7, 1234, 2999),)
    same = classify(Head.from_array(np.ones((50, 3))))
    assert same.counts == {"duplicate": 49, "unknown": 1}


def test_a_row_that_differs_in_one_number_is_no_duplicate() -> None:
    rows = np.tile(ROWS[0], (4, 1))
    rows[3, 2] += 0.01
    assert classify(Head.from_array(rows)).groups == ((0, 1, 2),)
