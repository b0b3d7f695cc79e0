"""Which reader a file needs, told from its first bytes rather than its name."""

from __future__ import annotations

from superscope.errors import FormatError
from superscope.heads import gguf_file, numpy_file, safetensors_file, torch_file
from superscope.heads.stored import Directory
from superscope.heads.transport import RangeFile


def read_directory(file: RangeFile) -> Directory:
    """Return the tensors of a checkpoint file, reading only what describes them.

    Raises
    ------
    FormatError
        No known format, or damaged.
    """
    if file.size == 0:
        raise FormatError(f"{file.name} is empty")
    start = file.read_at(0, min(8, file.size))
    if start.startswith(b"GGUF"):
        return gguf_file.read_directory(file)
    if start.startswith(numpy_file.MAGIC):
        return numpy_file.read_npy(file)
    if start.startswith(b"PK"):
        if file.name.split("?")[0].endswith(".npz"):
            return numpy_file.read_npz(file)
        return torch_file.read_directory(file)
    if start == b"version ":
        raise FormatError(f"{file.name} is a pointer of git-lfs, not the file; run: git lfs pull")
    # A safetensors header is a JSON object after its length; an old .bin is a pickle.
    if start.startswith(b"\x80") and file.read_at(8, min(1, file.size - 8)) != b"{":
        torch_file.refuse_old_format(file)
    return safetensors_file.read_directory(file)
