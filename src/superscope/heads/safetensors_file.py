"""Read the header of a safetensors file."""

from __future__ import annotations

from typing import Any

from superscope.errors import FormatError
from superscope.heads.json_text import parsed
from superscope.heads.stored import Directory, StoredTensor, check_extents, valid_shape
from superscope.heads.transport import RangeFile

MAX_HEADER = 100_000_000  # the limit of the safetensors library


def read_directory(file: RangeFile) -> Directory:
    """Read the header of a safetensors file.

    Raises
    ------
    FormatError
        The header is too long or not JSON, or tensors overlap or do not fit into the file.
    """
    if file.size < 8:
        raise FormatError(
            f"{file.name} has only {file.size} bytes; it is truncated, or not a checkpoint"
        )
    length = int.from_bytes(file.read_at(0, 8), "little")
    if length > MAX_HEADER:
        raise FormatError(
            f"{file.name} is damaged or not a safetensors file: its header should have "
            f"{length:,} bytes (the limit is {MAX_HEADER:,})"
        )
    if 8 + length > file.size:
        raise FormatError(
            f"{file.name} is truncated: its header should have {length:,} bytes, "
            f"but the whole file has {file.size:,}"
        )
    header = parsed(file.read_at(8, length), f"{file.name}: the safetensors header", unique=True)
    if not isinstance(header, dict):
        raise FormatError(f"{file.name}: the safetensors header is not a JSON object")
    properties = header.pop("__metadata__", None)
    tensors = {name: _tensor(name, entry, 8 + length, file) for name, entry in header.items()}
    check_extents(tensors, file)
    return Directory(
        "safetensors", tensors, properties=properties if isinstance(properties, dict) else {}
    )


def _tensor(name: str, entry: Any, base: int, file: RangeFile) -> StoredTensor:
    try:
        dtype, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or not isinstance(shape, list):
            raise TypeError
        if any(type(n) is not int or not 0 <= n < 1 << 63 for n in (start, stop)) or stop < start:
            raise TypeError
    except (TypeError, KeyError, ValueError):
        raise FormatError(f"{file.name}: the header's entry for {name!r} is not valid") from None
    axes = valid_shape(shape, f"{file.name}: tensor {name!r}")
    return StoredTensor(name, dtype, axes, base + start, stop - start)
