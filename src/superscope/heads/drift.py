"""Compare a stored output head with the input embedding that its config ties it to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from superscope.heads import naming
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
    file, other = opened.file(where[head]), opened.file(where[name])
    a, b = (opened.tensor(where, n) for n in (head, name))
    if (a.dtype, a.transposed) != (b.dtype, b.transposed):
        return None  # one may be quantized: then a difference proves nothing
    if b.entry is None and b.start + b.nbytes > other.size:
        return None  # the embedding is cut off
    if a.shape != b.shape:
        return name
    if (where[head], a.entry, a.start) == (where[name], b.entry, b.start):
        return None
    local = file.local is not None and other.local is not None
    same = _digest(a, file) == _digest(b, other) if local else _probes(a, file) == _probes(b, other)
    return None if same else name


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
