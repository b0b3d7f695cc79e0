"""Read the list of tensors in a PyTorch checkpoint (``.bin``, ``.pt``, ``.pth``, ``.ckpt``).

Since PyTorch 1.6 such a file is a zip archive. Its ``data.pkl`` describes the tensors, and other
entries hold their bytes. The pickle runs no code: our unpickler knows only the opcodes and names
that tensors need, turns them into plain records, and refuses everything else.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, ClassVar

from superscope.errors import FormatError
from superscope.heads.foreign import refuse_zip
from superscope.heads.stored import (
    MAX_AXES,
    STRIDED,
    Directory,
    StoredTensor,
    check_count,
    valid_shape,
)
from superscope.heads.transport import RangeFile
from superscope.heads.zip_file import ZipEntry, zip_entries

MAX_PICKLE = 4_000_000  # bytes of data.pkl; real ones have about 150 for each tensor
MAX_DEPTH, MAX_NAME = 32, 2000  # nested dicts, and characters of a tensor's dotted name
MAX_NAMES = 30_000_000  # characters of all names together

_ITEM_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1, "C64": 8, "C128": 16,
}  # fmt: skip

_STORAGES = {
    "DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16",
    "BFloat16Storage": "BF16", "LongStorage": "I64", "IntStorage": "I32",
    "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
    "ComplexFloatStorage": "C64", "ComplexDoubleStorage": "C128",
    "UntypedStorage": "U8",
}  # fmt: skip

DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16",
    "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
    "complex64": "C64", "complex128": "C128",
}  # fmt: skip


def read_directory(file: RangeFile) -> Directory:
    """Read the zip directory and ``data.pkl`` of a PyTorch checkpoint.

    Raises
    ------
    FormatError
        The file is not a PyTorch checkpoint, is damaged or big-endian, or its pickle could run
        code.
    """
    entries = zip_entries(file)
    pickles = [name for name in entries if name.rpartition("/")[2] == "data.pkl"]
    if len(pickles) != 1:
        refuse_zip(file.name, entries)
    root = pickles[0].removesuffix("data.pkl")
    byteorder = entries.get(f"{root}byteorder")
    if byteorder is not None and _content(file, byteorder).strip() == b"big":
        raise FormatError(
            f"{file.name} is big-endian, which superscope cannot read; save it again on a "
            "little-endian machine"
        )
    described = unpickled(_content(file, entries[pickles[0]]), file.name)
    tensors = {
        name: _stored(name, record, entries, root, file)
        for name, record in _flattened(described, file.name).items()
    }
    return Directory("torch", tensors)


def _content(file: RangeFile, entry: ZipEntry) -> bytes:
    if entry.size > MAX_PICKLE or entry.compressed_size > MAX_PICKLE:
        raise FormatError(
            f"{file.name} is damaged: {entry.name} has {entry.size:,} bytes "
            f"(the limit is {MAX_PICKLE:,})"
        )
    return b"".join(entry.content(file, 0, entry.size))


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    items: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _Named:
    """A name that the pickle may use; calling it makes a record and runs no code."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *arguments: Any) -> Any:
        if self.name == "torch._utils._rebuild_parameter":
            return arguments[0]
        if self.name == "torch._utils._rebuild_tensor_v2":
            return _tensor(arguments[0], arguments[0].dtype, *arguments[1:4])
        if self.name == "torch._utils._rebuild_tensor_v3":
            dtype = DTYPES[arguments[6].name.removeprefix("torch.")]
            return _tensor(arguments[0], dtype, *arguments[1:4])
        if self.name == "torch.Size":
            if len(arguments[0]) > MAX_AXES:  # many copies of a long one would fill the memory
                raise ValueError(f"a shape of {len(arguments[0]):,} axes")
            return tuple(arguments[0])
        if (self.name == "collections.OrderedDict" and not arguments) or self.name in _INERT:
            return {}
        raise TypeError(f"{self.name} called with {len(arguments)} arguments")


def _tensor(storage: _Storage, dtype: str, offset: int, shape: Any, stride: Any) -> _Tensor:
    if len(shape) != len(stride) or len(stride) > MAX_AXES:
        raise ValueError("a tensor's shape is not valid")
    if any(type(n) is not int or not 0 <= n < 1 << 63 for n in (offset, *shape, *stride)):
        raise ValueError("a tensor's shape is not valid")
    return _Tensor(storage, dtype, offset, valid_shape(shape, "a tensor"), tuple(stride))


# Paths, settings and counters that trainers store beside their tensors. They are dropped.
_INERT = frozenset(
    [f"{module}.{name}" for module in ("pathlib", "pathlib._local")
     for name in ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")]
    + [f"{module}.AttributeDict" for module in
       ("pytorch_lightning.utilities", "pytorch_lightning.utilities.parsing",
        "lightning.pytorch.utilities.parsing", "lightning_fabric.utilities.data",
        "lightning.fabric.utilities.data")]
    + [f"{module}.{name}" for module in ("builtins", "__builtin__")
       for name in ("set", "frozenset", "int", "long", "float", "str", "list", "dict")]
    + ["argparse.Namespace", "collections.Counter", "collections.defaultdict",
       "datetime.date", "datetime.datetime", "datetime.timedelta", "_codecs.encode",
       "numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
       "torch.device", "torch.torch_version.TorchVersion"]
)  # fmt: skip

_ALLOWED = _INERT | frozenset(
    ["collections.OrderedDict", "torch.Size"]
    + [f"torch._utils.{n}" for n in
       ("_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter")]
    + [f"torch.{n}" for n in (*_STORAGES, *DTYPES)]
    + ["torch.storage.UntypedStorage"]
)  # fmt: skip


# The unpickler in Python, because one memo opcode makes the one in C allocate gigabytes.
_Unpickler: Any = pickle._Unpickler

_OPCODES = (
    "PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "NONE", "NEWTRUE", "NEWFALSE",
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE",
    "EMPTY_DICT", "DICT", "SETITEM", "SETITEMS", "EMPTY_LIST", "APPEND", "APPENDS",
    "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "BINGET", "LONG_BINGET",
    "BINPUT", "LONG_BINPUT", "MEMOIZE", "GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD", "BINPERSID",
)  # fmt: skip


class TensorUnpickler(_Unpickler):  # type: ignore[misc]
    dispatch: ClassVar[dict[int, Any]] = {
        code: _Unpickler.dispatch[code] for code in (getattr(pickle, n)[0] for n in _OPCODES)
    }

    def find_class(self, module: str, name: str) -> _Named:
        path = f"{module}.{name}"
        if path not in _ALLOWED:
            raise Refused(path)
        return _Named(path)

    def persistent_load(self, pid: Any) -> _Storage:
        # ("storage", storage type, key, device, number of items)
        kind, storage, key, _, items = pid
        name = storage.name.rpartition(".")[2]
        if kind != "storage" or not isinstance(key, str) or type(items) is not int or items < 0:
            raise ValueError("a storage's description is not valid")
        return _Storage(_STORAGES[name], key, items)

    def load_build(self) -> None:
        # The state of an OrderedDict (its _metadata) describes no tensor.
        self.stack.pop()

    dispatch[pickle.BUILD[0]] = load_build

    # Keys must not be tuples: hashing a tuple of tuples, nested a hundred times in a hundred
    # bytes, would never end.

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set([key, value])

    def load_setitems(self) -> None:
        self._set(self.pop_mark())

    def load_dict(self) -> None:
        items = self.pop_mark()
        self.stack.append({})
        self._set(items)

    def _set(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise ValueError("it sets items of something that is not a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, (str, int, float, NoneType)):
                raise Refused(f"a dict's key of type {type(key).__name__}")
            target[key] = value

    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.DICT[0]] = load_dict

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        function = self.stack.pop()
        if not isinstance(function, _Named):
            raise Refused(type(function).__name__)
        self.stack.append(function(*arguments))

    dispatch[pickle.REDUCE[0]] = load_reduce

    def load_newobj(self) -> None:
        self.stack.pop()
        kind = self.stack.pop()
        if not (isinstance(kind, _Named) and kind.name in _INERT):
            raise Refused(kind.name if isinstance(kind, _Named) else type(kind).__name__)
        self.stack.append({})

    dispatch[pickle.NEWOBJ[0]] = load_newobj


class Refused(Exception):
    """The pickle uses something that tensors do not need."""


def unpickled(data: bytes, name: str, reader: Any = TensorUnpickler) -> Any:
    """Return what a pickle describes, read by an unpickler that runs nothing.

    Raises
    ------
    FormatError
        The pickle is damaged, or asks for anything but tensors.
    """
    try:
        return reader(io.BytesIO(data)).load()
    except Refused as refused:
        raise FormatError(
            f"{name}: its pickle uses {refused}, which tensors do not need; superscope did not "
            "run it. If you trust the file, convert it to safetensors"
        ) from None
    except KeyError as error:
        what = error.args[0] if error.args else ""
        if isinstance(what, int):  # the byte of an opcode that is not supported
            what = next((op.name for op in pickletools.opcodes if op.code == chr(what)), what)
        raise FormatError(
            f"{name}: its pickle uses {str(what)[:200]}, which tensors do not need; superscope "
            "did not run it. If you trust the file, convert it to safetensors"
        ) from None
    except Exception as error:  # damaged bytes can raise any exception
        raise FormatError(f"{name}: its data.pkl is damaged: {str(error)[:200]}") from None


def _flattened(described: Any, file_name: str) -> dict[str, _Tensor]:
    """Return the tensors of nested dicts under dotted names; a single tensor is ``tensor``."""
    if isinstance(described, _Tensor):
        return {"tensor": described}
    found: dict[str, _Tensor] = {}
    seen: set[int] = set()  # a hostile pickle can nest one dict in itself
    pending = [("", 0, described)]
    letters = 0
    while pending:
        name, depth, node = pending.pop()
        if isinstance(node, _Tensor):
            found[name] = node
        elif isinstance(node, Mapping) and id(node) not in seen:
            seen.add(id(node))
            for key, value in reversed([*node.items()]):  # popped in the order of the file
                if not isinstance(value, (_Tensor, Mapping)):
                    continue
                inner = f"{name}.{key}" if name else str(key)
                if depth >= MAX_DEPTH or len(inner) > MAX_NAME:
                    raise FormatError(f"{file_name} is damaged: its dicts are nested too deep")
                letters += len(inner)
                if letters > MAX_NAMES:
                    raise FormatError(
                        f"{file_name} is damaged: the names of its tensors are too long"
                    )
                pending.append((inner, depth + 1, value))
    check_count(len(found), file_name)
    return found


def _stored(
    name: str, tensor: _Tensor, entries: Mapping[str, ZipEntry], root: str, file: RangeFile
) -> StoredTensor:
    entry = entries.get(f"{root}data/{tensor.storage.key}")
    if entry is None:
        raise FormatError(f"{file.name} is damaged: the bytes of tensor {name} are missing")
    item = _ITEM_BYTES[tensor.dtype]
    start, nbytes = tensor.offset * item, math.prod(tensor.shape) * item
    layout = _layout(tensor.shape, tensor.stride)
    dtype = tensor.dtype
    if layout == "strided":  # not read anyway; an expanded tensor may exceed its storage
        dtype = f"{STRIDED}{dtype}"
    elif start + nbytes > entry.size:
        raise FormatError(
            f"{file.name} is damaged or truncated: tensor {name} is longer than its storage"
        )
    return StoredTensor(
        name, dtype, tensor.shape, start, nbytes, entry, transposed=layout == "columns"
    )


def _layout(shape: tuple[int, ...], stride: tuple[int, ...]) -> str:
    """Return whether a tensor is stored by rows, by columns, or strided."""

    def packed(order: range) -> bool:
        step = 1
        for axis in order:
            if shape[axis] != 1 and stride[axis] != step:
                return False
            step *= shape[axis]
        return True

    axes = len(shape)
    if 0 in shape or packed(range(axes - 1, -1, -1)):
        return "rows"
    return "columns" if axes == 2 and packed(range(axes)) else "strided"
