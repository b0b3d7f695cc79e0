"""Checkpoint files written by hand, byte by byte where the format allows it."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[Any]
SAFETENSORS_NAME = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2",
    torch.int8: "I8", torch.uint8: "U8", torch.int32: "I32", torch.int64: "I64",
}  # fmt: skip


def matrix(rows: int, width: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return a random float32 matrix."""
    return np.random.default_rng(seed).standard_normal((rows, width), dtype=np.float32)


def raw(tensor: torch.Tensor) -> bytes:
    """Return a tensor's bytes, row by row."""
    return bytes(tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())


def safetensors(tensors: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> bytes:
    """Return a safetensors file of numpy arrays or torch tensors, in this order."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    data = b""
    for name, value in tensors.items():
        tensor = torch.as_tensor(value)
        bits = raw(tensor)
        header[name] = {
            "dtype": SAFETENSORS_NAME[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(data), len(data) + len(bits)],
        }
        data += bits
    return framed(json.dumps(header), data)


def framed(header: str | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    """Return a safetensors file of this header and data; `length` may lie."""
    text = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def torch_bin(state: Any, **options: Any) -> bytes:
    """Return what ``torch.save`` writes."""
    out = io.BytesIO()
    torch.save(state, out, **options)
    return out.getvalue()


def gguf(
    tensors: Mapping[str, tuple[Array, str]],
    folder: Path,
    tokens: Sequence[str] | None = None,
    model: str = "gpt2",
    token_types: Sequence[int] | None = None,
) -> bytes:
    """Return a GGUF file of arrays quantized to the named types, by the gguf package."""
    from gguf import GGMLQuantizationType, GGUFWriter, quantize

    path = folder / "written.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(3)
    if tokens is not None:
        writer.add_tokenizer_model(model)
        writer.add_token_list(list(tokens))
        if token_types is not None:
            writer.add_token_types(list(token_types))
        writer.add_token_merges([f"a{i} b{i}" for i in range(50)])
    for name, (array, kind) in tensors.items():
        type_ = GGMLQuantizationType[kind]
        writer.add_tensor(name, quantize(array, type_), raw_dtype=type_)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    data = path.read_bytes()
    path.unlink()
    return data


def sharded(shards: Sequence[Mapping[str, Any]], kind: str = "safetensors") -> dict[str, bytes]:
    """Return the files of a sharded checkpoint, its index with them."""
    stem, write = {
        "safetensors": ("model", safetensors),
        "bin": ("pytorch_model", torch_bin),
    }[kind]
    files, where = {}, {}
    for number, shard in enumerate(shards, 1):
        name = f"{stem}-{number:05d}-of-{len(shards):05d}.{kind}"
        files[name] = write(dict(shard))
        where |= dict.fromkeys(shard, name)
    index = {"metadata": {"total_size": 0}, "weight_map": where}
    files[f"{stem}.{kind}.index.json"] = json.dumps(index).encode()
    return files


def save(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder
