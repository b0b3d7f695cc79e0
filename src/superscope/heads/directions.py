"""Read directions that are stored otherwise than as one matrix.

They may be a vector for each name, or a matrix for each, with a row for each layer, in one file or
in a folder of files; or a tensor of shape (layers, directions, m).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from superscope.errors import FormatError, SuperscopeError, UsageError
from superscope.heads import dcp_file, scales
from superscope.heads.checkpoint import SLICE, USUAL_FILES, USUAL_INDEXES, Checkpoint
from superscope.heads.encodings import ENCODINGS, Float32
from superscope.heads.opened import Opened, holders_of, loaded, weights_of
from superscope.heads.stored import StoredTensor
from superscope.heads.transport import RangeFile
from superscope.text import counted, encodable

_OF_MODEL = re.compile(r"(?i)weight|kernel|embed|head|logit|proj|output")  # not of directions
MOST_FILES = 10_000  # of a folder, that are opened to look for directions


@dataclass(frozen=True)
class Stacked:
    """Directions that were put together from several tensors.

    Attributes
    ----------
    matrix
        The directions, float32, shape (V, m).
    names
        What the file or files call them.
    file, format, tensor, dtype
        Where the first lies, and how its numbers are stored.
    one_file
        Whether all lie in one file.
    note
        How they were put together.
    """

    matrix: Float32
    names: tuple[str, ...]
    file: str
    format: str
    tensor: StoredTensor
    one_file: bool
    note: str


def stacked(checkpoint: Checkpoint, opened: Opened, layer: int | None) -> Stacked | None:
    """Return directions that are stored one by one; None if a checkpoint holds something else.

    Raises
    ------
    UsageError
        There is a row for each of several layers, and `layer` is none of them.
    """
    parts = _files_of_one(checkpoint, opened)
    one_file = parts is None
    if parts is None:
        parts = _vectors(checkpoint, opened)
    if not parts:
        return None
    label = f"{checkpoint.name} has {counted(len(parts), 'direction')}"
    return _joined(opened, parts, layer, label, one_file)


def of_matrices(checkpoint: Checkpoint, opened: Opened, layer: int | None) -> Stacked | None:
    """Return a row of each matrix in a file, where all have the same shape and no other use."""
    holders = holders_of(checkpoint)
    if not isinstance(holders, str) or holders == dcp_file.METADATA:
        return None
    tensors = numbers(opened.directory(holders).tensors)
    if len(tensors) < 2 or len({t.shape for t in tensors}) > 1 or len(tensors[0].shape) != 2:
        return None
    if layer is None and any(_OF_MODEL.search(tensor.name) for tensor in tensors):
        return None
    label = f"{checkpoint.name} has {len(tensors):,} matrices of one shape"
    return _joined(opened, {t.name: (holders, t) for t in tensors}, layer, label, True)


def of_layer(tensor: StoredTensor, layer: int | None, label: str, format: str) -> StoredTensor:
    """Return the matrix of one layer, or the tensor itself if it has no layers.

    Raises
    ------
    UsageError
        The tensor has layers and `layer` is none of them, or it has none.
    """
    axes = len(tensor.shape)
    if axes != 3 or format == dcp_file.FORMAT:
        if layer is not None:
            shape = " × ".join(f"{n:,}" for n in tensor.shape)
            raise UsageError(
                f"{label} is {shape} and has no layers, so leave out layer={layer}; it is for "
                "tensors of shape (layers, directions, m)"
            )
        return tensor
    layers, rows, width = tensor.shape
    layer = _checked(layer, layers, f"{label} has {layers:,} matrices of {rows:,} × {width:,}")
    if scales.needed(tensor.dtype):
        raise FormatError(
            f"{label} is stored as {tensor.dtype} with a matrix for each layer, which superscope "
            "cannot read; measure the unquantized checkpoint"
        )
    size = tensor.nbytes // max(layers, 1)
    return replace(tensor, shape=(rows, width), start=tensor.start + layer * size, nbytes=size)


def names_beside(
    tensors: Mapping[str, StoredTensor], file: RangeFile, rows: int
) -> tuple[str, ...] | None:
    """Return the strings of an array that has one for each row, as ``.npz`` files may."""
    for tensor in tensors.values():
        if tensor.dtype.startswith("<U") and tensor.shape == (rows,):
            raw = b"".join(tensor.chunks(file))
            try:
                return tuple(encodable(str(name)) for name in np.frombuffer(raw, tensor.dtype))
            except (ValueError, TypeError, UnicodeDecodeError):
                return None
    return None


def _checked(layer: int | None, layers: int, what: str) -> int:
    if layer is None:
        raise UsageError(f"{what}; pass layer=N for one of them, from 0 to {layers - 1:,}")
    if layer >= layers:
        raise UsageError(f"{what}, so layer={layer} must be from 0 to {layers - 1:,}")
    return layer


def numbers(tensors: Mapping[str, StoredTensor]) -> list[StoredTensor]:
    """Return the tensors that may be directions: floating-point numbers, more than one."""
    return [
        t
        for t in tensors.values()
        if math.prod(t.shape) > 1
        and t.dtype.removeprefix("ggml:") in ENCODINGS
        and not scales.needed(t.dtype)
    ]


def _files_of_one(
    checkpoint: Checkpoint, opened: Opened
) -> dict[str, tuple[str, StoredTensor]] | None:
    """Return the only tensor of each file of a folder, where all have one shape."""
    files = () if checkpoint.only is not None else checkpoint.files()
    if any(name in files for name in (*USUAL_FILES, *USUAL_INDEXES)):
        return None
    weights = [f for f in weights_of(files) if not f.endswith(".gguf")]
    suffixes = {PurePosixPath(f).suffix for f in weights}
    if not 1 < len(weights) <= MOST_FILES or len(suffixes) > 1 or any(map(SLICE.match, weights)):
        return None
    found: dict[str, tuple[str, StoredTensor]] = {}
    shape = None
    for file in weights:
        try:
            tensors = list(opened.directory(file).tensors.values())
        except FormatError:
            return None
        plain = numbers({t.name: t for t in tensors})
        shape = plain[0].shape if shape is None and plain else shape
        if len(plain) != 1 or len(tensors) != 1 or plain[0].shape != shape:
            return None
        if _OF_MODEL.search(plain[0].name) and len(plain[0].shape) > 1:
            return None
        found[PurePosixPath(file).stem] = (file, plain[0])
    return found if shape is not None and len(shape) in (1, 2) else None


def _vectors(checkpoint: Checkpoint, opened: Opened) -> dict[str, tuple[str, StoredTensor]]:
    """Return the vectors of a file that holds nothing larger, if all are equally long."""
    try:
        holders = holders_of(checkpoint)
        if not isinstance(holders, str):
            return {}
        directory = opened.directory(holders)
    except SuperscopeError:  # whoever looks for a head then says why
        return {}
    plain = numbers(directory.tensors)
    alike = len({t.shape for t in plain}) == 1 and len(plain[0].shape) == 1
    larger = any(len(t.shape) > 1 for t in directory.tensors.values())
    if not alike or larger or len(plain) < 2 or directory.format == dcp_file.FORMAT:
        return {}
    return {t.name: (holders, t) for t in plain}


def _joined(
    opened: Opened,
    parts: Mapping[str, tuple[str, StoredTensor]],
    layer: int | None,
    label: str,
    one_file: bool,
) -> Stacked:
    (file, first), *_ = parts.values()
    vectors = len(first.shape) == 1
    if vectors and layer is not None:
        raise UsageError(f"{label} and no layers, so leave out layer={layer}")
    if not vectors:
        layers, width = first.shape
        what = f"{label}, with a row of {width:,} numbers for each of {layers:,} layers"
        layer = _checked(layer, layers, what)
    rows = [_row(opened, name, tensor, layer or 0) for name, tensor in parts.values()]
    source = "tensors" if one_file else "files"
    note = f"the {len(parts):,} directions were put together from {len(parts):,} {source}"
    if not vectors:
        note = f"{note}, row {layer} of each"
    return Stacked(
        np.stack(rows), tuple(map(encodable, parts)), file, opened.directory(file).format,
        first, one_file, note,
    )  # fmt: skip


def _row(opened: Opened, file: str, tensor: StoredTensor, row: int) -> Float32:
    tensor.check_whole(opened.file(file))
    if len(tensor.shape) == 2 and not tensor.transposed:
        size = tensor.nbytes // tensor.shape[0]
        one = replace(tensor, shape=tensor.shape[1:], start=tensor.start + row * size, nbytes=size)
        return loaded(opened.file(file), one).ravel()
    whole = loaded(opened.file(file), tensor)
    return whole[row] if len(tensor.shape) == 2 else whole.ravel()
