"""Number formats of checkpoints, and their exact decoding to float32."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.arrays import as_float32
from superscope.errors import FormatError, install_hint

Bytes = npt.NDArray[np.uint8]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Encoding:
    """A stored number format.

    Attributes
    ----------
    name
        The format's name in safetensors (``BF16``) or ggml (``Q4_1``).
    block
        Numbers in one stored unit: 1, or more for ggml's quantized types.
    block_bytes
        Size of that unit in bytes.
    decode
        Function from bytes of shape ``(rows, row_bytes)`` to float32 of shape ``(rows, m)``.
    quantized
        Whether the stored values are a lossy quantization of the trained ones.
    """

    name: str
    block: int
    block_bytes: int
    decode: Callable[[Bytes], Float32]
    quantized: bool = False

    def row_bytes(self, width: int) -> int:
        """Return the size in bytes of one row of `width` numbers."""
        if width % self.block:
            raise FormatError(
                f"rows of {width} numbers cannot be split into {self.name} blocks of {self.block}"
            )
        return width // self.block * self.block_bytes


def _plain(dtype: str) -> Callable[[Bytes], Float32]:
    def decode(raw: Bytes) -> Float32:
        with np.errstate(over="ignore", invalid="ignore"):  # float64 beyond float32 becomes inf
            return np.ascontiguousarray(raw).view(dtype).astype(np.float32, copy=False)

    return decode


def _float64(raw: Bytes) -> Float32:
    return as_float32(np.ascontiguousarray(raw).view("<f8"))


def _bfloat16(raw: Bytes) -> Float32:
    # bfloat16 is the upper half of a float32.
    wide = np.ascontiguousarray(raw).view("<u2").astype(np.uint32)
    wide <<= 16
    return wide.view(np.float32)


def _float8_e5m2(raw: Bytes) -> Float32:
    # e5m2 is the upper half of an IEEE float16.
    return (raw.astype(np.uint16) << 8).view(np.float16).astype(np.float32)


def _e4m3_table() -> Float32:
    code = np.arange(256)
    exponent, mantissa = (code >> 3) & 15, code & 7
    subnormal = np.ldexp(mantissa / 8.0, -6)
    normal = np.ldexp(1.0 + mantissa / 8.0, exponent - 7)
    value = np.where(exponent == 0, subnormal, normal)
    value[(code & 127) == 127] = np.nan  # the "fn" variant: no infinities, one NaN per sign
    return np.where(code & 128, -value, value).astype(np.float32)


_E4M3 = _e4m3_table()


def _float8_e4m3(raw: Bytes) -> Float32:
    return _E4M3[raw]


def _float8_e8m0(raw: Bytes) -> Float32:
    # A scale that is a power of two; the code 255 means NaN.
    value = np.ldexp(np.float32(1), raw.astype(np.int32) - 127)
    return np.where(raw == 255, np.float32(np.nan), value)


ENCODINGS = {
    encoding.name: encoding
    for encoding in (
        Encoding("F64", 1, 8, _float64),
        Encoding("F32", 1, 4, _plain("<f4")),
        Encoding("F16", 1, 2, _plain("<f2")),
        Encoding("BF16", 1, 2, _bfloat16),
        Encoding("F8_E4M3", 1, 1, _float8_e4m3),
        Encoding("F8_E5M2", 1, 1, _float8_e5m2),
        Encoding("F8_E8M0", 1, 1, _float8_e8m0),
        Encoding("I8", 1, 1, _plain("<i1")),
    )
}


def ggml_encoding(name: str) -> Encoding:
    """Return the encoding of a ggml type, which the gguf package decodes.

    `name` may also be the number of a type that this version does not know.

    Raises
    ------
    MissingExtraError
        The type is a quantized one and gguf is not installed.
    FormatError
        The installed gguf package does not know the type, or cannot decode it.
    """
    if name in ENCODINGS:
        return ENCODINGS[name]
    try:
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize
    except ImportError:
        raise install_hint("gguf", "gguf", "reading a quantized GGUF tensor") from None
    try:
        kind = GGMLQuantizationType[name]
        block, block_bytes = GGML_QUANT_SIZES[kind]
    except KeyError:
        raise FormatError(
            f"the installed gguf package does not know ggml type {name}; a newer one may"
        ) from None

    def decode(raw: Bytes) -> Float32:
        # Block by block, in one row: of many rows, the package decodes sixteen at a time, slowly.
        with np.errstate(all="ignore"):  # damaged scales make non-finite rows, refused later
            numbers = dequantize(raw.reshape(1, raw.size), kind)
        shape = len(raw), raw.shape[1] // block_bytes * block
        return np.asarray(numbers, dtype=np.float32).reshape(shape)

    try:
        decode(np.zeros((1, block_bytes), np.uint8))
    except NotImplementedError:
        raise FormatError(
            f"the gguf package cannot dequantize ggml type {name}; use a file of another type"
        ) from None
    return Encoding(name, block, block_bytes, decode, quantized=True)
