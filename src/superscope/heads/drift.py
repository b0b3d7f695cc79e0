"""Compare a stored output head with the input embedding that its config ties it to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from superscope.heads import dcp_file, naming
from superscope.heads.opened import Opened
from superscope.heads.stored import StoredTensor
from superscope.heads.transport import RangeFile

_PROBES, _LENGTH = 16, 1 << 14  # remote tensors are compared in 16 pieces of this many bytes


def drifted_embedding(opened: Opened, where: Mapping[str, str], head: str) -> str | None:
    """Return the name of the input embedding if it is stored and differs from the head.

    Local tensors are compared completely, remote ones in a few places.
    """
    name = naming.embedding_of(where)
    if name is None or name == head:
        return None
    other = opened.file(where[name])
    a, b = (opened.tensor(where, n) for n in (head, name))
    if (a.dtype, a.transposed) != (b.dtype, b.transposed):
        return None  # one may be quantized: then a difference proves nothing
    if b.entry is None and b.start + b.nbytes > other.size:
        return None  # the embedding is cut off
    if a.shape != b.shape:
        return name
    if (where[head], a.entry, a.start) == (where[name], b.entry, b.start) and a.nbytes:
        return None
    return None if _same(opened, where, head, name) else name


def _same(opened: Opened, where: Mapping[str, str], head: str, name: str) -> bool:
    """Return whether two tensors of one shape have the same bytes, where they are compared."""
    if opened.directory(where[head]).format == dcp_file.FORMAT:
        return np.array_equal(opened.loaded(where, head), opened.loaded(where, name))
    file, other = opened.file(where[head]), opened.file(where[name])
    a, b = (opened.tensor(where, n) for n in (head, name))
    if file.local is not None and other.local is not None:
        return _digest(a, file) == _digest(b, other)
    return _probes(a, file) == _probes(b, other)


def _digest(tensor: StoredTensor, file: RangeFile) -> bytes:
    digest = hashlib.blake2b()
    for chunk in tensor.chunks(file):
        digest.update(chunk)
    return digest.digest()


def _probes(tensor: StoredTensor, file: RangeFile) -> list[bytes]:
    if tensor.entry is not None and tensor.entry.deflated:
        return []
    start, length = tensor.offset(file), min(_LENGTH, tensor.nbytes)
    step = (tensor.nbytes - length) // _PROBES
    return [file.read_at(start + n * step, length) for n in range(_PROBES if step else 1)]
