"""A head made of a matrix, and the rows it gives."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from files import matrix
from hypothesis import given, settings
from hypothesis import strategies as st

from superscope.errors import FormatError, HeadDataError
from superscope.heads import ArrayRows, FileRows, Head, Provenance, family_of, members
from superscope.heads.encodings import ENCODINGS

W = matrix(50, 4)


@pytest.mark.parametrize(
    ("given_", "dtype"),
    [
        (W, "float32"), (W.astype("f8"), "float64"), (W.astype("f2"), "float16"),
        (torch.from_numpy(W), "float32"), (torch.from_numpy(W).bfloat16(), "bfloat16"),
        (torch.from_numpy(W).double().requires_grad_(), "float64"),
    ],
)  # fmt: skip
def test_of_an_array(given_: np.ndarray | torch.Tensor, dtype: str) -> None:
    head = Head.from_array(given_, model="mine", tokens=("a", None))
    expected = torch.as_tensor(given_).detach().float().numpy()
    np.testing.assert_array_equal(head.block(0, 50), expected)
    assert head.block(0, 50).dtype == np.float32
    assert (head.features, head.width) == (50, 4)
    assert head.provenance == Provenance("mine", dtype=dtype)
    assert [head.token(0), head.token(1), head.token(2)] == ["a", None, None]


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        (W[0], r"mine has shape \(4,\), but a head is a 2-D matrix"),
        (W[None], r"mine has shape \(1, 50, 4\)"),
        (W[:0], r"mine is empty: it has shape \(0, 4\)"),
        (W[:, :0], r"mine is empty: it has shape \(50, 0\)"),
        (W.astype(int), "mine: a head must hold floating-point numbers, not int64"),
        (torch.ones(3, 3, dtype=torch.int32), "floating-point"),
        (W > 0, "not bool"),
        ("text", "floating-point"),
    ],
)
def test_what_is_no_head(given_: object, message: str) -> None:
    if isinstance(given_, torch.Tensor):
        given_ = given_.numpy()
    with pytest.raises(HeadDataError, match=message):
        Head.from_array(given_, model="mine")


_IDS = st.lists(st.integers(0, 49), min_size=1, unique=True).map(sorted)


@settings(deadline=None, database=None, max_examples=60)
@given(ids=_IDS, data=st.data(), dtype=st.sampled_from(["F32", "F16", "F64"]))
def test_kept_rows_are_those_of_the_matrix(ids: list[int], data: st.DataObject, dtype: str) -> None:
    """In memory or in a file, few or many, with a gain: the same rows."""
    stored = W.astype({"F32": "<f4", "F16": "<f2", "F64": "<f8"}[dtype])
    gain = np.array([1, 2, 3, 4], np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        path.write_bytes(b"xyz" + stored.tobytes())
        rows = [ArrayRows(stored), FileRows(path, 3, (50, 4), ENCODINGS[dtype])]
        kept = np.array(ids)
        expected = stored.astype(np.float32)[kept] * gain
        start = data.draw(st.integers(0, len(ids)))
        stop = data.draw(st.integers(start, len(ids)))
        some = np.array(data.draw(st.lists(st.integers(0, len(ids) - 1), max_size=9)), np.int64)
        for source in rows:
            head = Head(source, Provenance("m"), gain=gain).keeping(kept, "tokenizer")
            np.testing.assert_array_equal(head.block(start, stop), expected[start:stop])
            np.testing.assert_array_equal(head.take(some), expected[some])
            assert head.features == len(ids)
            assert [head.id_of(i) for i in range(len(ids))] == ids
            assert head.provenance.rows == "tokenizer"


def test_rows_of_a_file_that_is_gone(tmp_path: Path) -> None:
    rows = FileRows(tmp_path / "gone", 0, (5, 4), ENCODINGS["F32"])
    with pytest.raises(FormatError, match=r"cannot read rows of .*gone: No such file"):
        rows.block(1, 3)
    with pytest.raises(FormatError, match=r"cannot read rows of .*gone"):
        rows.take(np.array([1]))


def test_families() -> None:
    assert members("OPT")[0] == "facebook/opt-125m"
    assert len(members("qwen2.5")) == 7
    assert family_of("EleutherAI/pythia-12b") == "pythia"
    assert family_of("somebody/pythia-12b") is None
