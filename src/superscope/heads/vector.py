"""Read one vector from a file: a probe, or a steering direction."""

from __future__ import annotations

from pathlib import Path

from superscope.errors import FormatError, UsageError
from superscope.heads._locate import locate
from superscope.heads.directions import numbers
from superscope.heads.encodings import Float32
from superscope.heads.opened import Opened, holders_of, loaded
from superscope.text import counted


def read_vector(file: str | Path, layer: int | None = None) -> Float32:
    """Read a file that holds one vector, or one for each layer.

    Parameters
    ----------
    file
        A ``.pt``, ``.npy``, ``.npz``, ``.safetensors`` or ``.gguf`` file.
    layer
        The row to take of a tensor of shape (layers, m), from 0.

    Returns
    -------
    numpy.ndarray
        float32, shape (m,).

    Raises
    ------
    NotFoundError, FormatError
        There is no such file, or it cannot be read.
    UsageError
        It holds several tensors or several vectors, and `layer` chooses none; or it has no layers.
    """
    checkpoint = locate(file)
    opened = Opened(checkpoint)
    name = holders_of(checkpoint)
    if not isinstance(name, str):
        raise FormatError(f"{checkpoint.name} is a checkpoint of several files, not one vector")
    tensors = numbers(opened.directory(name).tensors)
    if len(tensors) != 1 or len(tensors[0].shape) > 2:
        what = counted(len(tensors), "tensor") + " of numbers"
        if len(tensors) == 1:
            what = f"a tensor of {len(tensors[0].shape)} axes"
        raise UsageError(
            f"{checkpoint.name} holds {what}, and one vector is read at a time; pass it as "
            "dictionary, and name one of its directions"
        )
    tensors[0].check_whole(opened.file(name))
    if layer is not None and len(tensors[0].shape) == 1:
        raise UsageError(
            f"{checkpoint.name} holds one vector and no layers, so leave out layer={layer}"
        )
    rows = loaded(opened.file(name), tensors[0])
    if layer is not None and layer >= rows.shape[0]:
        raise UsageError(
            f"{checkpoint.name} has {counted(rows.shape[0], 'row')}, so layer={layer} must be from "
            f"0 to {rows.shape[0] - 1:,}"
        )
    if rows.shape[0] > 1 and layer is None:
        raise UsageError(
            f"{checkpoint.name} holds {rows.shape[0]:,} vectors of {rows.shape[1]:,} numbers; "
            "pass layer=N for one of them, or pass it as dictionary and name one of its directions"
        )
    row: Float32 = rows[layer or 0]
    return row
