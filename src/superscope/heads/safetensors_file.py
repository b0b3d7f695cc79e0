"""The directory of a safetensors file: its header, nothing else is read."""

from __future__ import annotations

import json
from typing import Any

from superscope.errors import FormatError
from superscope.heads.stored import Directory, StoredTensor, check_extents
from superscope.heads.transport import RangeFile

MAX_HEADER = 100_000_000  # the limit of the safetensors library
MAX_AXES = 64


def read_directory(file: RangeFile) -> Directory:
    """Read the header of a safetensors file.

    Raises
    ------
    FormatError
        Header too long, not JSON, or with offsets that overlap or leave the file.
    """
    if file.size < 8:
        raise FormatError(
            f"{file.name} is in no format that is read, or truncated: it has {file.size} bytes"
        )
    length = int.from_bytes(file.read_at(0, 8), "little")
    if length > MAX_HEADER:
        raise FormatError(
            f"{file.name} is not a safetensors file, or is damaged: "
            f"a header of {length:,} bytes (the limit is {MAX_HEADER:,})"
        )
    if 8 + length > file.size:
        raise FormatError(
            f"{file.name} is truncated: its header should have {length:,} bytes, "
            f"the file has {file.size:,}"
        )
    try:
        header = json.loads(file.read_at(8, length), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{file.name}: the safetensors header is not valid: {error}") from None
    if not isinstance(header, dict):
        raise FormatError(f"{file.name}: the safetensors header is not an object")
    properties = header.pop("__metadata__", None)
    tensors = {name: _tensor(name, entry, 8 + length, file) for name, entry in header.items()}
    check_extents(tensors, file)
    return Directory(
        "safetensors", tensors, properties=properties if isinstance(properties, dict) else {}
    )


def _tensor(name: str, entry: Any, base: int, file: RangeFile) -> StoredTensor:
    try:
        dtype, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        numbers = [*shape, start, stop]
        if not isinstance(dtype, str) or not isinstance(shape, list):
            raise TypeError
        if any(type(n) is not int or not 0 <= n < 1 << 63 for n in numbers):
            raise TypeError
        if len(shape) > MAX_AXES:
            raise ValueError
        if stop < start:
            raise ValueError
    except (TypeError, KeyError, ValueError):
        raise FormatError(f"{file.name}: the header's entry for {name!r} is not valid") from None
    return StoredTensor(name, dtype, tuple(shape), base + start, stop - start)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name occurs twice")
    return entries
