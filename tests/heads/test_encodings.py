"""Every stored number format decodes to what its own library says."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch

from superscope.errors import FormatError, MissingExtraError
from superscope.heads.encodings import ENCODINGS, ggml_encoding

EIGHT_BITS = {"F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2}
SIXTEEN_BITS = {"F16": torch.float16, "BF16": torch.bfloat16}
QUANTIZED = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K",
             "IQ2_XXS", "IQ3_S", "IQ4_NL", "IQ4_XS", "TQ1_0", "TQ2_0", "MXFP4"]  # fmt: skip


@pytest.mark.parametrize("name", EIGHT_BITS)
def test_all_codes_of_8_bits(name: str) -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(4, 64)
    expected = torch.from_numpy(codes).view(EIGHT_BITS[name]).float().numpy()
    decoded = ENCODINGS[name].decode(codes)
    assert decoded.dtype == np.float32
    np.testing.assert_array_equal(decoded.view(np.uint32)[expected == expected],
                                  expected.view(np.uint32)[expected == expected])  # fmt: skip
    np.testing.assert_array_equal(np.isnan(decoded), np.isnan(expected))


@pytest.mark.parametrize("name", SIXTEEN_BITS)
def test_all_codes_of_16_bits(name: str) -> None:
    codes = np.arange(1 << 16, dtype="<u2").view(np.uint8).reshape(256, -1)
    expected = torch.from_numpy(codes).view(SIXTEEN_BITS[name]).float().numpy()
    decoded = ENCODINGS[name].decode(codes)
    assert decoded.shape == (256, 256)
    finite = ~np.isnan(expected)
    np.testing.assert_array_equal(decoded.view(np.uint32)[finite], expected.view(np.uint32)[finite])
    np.testing.assert_array_equal(np.isnan(decoded), np.isnan(expected))


def test_wide_floats() -> None:
    values = np.array([[0.1, -3.0, 1e-45, np.inf], [1e300, -1e300, 5e-324, 2.5]])
    for name, dtype in (("F64", "<f8"), ("F32", "<f4")):
        with np.errstate(over="ignore"):
            stored = values.astype(dtype)
            expected = stored.astype(np.float32)
        decoded = ENCODINGS[name].decode(stored.view(np.uint8).reshape(2, -1))
        np.testing.assert_array_equal(decoded, expected)


@pytest.mark.parametrize("name", QUANTIZED)
def test_ggml_types(name: str) -> None:
    from gguf import GGMLQuantizationType, dequantize

    encoding = ggml_encoding(name)
    assert encoding.quantized
    size = encoding.row_bytes(2 * encoding.block)
    raw = np.random.default_rng(3).integers(0, 60, (5, size), np.uint8)
    decoded = encoding.decode(raw)
    assert decoded.shape == (5, 2 * encoding.block)
    np.testing.assert_array_equal(decoded, dequantize(raw, GGMLQuantizationType[name]))
    with pytest.raises(
        FormatError, match=f"cannot be split into {name} blocks of {encoding.block}"
    ):
        encoding.row_bytes(encoding.block + 1)


def test_the_plain_types_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    for name in ("F32", "F16", "BF16"):
        assert not ggml_encoding(name).quantized
    with pytest.raises(MissingExtraError, match=r"pip install 'superscope\[gguf\]'"):
        ggml_encoding("Q4_0")


@pytest.mark.parametrize(
    ("name", "why"), [("9999", "does not know"), ("I32", "cannot"), ("Q8_K", "cannot")]
)
def test_types_that_nobody_decodes(name: str, why: str) -> None:
    with pytest.raises(FormatError, match=f"{why}.*{name}|{name}.*{why}"):
        ggml_encoding(name)


def test_scales_that_are_no_numbers_give_rows_that_are_none() -> None:
    """Silently: the rows are refused by their ids when the head is measured."""
    raw = np.full((2, 34), 255, np.uint8)
    assert np.isnan(ggml_encoding("Q8_0").decode(raw)).all()
    infinite = np.zeros((1, 34), np.uint8)
    infinite[0, :2] = (0x00, 0x7C)
    assert np.isnan(ggml_encoding("Q8_0").decode(infinite)).all()
