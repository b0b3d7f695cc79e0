"""Read PyTorch's distributed checkpoints (DCP): a ``.metadata`` file, and a file for each rank.

``.metadata`` is a pickle. It gives each tensor's shape, the chunks into which the tensor was cut,
and the place of each chunk, which is a file of its own within a rank's file. The pickle is read
by the unpickler of ``.bin`` files, which runs nothing, and knows a few more names here.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from superscope.errors import FormatError
from superscope.heads.encodings import Float32
from superscope.heads.stored import Directory, StoredTensor, check_count, valid_shape
from superscope.heads.torch_file import DTYPES, MAX_PICKLE, Refused, TensorUnpickler, unpickled
from superscope.heads.transport import RangeFile

METADATA = ".metadata"
FORMAT = "torch-dcp"
MARK = b"torch.distributed.checkpoint.metadata"  # in the first bytes of every .metadata

_RECORDS = frozenset(
    [f"torch.distributed.checkpoint.metadata.{name}" for name in
     ("Metadata", "TensorStorageMetadata", "BytesStorageMetadata", "TensorProperties",
      "ChunkStorageMetadata", "MetadataIndex", "StorageMeta")]
    + ["torch.distributed.checkpoint.filesystem._StorageInfo",
       "torch.distributed.checkpoint.filesystem._StoragePrefix"]
)  # fmt: skip
_VALUES = ("torch.distributed.checkpoint.metadata._MEM_FORMAT_ENCODING",
           "torch.serialization._get_layout")  # fmt: skip


class _Record(dict[str, Any]):
    """The fields of an object of DCP."""


class _Class:
    def __init__(self, path: str) -> None:
        self.path = path


class _MetadataUnpickler(TensorUnpickler):
    dispatch: ClassVar[dict[int, Any]] = {**TensorUnpickler.dispatch}

    def find_class(self, module: str, name: str) -> Any:
        path = f"{module}.{name}"
        return _Class(path) if path in (*_RECORDS, *_VALUES) else super().find_class(module, name)

    def load_newobj(self) -> None:
        if not isinstance(self.stack[-2], _Class):
            super().load_newobj()
            return
        self.stack.pop()
        if self.stack.pop().path not in _RECORDS:
            raise ValueError("an object of no class")
        self.stack.append(_Record())

    dispatch[pickle.NEWOBJ[0]] = load_newobj

    def load_reduce(self) -> None:
        if not isinstance(self.stack[-2], _Class):
            super().load_reduce()
            return
        del self.stack[-2:]
        self.stack.append(None)  # a memory format or a layout, which the chunks have themselves

    dispatch[pickle.REDUCE[0]] = load_reduce

    def load_build(self) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], _Record):
            fields = state if isinstance(state, dict) else {"state": state}
            self.stack[-1].update(fields)

    dispatch[pickle.BUILD[0]] = load_build

    def _set(self, items: list[Any]) -> None:
        super()._set([_key(v) if n % 2 == 0 else v for n, v in enumerate(items)])


def _key(value: Any) -> Any:
    """Return the name and the offsets of a chunk as text, which is hashed safely."""
    if not isinstance(value, _Record):
        return value
    return _place(value.get("fqn"), value.get("offset"))


def _place(name: object, offsets: object) -> str:
    if not isinstance(name, str) or not isinstance(offsets, (tuple, type(None))):
        raise Refused("an index without a name")
    return f"{name}\0{valid_shape(offsets or (), name[:200])}"


def read_metadata(file: RangeFile) -> Directory:
    """Return the tensors of a distributed checkpoint, from its ``.metadata``.

    Raises
    ------
    FormatError
        The file is damaged, or asks for anything but tensors.
    """
    if file.size > MAX_PICKLE:
        raise FormatError(f"{file.name} of {file.size:,} bytes is too large")
    told = unpickled(file.read_at(0, file.size), file.name, _MetadataUnpickler)
    described, places = (_dict(told, key) for key in ("state_dict_metadata", "storage_data"))
    check_count(len(described), file.name)
    tensors = {}
    for name, record in described.items():
        state = record.get("properties") if isinstance(record, _Record) else None
        if not isinstance(state, _Record) or not isinstance(name, str):
            continue
        dtype = next((d for d in state.get("state", ()) if hasattr(d, "name")), None)
        label = f"{file.name}: tensor {name[:200]}"
        size = record.get("size")
        if dtype is None or not isinstance(size, tuple):
            raise FormatError(f"{label} has no type or shape; damaged")
        spelled = DTYPES.get(dtype.name.removeprefix("torch."), dtype.name)
        tensors[name] = StoredTensor(name, spelled, valid_shape(size, label), 0, 0)
    chunks = {name: described[name].get("chunks") for name in tensors}
    return Directory(FORMAT, tensors, properties={"chunks": chunks, "places": places})


def _dict(told: object, key: str) -> Mapping[Any, Any]:
    value = told.get(key) if isinstance(told, _Record) else None
    return value if isinstance(value, dict) else {}


class _Part:
    """Bytes of a file from one place on, as a file."""

    def __init__(self, file: RangeFile, start: int) -> None:
        self._file, self._start, self._at = file, start, 0

    def seek(self, at: int) -> None:
        self._at = at

    def read(self, length: int) -> bytes:
        return self._file.read_at(self._start + self._at, length)


def joined(
    directory: Directory,
    tensor: StoredTensor,
    open_file: Callable[[str], RangeFile],
    load: Callable[[RangeFile], Float32],
) -> Float32:
    """Return a whole tensor, joined from its chunks, as a float32 matrix.

    Parameters
    ----------
    open_file
        Opens a rank's file by its name.
    load
        Loads the only tensor of a chunk's file.

    Raises
    ------
    FormatError
        Chunks are missing, or do not make the tensor.
    """
    label = f"{METADATA}: tensor {tensor.name}"
    shape = tensor.shape if len(tensor.shape) == 2 else (1, math.prod(tensor.shape))
    chunks: Any = directory.properties["chunks"]
    places: Any = directory.properties["places"]
    parts: list[tuple[tuple[int, ...], tuple[int, ...], RangeFile]] = []
    sizes: dict[str, int] = {}

    def opening(path: str) -> RangeFile:
        file = open_file(path)
        sizes[path] = file.size
        return file

    for chunk in chunks.get(tensor.name) or ():
        at, size = (
            valid_shape(chunk[key], label)
            if isinstance(chunk, _Record) and isinstance(chunk.get(key), tuple)
            else ()
            for key in ("offsets", "sizes")
        )
        if not 1 <= len(tensor.shape) <= 2 or len(at) != len(size) or len(at) != len(tensor.shape):
            raise FormatError(f"{label} has a chunk that does not fit it; damaged")
        if len(at) == 1:
            at, size = (0, *at), (1, *size)
        if any(a + n > whole for a, n, whole in zip(at, size, shape, strict=True)):
            raise FormatError(f"{label} has a chunk that does not fit it; damaged")
        part = _part(places.get(_place(tensor.name, chunk["offsets"])), opening, label)
        if math.prod(size) > part.size:
            raise FormatError(f"{label} has a chunk with more numbers than bytes; damaged")
        parts.append((at, size, part))
    if sum(part.size for *_, part in parts) > sum(sizes.values()):
        raise FormatError(f"{label} has chunks that share bytes; damaged")
    if sum(math.prod(size) for _, size, _ in parts) != math.prod(shape):
        raise FormatError(f"{label} is not complete: chunks are missing; damaged")
    whole, filled = np.empty(shape, np.float32), np.zeros(shape, np.bool_)
    for at, size, part in parts:
        block = np.s_[at[0] : at[0] + size[0], at[1] : at[1] + size[1]]
        values = load(part)
        if values.shape != size:
            raise FormatError(f"{part.name}: a chunk has shape {values.shape} instead of {size}")
        whole[block], filled[block] = values, True
    if not filled.all():
        raise FormatError(f"{label} has chunks that overlap; damaged")
    return whole


def _part(place: Any, open_file: Callable[[str], RangeFile], label: str) -> RangeFile:
    """Return the bytes of one chunk, as a file of its own."""
    told = place if isinstance(place, _Record) else {}
    path, start, length = (told.get(key) for key in ("relative_path", "offset", "length"))
    if not isinstance(path, str) or type(start) is not int or type(length) is not int:
        raise FormatError(f"{label} has a chunk without a place; damaged")
    if told.get("transform_descriptors"):
        raise FormatError(f"{label} is stored transformed, which superscope cannot read")
    if "/" in path or "\\" in path or not path.endswith(".distcp"):
        raise FormatError(f"{label} is in a file outside the folder, {path[:200]!r}; damaged")
    file = open_file(path)
    if not 0 <= start <= start + length <= file.size:
        raise FormatError(f"{file.name} is truncated: {label} needs bytes up to {start + length:,}")
    return RangeFile(_Part(file, start), f"{file.name} at byte {start:,}", length, file.local)
