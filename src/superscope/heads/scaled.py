"""The scale of a head, read from the tensors beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from superscope.errors import FormatError
from superscope.heads import scales
from superscope.heads.encodings import Float32
from superscope.heads.opened import Opened, loaded
from superscope.heads.scales import Scale
from superscope.heads.stored import StoredTensor

_INTEGERS = {"U8": "<u1", "I32": "<i4", "I64": "<i8"}  # of zero points


def stored_scale(
    opened: Opened,
    where: Mapping[str, str],
    head: StoredTensor,
    *,
    config: Mapping[str, Any],
    label: str,
) -> Scale | None:
    """Return the scale that a head in fp8 or int8 is stored without; None if none is known."""
    if not scales.needed(head.dtype):
        return None
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
    """Return a tensor of no more numbers than the head has, as float32 in its own shape.

    Raises
    ------
    FormatError
        It is larger, or stored in a way that no scale or zero point is.
    """
    stored = opened.tensor(where, name)
    if math.prod(stored.shape) > math.prod(head.shape):
        raise FormatError(f"{label}: {name} has shape {stored.shape}, more numbers than the head")
    if stored.dtype == "U8" and head.dtype.startswith("F8"):
        # Powers of two, of MX formats, saved by a torch that has no type for them.
        stored = replace(stored, dtype="F8_E8M0")
    file = opened.file(where[name])
    if stored.dtype in _INTEGERS:
        raw = b"".join(stored.chunks(file))
        values = np.frombuffer(raw, _INTEGERS[stored.dtype]).astype(np.float32)
    else:
        values = loaded(file, stored)
    return values.reshape(stored.shape)
