"""Read the scale of a quantized head from the tensors beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from superscope.errors import FormatError
from superscope.heads import dcp_file, scales
from superscope.heads.encodings import Float32
from superscope.heads.opened import Opened, loaded
from superscope.heads.scales import Scale
from superscope.heads.stored import StoredTensor

_INTEGERS = {"U8": "<u1", "I32": "<i4", "I64": "<i8"}  # types of zero points


def stored_scale(
    opened: Opened,
    where: Mapping[str, str],
    head: StoredTensor,
    *,
    config: Mapping[str, Any],
    label: str,
) -> Scale | None:
    """Return the scale of a head in fp8 or int8; None if no tensor holds it."""
    if not scales.needed(head.dtype):
        return None
    if opened.directory(where[head.name]).format == dcp_file.FORMAT:
        raise FormatError(
            f"{label} is stored as {head.dtype} in a distributed checkpoint, which superscope "
            "cannot read; measure the unquantized checkpoint"
        )
    name = scales.scale_beside(head.name, where, label)
    if name is None:
        return None
    shape = (head.shape[0], head.shape[1])
    factors = _read(opened, where, name, head, label)
    zero_name = scales.zero_beside(head.name, where)
    zero = None if zero_name is None else _read(opened, where, zero_name, head, label)
    return scales.fitted(name, factors, shape, label=label, config=config, zero=zero)


def _read(
    opened: Opened, where: Mapping[str, str], name: str, head: StoredTensor, label: str
) -> Float32:
    """Return a scale or its zero points as float32, in the shape of the tensor.

    Raises
    ------
    FormatError
        The tensor is larger than the head, or its dtype is not that of a scale.
    """
    stored = opened.tensor(where, name)
    if math.prod(stored.shape) > math.prod(head.shape):
        raise FormatError(
            f"{label} cannot have the scale {name} of shape {stored.shape}, which is larger than "
            "the head; measure the unquantized checkpoint"
        )
    if stored.dtype == "U8" and head.dtype.startswith("F8"):
        # MX formats have scales that are powers of two; old versions of torch save them as bytes.
        stored = replace(stored, dtype="F8_E8M0")
    file = opened.file(where[name])
    if stored.dtype in _INTEGERS:
        raw = b"".join(stored.chunks(file))
        values = np.frombuffer(raw, _INTEGERS[stored.dtype]).astype(np.float32)
    else:
        values = loaded(file, stored)
    return values.reshape(stored.shape)
