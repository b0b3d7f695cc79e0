"""safetensors files, byte by byte."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from files import framed, matrix, raw, safetensors, save
from safetensors.torch import save_file

from superscope.errors import FormatError
from superscope.heads import FileRows, Head, read_head
from superscope.heads.safetensors_file import read_directory
from superscope.heads.transport import open_local

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}  # fmt: skip
W = matrix(9, 4)


def write(tmp_path: Path, data: bytes, name: str = "model.safetensors") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


def test_a_file_of_known_bytes(tmp_path: Path) -> None:
    header = (
        b'{"lm_head.weight":{"dtype":"BF16","shape":[2,2],"data_offsets":[4,12]},'
        b'"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   '
    )
    data = b"\x00\x00\x80\x3f" + b"\x80\x3f\x00\xc0\x00\x3f\x00\x00"
    path = write(tmp_path, struct.pack("<Q", len(header)) + header + data)
    with open_local(path) as file:
        directory = read_directory(file)
    tensor = directory.tensors["lm_head.weight"]
    assert (tensor.dtype, tensor.shape) == ("BF16", (2, 2))
    assert (tensor.start, tensor.nbytes) == (8 + len(header) + 4, 8)
    np.testing.assert_array_equal(whole(read_head(path)), [[1.0, -2.0], [0.5, 0.0]])


def test_metadata_is_no_tensor(tmp_path: Path) -> None:
    data = safetensors({"lm_head.weight": matrix(3, 2)}, {"format": "pt"})
    with open_local(write(tmp_path, data)) as file:
        directory = read_directory(file)
    assert list(directory.tensors) == ["lm_head.weight"]
    assert directory.properties == {"format": "pt"}


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes_as_the_library_writes_them(dtype: str, tmp_path: Path) -> None:
    values = torch.from_numpy(matrix(40, 6)).to(DTYPES[dtype])
    path = tmp_path / "m.safetensors"
    save_file({"a": torch.ones(3), "lm_head.weight": values, "z": torch.ones(3)}, path)
    head = read_head(path)
    np.testing.assert_array_equal(whole(head), values.float().numpy())
    assert head.provenance.dtype == dtype
    assert isinstance(head.stored, FileRows), "mapped, not loaded"
    np.testing.assert_array_equal(head.block(7, 19), values[7:19].float().numpy())
    np.testing.assert_array_equal(head.take(np.array([39, 3])), values[[39, 3]].float().numpy())


def test_numbers_at_odd_places(tmp_path: Path) -> None:
    """The format does not align: a header of any length may stand before float32."""
    for pad in range(1, 8):
        header = (
            '{"lm_head.weight":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}}' + " " * pad
        )
        head = read_head(write(tmp_path, framed(header, raw(torch.arange(6.0)))))
        np.testing.assert_array_equal(whole(head), np.arange(6).reshape(3, 2))


def test_a_header_of_more_than_100_kB(tmp_path: Path) -> None:
    tensors = {f"model.layers.{i}.weight": np.zeros((1, 1), np.float32) for i in range(1500)}
    data = safetensors({**tensors, "lm_head.weight": matrix(5, 4)})
    assert int.from_bytes(data[:8], "little") > 100_000
    np.testing.assert_array_equal(whole(read_head(write(tmp_path, data))), matrix(5, 4))


@pytest.mark.parametrize("cut", [1, 7, 8, 9, 60, 90, 150, 200, 243])
def test_a_file_cut_anywhere(cut: int, tmp_path: Path) -> None:
    data = safetensors({"model.norm.weight": matrix(1, 4)[0], "lm_head.weight": matrix(6, 4)})
    assert len(data) > 243
    with pytest.raises(FormatError, match="truncated"):
        read_head(write(tmp_path, data[:cut]))


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float8_e5m2])
@pytest.mark.parametrize("suffix", ["weight_scale", "weight_scale_inv"])
def test_an_fp8_head_with_one_scale_is_multiplied_by_it(
    kind: torch.dtype, suffix: str, tmp_path: Path
) -> None:
    values = torch.from_numpy(matrix(9, 4)).to(kind)
    for scale in (torch.tensor(0.03125), torch.tensor([0.03125]).bfloat16()):
        files = {"lm_head.weight": values, f"lm_head.{suffix}": scale}
        head = read_head(write(tmp_path, safetensors(files)))
        np.testing.assert_array_equal(whole(head), values.float().numpy() * np.float32(0.03125))
        assert head.provenance.quantized
        assert head.provenance.notes == (
            f"the head was multiplied by its scale lm_head.{suffix} = 0.03125",
        )


def test_a_scale_goes_with_the_norm(tmp_path: Path) -> None:
    gain = np.array([1, 2, 3, 4], np.float32)
    files = {
        "lm_head.weight": torch.from_numpy(matrix(9, 4)).to(torch.float8_e4m3fn),
        "lm_head.weight_scale": torch.tensor(2.0),
        "model.norm.weight": gain,
    }
    head = read_head(write(tmp_path, safetensors(files)), fold_norm=True)
    expected = files["lm_head.weight"].float().numpy() * (2 * gain)
    np.testing.assert_array_equal(whole(head), expected)


def test_a_scale_beside_a_head_of_wider_numbers_is_not_its_own(tmp_path: Path) -> None:
    files = {"lm_head.weight": W, "lm_head.weight_scale": torch.ones(9)}
    head = read_head(write(tmp_path, safetensors(files)))
    np.testing.assert_array_equal(whole(head), W)
    assert not head.provenance.quantized


@pytest.mark.parametrize(
    ("config", "tensors", "method"),
    [
        ("gptq", {"lm_head.qweight": torch.zeros(4, 9, dtype=torch.int32),
                  "lm_head.scales": torch.ones(1, 9)}, "GPTQ"),
        ("awq", {"lm_head.qweight": torch.zeros(4, 2, dtype=torch.int32)}, "AWQ"),
        (None, {"lm_head.qweight": torch.zeros(4, 9, dtype=torch.int32)}, "GPTQ or AWQ"),
        ("compressed-tensors",
         {"lm_head.weight_packed": torch.zeros(4, 9, dtype=torch.int32)}, "compressed-tensors"),
        ("bitsandbytes", {"lm_head.weight": torch.zeros(9, 4, dtype=torch.int8),
                          "lm_head.SCB": torch.ones(9)}, "bitsandbytes"),
        (None, {"lm_head.weight": torch.zeros(9, 4, dtype=torch.int8),
                "lm_head.SCB": torch.ones(9)}, "bitsandbytes"),
        (None, {"lm_head.weight": torch.zeros(18, 1, dtype=torch.uint8),
                "lm_head.weight.absmax": torch.ones(1),
                "lm_head.weight.quant_state.bitsandbytes__nf4": torch.zeros(9, dtype=torch.uint8)},
         "bitsandbytes"),
    ],
)  # fmt: skip
def test_heads_in_integers_are_refused(
    config: str | None, tensors: dict[str, torch.Tensor], method: str, tmp_path: Path
) -> None:
    embedding = {"model.embed_tokens.weight": matrix(9, 4)}
    files: dict[str, bytes | str] = {"model.safetensors": safetensors({**embedding, **tensors})}
    if config:
        files["config.json"] = f'{{"quantization_config": {{"quant_method": "{config}"}}}}'
    folder = save(tmp_path, files)
    with pytest.raises(
        FormatError, match=f"lm_head.* is quantized by {method}, which superscope cannot read"
    ):
        read_head(folder)
    with pytest.raises(FormatError, match="quantized"):
        read_head(folder, tensor=next(iter(tensors)))


def test_quantized_layers_do_not_keep_a_plain_head_from_being_read(tmp_path: Path) -> None:
    """The common case: GPTQ, AWQ and bitsandbytes leave the head alone."""
    packed = torch.zeros(4, 4, dtype=torch.int32)
    files = {
        "model.embed_tokens.weight": matrix(9, 4, 1), "lm_head.weight": matrix(9, 4),
        "model.layers.0.mlp.up_proj.qweight": packed,
        "model.layers.0.mlp.up_proj.weight": torch.zeros(4, 4, dtype=torch.int8),
        "model.layers.0.mlp.up_proj.SCB": torch.ones(4),
        "model.embed_tokens.weight.absmax": torch.ones(1),
    }  # fmt: skip
    head = read_head(write(tmp_path, safetensors(files)))
    np.testing.assert_array_equal(whole(head), matrix(9, 4))


def test_a_head_that_is_whole_is_read_from_a_file_that_is_cut_off(tmp_path: Path) -> None:
    tensors = {"lm_head.weight": W, "model.layers.0.mlp.weight": matrix(40, 40)}
    data = safetensors(tensors)
    head = read_head(write(tmp_path, data[:-5000]))
    np.testing.assert_array_equal(whole(head), W)
    cut = f"{len(data) - 5000:,} of {len(data):,} bytes"
    assert head.provenance.notes == (f"the file has only {cut}, but the head is complete",)
    with pytest.raises(
        FormatError, match=r"truncated or damaged: tensor lm_head.weight ends at byte"
    ):
        read_head(write(tmp_path, data[: -6400 - 8]))
