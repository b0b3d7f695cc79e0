"""Read the header of a GGUF file: its metadata, tensor list and token strings."""

from __future__ import annotations

import math
import struct
from typing import Any

from superscope.errors import FormatError
from superscope.heads.encodings import ENCODINGS
from superscope.heads.stored import (
    Directory,
    StoredTensor,
    check_count,
    check_extents,
    valid_shape,
)
from superscope.heads.transport import RangeFile

# Sizes and struct codes of the format's scalar types (specification, "gguf_metadata_value_type").
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
            10: "<Q", 11: "<q", 12: "<d"}  # fmt: skip
_STRING, _ARRAY = 8, 9
# The other arrays are skipped.
_KEPT_ARRAYS = tuple(f"tokenizer.ggml.{x}" for x in ("tokens", "token_type", "merges", "scores"))
_UNUSED = 5  # the token type of rows that only pad the vocabulary
# Real headers hold a vocabulary and its merges: about 16 MB, 800,000 strings, 50 other values.
MAX_HEADER, MAX_STRINGS, MAX_VALUES = 64_000_000, 2_000_000, 10_000
_LEAST_TENSOR = 24  # bytes: the shortest record of a tensor
_PLAIN_TYPES = {0: "F32", 1: "F16", 28: "F64", 30: "BF16"}


def read_directory(file: RangeFile) -> Directory:
    """Read the header of a GGUF file.

    Raises
    ------
    FormatError
        The file is damaged, truncated, big-endian or of version 1.
    """
    cursor = _Cursor(file)
    if cursor.take(4) != b"GGUF":
        raise FormatError(f"{file.name} is not a GGUF file")
    version = cursor.scalar("<I")
    if version not in (2, 3):
        raise FormatError(
            f"{file.name} has GGUF version {version}, and superscope reads versions 2 and 3; "
            "convert the model again with a current llama.cpp"
        )
    tensor_count, value_count = cursor.scalar("<Q"), cursor.scalar("<Q")
    check_count(tensor_count, file.name)
    if value_count > MAX_VALUES:
        raise FormatError(
            f"{file.name} is damaged: its GGUF header lists {value_count:,} values "
            f"(the limit is {MAX_VALUES:,})"
        )
    if tensor_count * _LEAST_TENSOR > file.size:
        raise cursor.truncated()
    properties: dict[str, Any] = {}
    for _ in range(value_count):
        key = cursor.string()
        if key in properties:
            raise FormatError(f"{file.name} is damaged: {key} occurs twice in its GGUF header")
        kind = cursor.scalar("<I")
        properties[key] = cursor.value(kind, keep=key in _KEPT_ARRAYS)
    records = [_tensor_record(cursor) for _ in range(tensor_count)]

    alignment = properties.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1:
        raise FormatError(f"{file.name} is damaged: its alignment is {alignment!r}")
    base = -(-cursor.position // alignment) * alignment
    tensors: dict[str, StoredTensor] = {}
    for name, shape, kind, offset in records:
        if name in tensors:
            raise FormatError(f"{file.name} is damaged: tensor {name} occurs twice")
        dtype, nbytes = _type_and_size(kind, shape)
        tensors[name] = StoredTensor(name, dtype, shape, base + offset, nbytes)
    check_extents(tensors, file)
    return Directory("gguf", tensors, _tokens(properties), properties)


def _tokens(properties: dict[str, Any]) -> tuple[str | None, ...] | None:
    """Remove the vocabulary from the metadata and return it; ids that only pad it are None."""
    pieces = properties.pop("tokenizer.ggml.tokens", None)
    types = properties.get("tokenizer.ggml.token_type")
    if not isinstance(pieces, list) or not all(isinstance(piece, str) for piece in pieces):
        return None
    if not isinstance(types, list) or len(types) != len(pieces):
        types = [None] * len(pieces)
    return tuple(
        None if kind == _UNUSED else piece for piece, kind in zip(pieces, types, strict=True)
    )


def _tensor_record(cursor: _Cursor) -> tuple[str, tuple[int, ...], int, int]:
    name = cursor.string()
    axes = cursor.scalar("<I")
    if axes > 8:
        raise FormatError(f"{cursor.file.name} is damaged: tensor {name} has {axes} axes")
    # ggml lists the last axis first.
    sizes = [cursor.scalar("<Q") for _ in range(axes)][::-1]
    shape = valid_shape(sizes, f"{cursor.file.name}: tensor {name}")
    return name, shape, cursor.scalar("<I"), cursor.scalar("<Q")


def _type_and_size(kind: int, shape: tuple[int, ...]) -> tuple[str, int]:
    """Return a tensor's dtype and size in bytes; 0 bytes for an unknown type.

    The file may have types that are too new, or need the gguf package, in tensors that are not
    read. So this is not an error yet.
    """
    if kind in _PLAIN_TYPES:
        dtype = _PLAIN_TYPES[kind]
        return dtype, math.prod(shape) * ENCODINGS[dtype].block_bytes
    try:
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

        type_ = GGMLQuantizationType(kind)
    except (ImportError, ValueError):
        return f"ggml:{kind}", 0
    block, block_bytes = GGML_QUANT_SIZES[type_]
    return f"ggml:{type_.name}", math.prod(shape) // block * block_bytes


class _Cursor:
    """Reads a header of unknown length from start to end.

    Each step fetches an eighth of what was read before. So there are few requests, and few bytes
    are read beyond the header.
    """

    def __init__(self, file: RangeFile) -> None:
        self.file = file
        self._buffer = b""
        self._base = 0  # where in the file the buffer starts
        self._at = 0
        self._strings = 0

    @property
    def position(self) -> int:
        return self._base + self._at

    def take(self, length: int) -> bytes:
        if self._at + length > len(self._buffer):
            self._fill(length)
        data = self._buffer[self._at : self._at + length]
        self._at += length
        return data

    def _fill(self, length: int) -> None:
        rest = self._buffer[self._at :]
        read_so_far = self._base + len(self._buffer)
        missing = length - len(rest)
        left = self.file.size - read_so_far
        if missing > left:
            raise self.truncated()
        if read_so_far + missing > MAX_HEADER:
            raise FormatError(
                f"{self.file.name} is damaged: its GGUF header is longer than {MAX_HEADER:,} bytes"
            )
        step = min(max(missing, 4096, min(read_so_far // 8, 1 << 19)), left)
        self._base += self._at
        self._buffer = rest + self.file.read_at(read_so_far, step)
        self._at = 0

    def truncated(self) -> FormatError:
        return FormatError(
            f"{self.file.name} is truncated: it ends within its GGUF header; download it again"
        )

    def scalar(self, code: str) -> Any:
        return struct.unpack(code, self.take(struct.calcsize(code)))[0]

    def string(self) -> str:
        return self.take(self.scalar("<Q")).decode("utf-8", "replace")

    def value(self, kind: int, keep: bool, depth: int = 0) -> Any:
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind == _STRING:
            return self.string()
        if kind == _ARRAY and depth < 4:
            item, count = self.scalar("<I"), self.scalar("<Q")
            if keep or item not in _SCALARS:
                self._count(200 * count if item == _ARRAY else count)
            if item in _SCALARS:
                code = _SCALARS[item]
                length = count * struct.calcsize(code)
                if keep:
                    return [value for (value,) in struct.iter_unpack(code, self.take(length))]
                self._skip(length)
                return None
            items: list[Any] = []
            for _ in range(count):
                value = self.value(item, keep, depth + 1)
                if keep:
                    items.append(value)
            return items if keep else None
        raise FormatError(
            f"{self.file.name} is damaged: its GGUF header has a value of unknown type {kind}"
        )

    def _count(self, values: int) -> None:
        """Limit the strings and inner arrays, so that a damaged header cannot fill the memory."""
        self._strings += values
        if self._strings > MAX_STRINGS:
            raise FormatError(
                f"{self.file.name} is damaged: its GGUF header has more than {MAX_STRINGS:,} "
                "strings"
            )

    def _skip(self, length: int) -> None:
        """Skip bytes without reading those that are not in the buffer."""
        target = self.position + length
        if target > self.file.size:
            raise self.truncated()
        if target <= self._base + len(self._buffer):
            self._at += length
        else:
            self._base, self._buffer, self._at = target, b"", 0
