"""Open the files of a checkpoint, and find out which file holds which tensor.

The format of a file is recognized by its first bytes, not by its name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads import dcp_file, foreign, gguf_file, numpy_file, safetensors_file, torch_file
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
    """The opened files of a checkpoint, with their lists of tensors."""

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
        """Return the description of a tensor; `where` maps tensors to files."""
        return described(self.directory(where[name]), name, where[name])

    def loaded(self, where: Mapping[str, str], name: str) -> Float32:
        """Return a whole tensor as float32; `where` maps tensors to files."""
        directory, tensor = self.directory(where[name]), self.tensor(where, name)
        if directory.format == dcp_file.FORMAT:
            return dcp_file.joined(directory, tensor, self.file, _only)
        return loaded(self.file(where[name]), tensor)

    def rows(self, where: Mapping[str, str], name: str) -> Rows:
        """Return the rows of a matrix; `where` maps tensors to files."""
        if self.directory(where[name]).format == dcp_file.FORMAT:
            return ArrayRows(self.loaded(where, name))
        return rows_of(self.file(where[name]), self.tensor(where, name))


def read_directory(file: RangeFile) -> Directory:
    """Return the list of tensors in a checkpoint file, without reading their numbers.

    Raises
    ------
    FormatError
        The format is unknown, or the file is damaged.
    """
    if file.size == 0:
        raise FormatError(f"{file.name} is empty; download it again")
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
    if start[:1] == b"\x80" and dcp_file.MARK in file.read_at(0, min(64, file.size)):
        return dcp_file.read_metadata(file)
    # A safetensors file starts with 8 bytes of length, and then a JSON object.
    if file.size < 9 or file.read_at(8, 1) != b"{":
        foreign.refuse(file)
    return safetensors_file.read_directory(file)


def holders_of(checkpoint: Checkpoint) -> str | dict[str, str]:
    """Return the name of the only weights file, or a map from tensors to files."""
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
    weights = weights_of(files)
    for suffix in WEIGHTS:  # in order of preference
        of_kind = [f for f in weights if f.endswith(suffix)]
        if of_kind and {*of_kind} <= {*_parts(of_kind[0]), *filter(SLICE.fullmatch, of_kind)}:
            return _gguf_split(checkpoint, of_kind[0]) or of_kind[0]
        if of_kind:
            shown = ", ".join(of_kind[:8]) + (", …" if len(of_kind) > 8 else "")
            raise UsageError(
                f"{checkpoint.name} has several weights files and no index; pass the path of "
                f"one: {shown}"
            )
    if dcp_file.METADATA in files:
        return dcp_file.METADATA
    foreign.refuse_folder(checkpoint.name, files)
    below = checkpoint.below()
    folders = sorted({f.rpartition("/")[0] for f in weights_of(below)})
    if folders:
        raise NotFoundError(
            f"{checkpoint.name} has no weights file, but some of its folders have; pass the path "
            f"of one: {', '.join(folders[:8])}"
        )
    unread = [f for f in (*files, *below) if f.endswith(foreign.SUFFIXES)]
    if unread:
        foreign.refuse(checkpoint.open(unread[0]))
    raise NotFoundError(
        f"{checkpoint.name} has no weights file ({', '.join(WEIGHTS)}); its files: "
        f"{', '.join(files[:8]) or 'none'}"
    )


def weights_of(files: Iterable[str]) -> list[str]:
    """Return the files whose names are those of weights."""
    return [f for f in files if f.endswith(WEIGHTS) and not OF_TRAINING.fullmatch(f)]


# Files that trainers write beside the weights.
OF_TRAINING = re.compile(
    r"(training_args|optimizer|scheduler|scaler|rng_state.*|random_states.*)\.(bin|pt|pth|pkl)"
    r"|trainer_state\.json"
)


_SPLIT = re.compile(r"(.*)-\d{5}-of-(\d{5})\.gguf")


def _parts(file: str) -> list[str]:
    """Return all files of a split GGUF of which `file` is one part; `file` if it is not split."""
    split = _SPLIT.fullmatch(file)
    if split is None:
        return [file]
    return [f"{split[1]}-{n:05d}-of-{split[2]}.gguf" for n in range(1, int(split[2]) + 1)]


def _gguf_split(checkpoint: Checkpoint, file: str) -> dict[str, str] | None:
    """Return a map from tensors to parts of a split GGUF; None if the file is not split."""
    parts = _parts(file)
    if len(parts) == 1:
        return None
    opened = Opened(checkpoint)
    where: dict[str, str] = {}
    for part in parts:
        for tensor in opened.directory(part).tensors:
            if tensor in where:
                raise FormatError(
                    f"{checkpoint.name} is damaged: {tensor} is in both {where[tensor]} and {part}"
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
                f"{checkpoint.name}: {index} names a file outside its folder, {shard!r}; "
                "superscope does not open it"
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
        raise FormatError(f"the index says that {name} is in {file}, but it is not there")
    return directory.tensors[name]


def loaded(file: RangeFile, tensor: StoredTensor) -> Float32:
    """Return a whole tensor as a float32 matrix, whose columns are the tensor's last axis."""
    shape = tensor.shape[::-1] if tensor.transposed else tensor.shape
    width = shape[-1] if shape else 1
    raw = np.frombuffer(b"".join(tensor.chunks(file)), np.uint8)
    values = tensor.encoding.decode(raw.reshape(math.prod(shape[:-1]), -1))
    values = values.reshape(-1, width)
    return values.T if tensor.transposed else values


def _only(file: RangeFile) -> Float32:
    """Load the only tensor of a file."""
    tensors = list(read_directory(file).tensors.values())
    if len(tensors) != 1:
        raise FormatError(f"{file.name} has {len(tensors):,} tensors instead of one; damaged")
    return loaded(file, tensors[0])


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
