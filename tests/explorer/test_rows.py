"""What is stored of the rows: little to search by, and every number as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from superscope.explorer.rows import small_rows, stored_rows
from superscope.heads import Head

FINITE = st.floats(-1e4, 1e4, width=32)


@given(arrays.arrays(np.float32, (4, 7), elements=FINITE))
def test_the_error_of_small_rows_bounds_what_is_lost(rows):
    base = np.float32(0.25) * np.ones(7, np.float32)
    q, scale, error = small_rows(rows, base)
    lost = rows.astype(np.float64) - base - q * scale.astype(np.float64)[:, None]
    assert (np.linalg.norm(lost, axis=1) <= error).all()


def test_a_row_at_the_base_loses_nothing():
    q, scale, error = small_rows(np.ones((1, 3), np.float32), np.ones(3, np.float32))
    assert not q.any() and not scale.any() and error[0] < 1e-40


def _back(made, kind):
    data = made["rows"]
    if kind == "q8":
        scales = made["scales"].view(np.float16).astype(np.float32)
        return (scales[:, :, None] * data.reshape(len(data), -1, 32)).reshape(data.shape)
    if kind == "bf16":
        return (data.astype(np.uint32) << 16).view(np.float32)
    return data.view(np.float16).astype(np.float32) if kind == "f16" else data


@pytest.mark.parametrize("kind", ["q8", "bf16", "f16", "f32"])
def test_the_smallest_form_holds_every_number(kind):
    random = np.random.default_rng(0)
    rows = random.normal(size=(20, 64)).astype(np.float32)
    if kind == "q8":
        q = random.integers(-126, 127, (20, 2, 32))
        q[:, :, 5] = 127
        scales = random.uniform(0.001, 0.1, (20, 2, 1)).astype(np.float16).astype(np.float32)
        rows = (q * scales).astype(np.float32).reshape(20, 64)
    if kind == "bf16":
        rows = (rows.view(np.uint32) & 0xFFFF0000).view(np.float32)
    if kind == "f16":
        rows = rows.astype(np.float16).astype(np.float32)
    made = stored_rows(Head.from_array(rows), np.zeros(64, np.float32))
    assert made.kind == kind
    assert np.array_equal(_back(made.exact[0].arrays, kind), rows)
