"""The files of a checkpoint, opened: their directories, and which of them holds which tensor.

Which reader a file needs is told from its first bytes rather than its name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads import foreign, gguf_file, numpy_file, safetensors_file, torch_file
from superscope.heads.checkpoint import (
    SLICE,
    USUAL_FILES,
    USUAL_INDEXES,
    WEIGHTS,
    Checkpoint,
)
from superscope.heads.encodings import Float32
from superscope.heads.json_text import parsed
from superscope.heads.rows import ArrayRows, FileRows, Rows
from superscope.heads.stored import Directory, StoredTensor
from superscope.heads.transport import RangeFile


class Opened:
    """The files of a checkpoint that were opened, with their directories."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._files: dict[str, RangeFile] = {}
        self._directories: dict[str, Directory] = {}

    def file(self, name: str) -> RangeFile:
        if name not in self._files:
            self._files[name] = self._checkpoint.open(name)
        return self._files[name]

    def directory(self, name: str) -> Directory:
        if name not in self._directories:
            self._directories[name] = read_directory(self.file(name))
        return self._directories[name]

    def tensor(self, where: Mapping[str, str], name: str) -> StoredTensor:
        """Return what describes a tensor, by which file holds each."""
        return described(self.directory(where[name]), name, where[name])

    def loaded(self, where: Mapping[str, str], name: str) -> Float32:
        """Return a whole tensor as :func:`loaded` does, by which file holds each."""
        return loaded(self.file(where[name]), self.tensor(where, name))


def read_directory(file: RangeFile) -> Directory:
    """Return the tensors of a checkpoint file, reading only what describes them.

    Raises
    ------
    FormatError
        No known format, or damaged.
    """
    if file.size == 0:
        raise FormatError(f"{file.name} is empty")
    start = file.read_at(0, min(8, file.size))
    if start.startswith(b"GGUF"):
        return gguf_file.read_directory(file)
    if start.startswith(numpy_file.MAGIC):
        return numpy_file.read_npy(file)
    if start.startswith(b"PK"):
        foreign.refuse_folder(file.name, (file.name,))
        if file.name.split("?")[0].endswith(".npz"):
            return numpy_file.read_npz(file)
        return torch_file.read_directory(file)
    # A safetensors header is a JSON object after its length.
    if file.size < 9 or file.read_at(8, 1) != b"{":
        foreign.refuse(file)
    return safetensors_file.read_directory(file)


def holders_of(checkpoint: Checkpoint) -> str | dict[str, str]:
    """Return the one weights file, or which file holds each tensor of a sharded checkpoint."""
    if checkpoint.only is not None:
        return _gguf_split(checkpoint, checkpoint.only) or checkpoint.only
    files = checkpoint.files()
    for index in USUAL_INDEXES:
        single = index.removesuffix(".index.json")
        if single in files:
            return single
        if index in files:
            return _read_index(checkpoint, index)
    for single in USUAL_FILES:
        if single in files:
            return single
    weights = [f for f in files if f.endswith(WEIGHTS) and not _OF_TRAINING.fullmatch(f)]
    for suffix in WEIGHTS:  # in order of preference
        of_kind = [f for f in weights if f.endswith(suffix)]
        if of_kind and {*of_kind} <= {*_parts(of_kind[0]), *filter(SLICE.fullmatch, of_kind)}:
            return _gguf_split(checkpoint, of_kind[0]) or of_kind[0]
        if of_kind:
            shown = ", ".join(of_kind[:8]) + (", …" if len(of_kind) > 8 else "")
            raise UsageError(
                f"{checkpoint.name} has several weights files and no index; name one of: {shown}"
            )
    foreign.refuse_folder(checkpoint.name, files)
    unread = [f for f in files if f.endswith(foreign.SUFFIXES)]
    if unread:
        foreign.refuse(checkpoint.open(unread[0]))
    raise NotFoundError(
        f"{checkpoint.name} has no weights file ({', '.join(WEIGHTS)}); it has: "
        f"{', '.join(files[:8]) or 'nothing'}"
    )


# What trainers write beside a model, or into it.
_OF_TRAINING = re.compile(
    r"(training_args|optimizer|scheduler|scaler|rng_state.*|random_states.*)\.(bin|pt|pth|pkl)"
)


_SPLIT = re.compile(r"(.*)-\d{5}-of-(\d{5})\.gguf")


def _parts(file: str) -> list[str]:
    """Return the files of the split GGUF that `file` is a part of, or `file` alone."""
    split = _SPLIT.fullmatch(file)
    if split is None:
        return [file]
    return [f"{split[1]}-{n:05d}-of-{split[2]}.gguf" for n in range(1, int(split[2]) + 1)]


def _gguf_split(checkpoint: Checkpoint, file: str) -> dict[str, str] | None:
    """Return which part of a split GGUF holds each tensor; None for a file of one part."""
    parts = _parts(file)
    if len(parts) == 1:
        return None
    opened = Opened(checkpoint)
    where: dict[str, str] = {}
    for part in parts:
        for tensor in opened.directory(part).tensors:
            if tensor in where:
                raise FormatError(
                    f"{checkpoint.name}: {tensor} is in both {where[tensor]} and {part}"
                )
            where[tensor] = part
    return where


def _read_index(checkpoint: Checkpoint, index: str) -> dict[str, str]:
    content = parsed(checkpoint.small(index) or b"", f"{checkpoint.name}: {index}", unique=True)
    try:
        where = content["weight_map"]
        if not all(isinstance(k, str) and isinstance(v, str) for k, v in where.items()):
            raise TypeError
    except (KeyError, TypeError, AttributeError):
        raise FormatError(f"{checkpoint.name}: {index} is not a valid index of shards") from None
    for shard in set(where.values()):
        path = PurePosixPath(shard)
        if path.is_absolute() or ".." in path.parts or "\\" in shard or ":" in shard:
            raise FormatError(
                f"{checkpoint.name}: {index} points outside its folder, to {shard!r}; refused"
            )
    return dict(where)


def config_of(checkpoint: Checkpoint, file: str = "config.json") -> dict[str, Any]:
    data = checkpoint.small(file)
    if data is None:
        return {}
    config = parsed(data, f"{checkpoint.name}: {file}")
    return config if isinstance(config, dict) else {}


def described(directory: Directory, name: str, file: str) -> StoredTensor:
    if name not in directory.tensors:
        raise FormatError(f"the index puts {name} into {file}, which does not have it")
    return directory.tensors[name]


def loaded(file: RangeFile, tensor: StoredTensor) -> Float32:
    """Return a whole tensor as float32, as a matrix of its last axis."""
    shape = tensor.shape[::-1] if tensor.transposed else tensor.shape
    width = shape[-1] if shape else 1
    raw = np.frombuffer(b"".join(tensor.chunks(file)), np.uint8)
    values = tensor.encoding.decode(raw.reshape(math.prod(shape[:-1]), -1))
    values = values.reshape(-1, width)
    return values.T if tensor.transposed else values


def rows_of(file: RangeFile, tensor: StoredTensor) -> Rows:
    tensor.check_whole(file)
    if tensor.mappable and file.local is not None:
        shape = (tensor.shape[0], tensor.shape[1])
        encoding = tensor.encoding
        if encoding.row_bytes(shape[1]) * shape[0] != tensor.nbytes:
            raise FormatError(f"{file.name}: tensor {tensor.name} has the wrong length")
        tensor.check(file)
        return FileRows(file.local, tensor.offset(file), shape, encoding)
    return ArrayRows(loaded(file, tensor))
