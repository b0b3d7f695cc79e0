"""Read the headers of ``.npy`` and ``.npz`` files."""

from __future__ import annotations

import io
import math
import tokenize
import warnings
from pathlib import PurePosixPath

import numpy as np

from superscope.errors import FormatError
from superscope.heads.stored import STRIDED, Directory, StoredTensor, valid_shape
from superscope.heads.transport import RangeFile
from superscope.heads.zip_file import ZipEntry, zip_entries
from superscope.text import named

MAX_ARRAYS = 10_000  # in one .npz file: the header of each array is read
MAGIC = b"\x93NUMPY"
_LONGEST_PREFIX = 1 << 16  # the length of a header of version 1 is a 16-bit number

_DTYPES = {"<f8": "F64", "<f4": "F32", "<f2": "F16", "|i1": "I8"}


def read_npy(file: RangeFile) -> Directory:
    """Read the header of a ``.npy`` file; the array is named as the file, without the suffix.

    Raises
    ------
    FormatError
        The file is damaged or truncated, or holds Python objects.
    """
    name = named(PurePosixPath(file.name.split("?")[0]).stem)
    prefix = file.read_at(0, min(_LONGEST_PREFIX, file.size, 128))
    if len(prefix) >= 10:
        needed = 12 + int.from_bytes(prefix[8:10], "little")
        prefix = file.read_at(0, min(needed, file.size))
    tensor = _tensor(name, prefix, file.name, None)
    if tensor.start + tensor.nbytes > file.size:
        raise FormatError(
            f"{file.name} is truncated: its array of shape {tensor.shape} needs "
            f"{tensor.nbytes:,} bytes, and the file has {file.size - tensor.start:,}"
        )
    return Directory("npy", {name: tensor})


def read_npz(file: RangeFile) -> Directory:
    """Read the headers of a ``.npz`` file's arrays.

    Raises
    ------
    FormatError
        The file is damaged or truncated, or holds Python objects.
    """
    tensors = {}
    entries = zip_entries(file)
    if len(entries) > MAX_ARRAYS:
        raise FormatError(f"{file.name} has {len(entries):,} arrays (the limit is {MAX_ARRAYS:,})")
    for entry in entries.values():
        if not entry.name.endswith(".npy"):
            continue
        name = entry.name.removesuffix(".npy")
        prefix = _prefix(file, entry)
        tensor = _tensor(name, prefix, f"{file.name}:{entry.name}", entry)
        if tensor.start + tensor.nbytes > entry.size:
            raise FormatError(f"{file.name} is damaged: its array {name} is not complete")
        tensors[name] = tensor
    return Directory("npz", tensors)


def _prefix(file: RangeFile, entry: ZipEntry) -> bytes:
    prefix = entry.prefix(file, 128)
    needed = 12 + int.from_bytes(prefix[8:10], "little")
    return entry.prefix(file, needed) if needed > 128 else prefix


def _tensor(name: str, prefix: bytes, label: str, entry: ZipEntry | None) -> StoredTensor:
    stream = io.BytesIO(prefix)
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        with warnings.catch_warnings():  # both numpy and Python warn about headers of Python 2
            warnings.simplefilter("ignore")
            shape, fortran, dtype = read(stream)
        if dtype.hasobject:
            raise ValueError("it holds Python objects, and loading those would run code")
    except (ValueError, KeyError, TypeError, SyntaxError, RecursionError, tokenize.TokenError,
            EOFError, MemoryError, UnicodeDecodeError) as error:  # fmt: skip
        raise FormatError(f"{label} cannot be read as an array: {str(error)[:200]}") from None
    shape = valid_shape(shape, label)
    stored = _DTYPES.get(dtype.str, dtype.str)
    if fortran and len(shape) > 2:
        stored = f"{STRIDED}{stored}"  # its last axis is not the one without gaps
    return StoredTensor(
        name, stored, shape, stream.tell(), math.prod(shape) * dtype.itemsize, entry,
        transposed=bool(fortran) and len(shape) == 2,
    )  # fmt: skip
