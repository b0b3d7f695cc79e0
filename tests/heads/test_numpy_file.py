"""``.npy`` and ``.npz`` files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from files import matrix

from superscope.errors import FormatError, HeadDataError, NotFoundError, SuperscopeError
from superscope.heads import FileRows, Head, read_head

W = matrix(40, 6)


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8"])
def test_npy(dtype: str, order: Any, tmp_path: Path) -> None:
    array = np.asarray(W.astype(dtype), order=order)
    path = tmp_path / "unembedding.npy"
    np.save(path, array)
    head = read_head(path)
    np.testing.assert_array_equal(whole(head), array.astype(np.float32))
    assert head.provenance.tensor == "unembedding"
    assert isinstance(head.stored, FileRows) == (order == "C")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npz(save: Any, order: Any, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    save(path, **{"bias": W[0], "lm_head.weight": np.asarray(W, order=order), "b": W[:3]})
    np.testing.assert_array_equal(whole(read_head(path)), W)
    np.testing.assert_array_equal(whole(read_head(path, tensor="b")), W[:3])
    with pytest.raises(HeadDataError, match=r"tensor bias has shape \(6,\)"):
        read_head(path, tensor="bias")
    with pytest.raises(NotFoundError, match=r"candidates: lm_head\.weight 40 × 6, b 3 × 6"):
        read_head(path, tensor="nothing")


def test_npz_needs_no_known_name_if_it_has_one_matrix(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, anything=W, bias=W[0])
    head = read_head(path)
    np.testing.assert_array_equal(whole(head), W)
    assert head.provenance.tensor == "anything"


def test_an_array_longer_than_one_request(tmp_path: Path) -> None:
    from superscope.heads.transport import CHUNK

    array = np.random.default_rng(0).integers(0, 9, (CHUNK // 4096 + 99, 1024)).astype("f4")
    assert array.nbytes > CHUNK
    np.savez_compressed(tmp_path / "m.npz", array)
    np.testing.assert_array_equal(whole(read_head(tmp_path / "m.npz")), array)


@pytest.mark.parametrize("kind", ["npy", "npz", "compressed npz"])
def test_a_file_cut_anywhere(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"m.{kind.rpartition(' ')[2]}"
    {"npy": np.save, "npz": np.savez, "compressed npz": np.savez_compressed}[kind](path, W)
    data = path.read_bytes()
    for cut in [*range(1, len(data) - 1, 41), len(data) - 1]:
        path.write_bytes(data[:cut])
        with pytest.raises(SuperscopeError) as raised:
            read_head(path)
        assert path.name in str(raised.value)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (W.astype(">f4"), "dtype >f4, which superscope cannot read"),
        (W.astype("i4"), "dtype <i4, which superscope cannot read"),
        (W.astype("c8"), "dtype <c8, which superscope cannot read"),
        (W > 0, r"dtype \|b1, which superscope cannot read"),
    ],
)
def test_other_dtypes(array: Any, message: str, tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", array)
    with pytest.raises(FormatError, match=f"m.npy: tensor m has {message}"):
        read_head(tmp_path / "m.npy")
