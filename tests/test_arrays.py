"""Arrays of any library: what cannot be read is refused, and nothing of it is dropped."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse
import torch

from superscope import measure
from superscope.arrays import as_float32, real_numbers
from superscope.errors import HeadDataError, UsageError

ROWS = np.eye(4, 3) + 1


@pytest.mark.parametrize(
    ("matrix", "says"),
    [
        (torch.from_numpy(ROWS).to_sparse(), "sparse"),
        (scipy.sparse.csr_matrix(ROWS), r"sparse; pass its .toarray\(\)"),
        (scipy.sparse.coo_array(ROWS), "sparse"),
        (torch.empty(4, 3, device="meta"), "meta device"),
        ([[1.0, 2.0], [3.0]], "cannot be converted to an array"),
        ([torch.ones(2), torch.ones(3)], "cannot be converted to an array"),
        (ROWS + 1j, "not complex128"),
        (torch.from_numpy(ROWS + 1j).conj(), "not complex128"),
        (np.ma.masked_less(ROWS, 1.5), "masked numbers"),
        (ROWS.astype(str), "floating-point numbers"),
        (np.array([["1"], [None]], object), "floating-point numbers"),
    ],
)
def test_what_holds_no_matrix_of_real_numbers_is_refused(matrix: Any, says: str) -> None:
    with pytest.raises(HeadDataError, match=says) as raised:
        measure(matrix, pairs="none")
    assert str(raised.value).isprintable()


def test_a_mask_that_hides_nothing_is_no_reason_to_refuse() -> None:
    assert measure(np.ma.array(ROWS), pairs="none").features == 4


@pytest.mark.parametrize("smallest", [1e-50, 1e-300])
def test_rows_too_small_for_float32_are_not_called_zero(smallest: float) -> None:
    with pytest.raises(HeadDataError, match="1 row is too small for float32"):
        measure(ROWS * np.array([[smallest], [1], [1], [1]]), pairs="none")
    assert not as_float32(np.zeros((2, 3))).any()


@pytest.mark.parametrize(
    "values", [[1, 2j], np.ma.masked_equal([1.0, 2.0], 2.0), [1, "x"], [[1], [1, 2]],
               np.array(["2020-01-01", "NaT"], "M8[D]")],
)  # fmt: skip
def test_lists_of_numbers_hold_real_numbers(values: Any) -> None:
    with pytest.raises(UsageError, match="widths"):
        real_numbers(values, "widths")
    with pytest.raises(UsageError):
        measure(ROWS, pairs="none", frequencies=values)


def test_a_quantized_tensor_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch is giving them up
        quantized = torch.quantize_per_tensor(torch.ones(4, 3), 0.1, 0, torch.qint8)
        with pytest.raises(HeadDataError, match="is quantized"):
            measure(quantized, pairs="none")
