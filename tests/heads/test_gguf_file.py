"""GGUF files, as the gguf package writes them."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import hostile
import numpy as np
import pytest
from files import gguf, matrix, save
from gguf import GGMLQuantizationType, dequantize, quantize

from superscope.errors import FormatError, MissingExtraError, NotFoundError, SuperscopeError
from superscope.heads import FileRows, Head, read_head

W = matrix(40, 256)


def write(tmp_path: Path, data: bytes, name: str = "m.gguf") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


@pytest.mark.parametrize(
    "kind", ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "TQ1_0", "TQ2_0"]
)
def test_types(kind: str, tmp_path: Path) -> None:
    type_ = GGMLQuantizationType[kind]
    tensors = {"blk.0.ffn_up.weight": (W, "F16"), "token_embd.weight": (W, kind)}
    head = read_head(write(tmp_path, gguf(tensors, tmp_path)))
    expected = dequantize(quantize(W, type_), type_)
    np.testing.assert_array_equal(whole(head), expected)
    np.testing.assert_array_equal(head.block(3, 17), expected[3:17])
    np.testing.assert_array_equal(head.take(np.array([39, 2])), expected[[39, 2]])
    where = head.provenance
    assert isinstance(head.stored, FileRows), "mapped, not loaded"
    assert (where.dtype, where.format, where.depth) == (kind, "gguf", 3)
    assert where.quantized == (kind not in ("F32", "F16", "BF16"))
    assert where.parameters == 2 * W.size
    assert where.reason == ("the input embedding, because there is no output head")


def test_an_output_of_its_own(tmp_path: Path) -> None:
    tensors = {"token_embd.weight": (W, "Q8_0"), "output.weight": (-W, "F16"),
               "output_norm.weight": (np.arange(256, dtype=np.float32), "F32")}  # fmt: skip
    path = write(tmp_path, gguf(tensors, tmp_path))
    head = read_head(path)
    np.testing.assert_array_equal(whole(head), (-W).astype(np.float16).astype(np.float32))
    assert head.provenance.tensor == "output.weight"
    folded = read_head(path, fold_norm=True)
    np.testing.assert_array_equal(whole(folded), whole(head) * np.arange(256, dtype=np.float32))


def test_a_split_file(tmp_path: Path) -> None:
    folder = save(
        tmp_path / "m",
        {
            "m-00001-of-00002.gguf": gguf({"token_embd.weight": (W, "Q8_0")}, tmp_path, ["a"] * 40),
            "m-00002-of-00002.gguf": gguf({"output.weight": (W, "F32")}, tmp_path),
        },
    )
    for model in (folder, *sorted(folder.iterdir())):
        head = read_head(model)
        np.testing.assert_array_equal(whole(head), W)
        assert head.provenance.file == "m-00002-of-00002.gguf"
    (folder / "m-00001-of-00002.gguf").unlink()
    with pytest.raises(NotFoundError, match=r"has no file m-00001-of-00002.gguf"):
        read_head(folder)


@pytest.mark.parametrize(
    ("model", "pieces", "texts"),
    [
        ("gpt2", ["Ġthe", "Ċ", "é", "Ã©", "<|end|>"], [" the", "\n", "\\xe9", "é", "<|end|>"]),
        ("llama", ["▁the", "<0x0A>", "é", "▁▁"], [" the", "<0x0A>", "é", "  "]),
        ("bert", ["##ing", "▁a"], ["##ing", "▁a"]),
    ],
)
def test_token_strings(model: str, pieces: list[str], texts: list[str], tmp_path: Path) -> None:
    rows = matrix(len(pieces), 32)
    data = gguf({"output.weight": (rows, "F32")}, tmp_path, pieces, model)
    head = read_head(write(tmp_path, data))
    assert head.tokens == tuple(texts)
    assert head.token(0) == texts[0]
    assert head.token(len(pieces)) is None


def test_ids_that_only_pad_the_vocabulary(tmp_path: Path) -> None:
    pieces = ["a", "b", "[PAD2]", "[PAD3]", "c"]
    data = gguf(
        {"output.weight": (matrix(6, 32), "F32")}, tmp_path, pieces, "gpt2", [1, 3, 5, 5, 1]
    )
    path = write(tmp_path, data)
    assert read_head(path).features == 6
    head = read_head(path, rows="tokenizer")
    assert head.ids is not None
    assert head.ids.tolist() == [0, 1, 4]
    assert head.tokens == ("a", "b", None, None, "c")
    np.testing.assert_array_equal(whole(head), matrix(6, 32)[[0, 1, 4]])


@pytest.mark.parametrize(
    "value",
    [
        hostile.gguf_value("tokenizer.ggml.tokens", 4, struct.pack("<I", 7)),
        hostile.gguf_value("tokenizer.ggml.tokens", 8, hostile._string("abc")),
        hostile.gguf_value("tokenizer.ggml.tokens", 9, struct.pack("<IQ3I", 4, 3, 1, 2, 3)),
        hostile.gguf_value(
            "tokenizer.ggml.tokens", 9,
            struct.pack("<IQ", 9, 1) + struct.pack("<IQ", 8, 1) + hostile._string("a"),
        ),
    ],
)  # fmt: skip
def test_tokens_that_are_no_strings_are_no_tokens(value: bytes, tmp_path: Path) -> None:
    assert read_head(write(tmp_path, hostile.gguf_bytes(value, 1))).tokens is None


def test_versions_and_alignment(tmp_path: Path) -> None:
    rows = np.arange(6, dtype="<f4")
    for data in (
        hostile.gguf_bytes(version=2, data=rows.tobytes()),
        _aligned(128, rows.tobytes()),
        _aligned(1, rows.tobytes()),
    ):
        np.testing.assert_array_equal(
            whole(read_head(write(tmp_path, data))), rows.reshape(3, 2), strict=False
        )


def _aligned(alignment: int, data: bytes) -> bytes:
    value = hostile.gguf_value("general.alignment", 4, struct.pack("<I", alignment))
    start = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + value + hostile.gguf_tensor()
    return start + bytes(-len(start) % alignment) + data


def test_without_the_gguf_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tensors = {"blk.0.ffn_up.weight": (W, "Q8_0"), "output.weight": (W, "F16"),
               "token_embd.weight": (W, "Q4_0")}  # fmt: skip
    path = write(tmp_path, gguf(tensors, tmp_path))
    monkeypatch.setitem(sys.modules, "gguf", None)
    head = read_head(path)  # of plain numbers: needs no package
    np.testing.assert_array_equal(whole(head), W.astype(np.float16).astype(np.float32))
    with pytest.raises(MissingExtraError, match=r"needs gguf, .* pip install 'superscope\[gguf\]'"):
        read_head(path, tensor="token_embd.weight")


def test_a_type_too_new_matters_only_to_the_tensor_that_has_it(tmp_path: Path) -> None:
    listed = hostile.gguf_tensor() + hostile.gguf_tensor("blk.0.w", kind=9999, offset=32)
    path = write(tmp_path, hostile.gguf_bytes(tensors=listed, count=2, data=bytes(64)))
    assert read_head(path).features == 3
    with pytest.raises(
        FormatError,
        match=r"m.gguf: the installed gguf package does not know ggml type 9999; a newer",
    ):
        read_head(path, tensor="blk.0.w")


def test_a_file_cut_anywhere(tmp_path: Path) -> None:
    data = gguf({"output.weight": (matrix(32, 32), "Q8_0")}, tmp_path, ["a", "bc"])
    path = tmp_path / "m.gguf"
    for cut in [*range(1, len(data) - 1, 23), len(data) - 1]:
        path.write_bytes(data[:cut])
        with pytest.raises(SuperscopeError) as raised:
            read_head(path)
        assert "m.gguf" in str(raised.value)
