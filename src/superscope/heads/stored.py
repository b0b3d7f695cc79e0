"""The tensors of a file: names, types, shapes and places, for every format."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from superscope.errors import FormatError
from superscope.heads.encodings import ENCODINGS, Encoding, ggml_encoding
from superscope.heads.transport import RangeFile
from superscope.heads.zip_file import ZipEntry

MAX_TENSORS, MAX_AXES = 200_000, 64  # tensors of a file, axes of a tensor
STRIDED = "strided "  # prefix of the dtype of a tensor with gaps between its numbers


@dataclass(frozen=True)
class StoredTensor:
    """The place of a tensor in a file.

    Attributes
    ----------
    name, dtype, shape
        As in the file; `dtype` as safetensors or ggml name it.
    start
        Position of the first byte in the file, or in its zip entry.
    nbytes
        Size in bytes.
    entry
        The zip entry that holds the tensor, or None in a plain file.
    transposed
        Whether the transposed matrix is stored.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    nbytes: int
    entry: ZipEntry | None = None
    transposed: bool = False

    @property
    def encoding(self) -> Encoding:
        """The number format.

        Raises
        ------
        FormatError
            The format cannot be decoded to floating-point numbers.
        """
        if self.dtype in ENCODINGS:
            return ENCODINGS[self.dtype]
        if self.dtype.startswith("ggml:"):
            return ggml_encoding(self.dtype.removeprefix("ggml:"))
        if self.dtype.startswith(STRIDED):
            raise FormatError(
                f"tensor {self.name} is a view with gaps between its numbers, which superscope "
                "cannot read; save a contiguous copy of it"
            )
        raise FormatError(
            f"tensor {self.name} has dtype {self.dtype}, which superscope cannot read; "
            f"it reads {', '.join(ENCODINGS)} and ggml's types"
        )

    def check_whole(self, file: RangeFile) -> None:
        """Raise if the file ends before the tensor does.

        Raises
        ------
        FormatError
            The message names the file and the tensor.
        """
        end = self.start + self.nbytes
        if self.entry is None and end > file.size:
            raise FormatError(
                f"{file.name} is truncated or damaged: tensor {self.name} ends at byte {end:,}, "
                f"but the file has only {file.size:,} bytes"
            )

    @property
    def mappable(self) -> bool:
        """Whether the file holds the numbers row by row and not compressed."""
        return not self.transposed and (self.entry is None or not self.entry.deflated)

    def offset(self, file: RangeFile) -> int:
        """Return the position of the tensor's first byte in `file`."""
        return self.start if self.entry is None else self.entry.data_offset(file) + self.start

    def chunks(self, file: RangeFile) -> Iterator[bytes]:
        """Yield the tensor's bytes; those of a zip are decompressed and their checksum checked."""
        self.check_whole(file)
        if self.entry is None:
            yield from file.chunks(self.start, self.nbytes)
        else:
            yield from self.entry.content(file, self.start, self.nbytes)

    def check(self, file: RangeFile) -> None:
        """Check the checksum of the tensor's bytes, if the file has one.

        Raises
        ------
        FormatError
            The checksum is wrong.
        """
        if self.entry is not None:
            for _ in self.entry.content(file, 0, 0):
                pass


@dataclass(frozen=True)
class Directory:
    """The tensors of one file, and its token strings if it has any."""

    format: str
    tensors: Mapping[str, StoredTensor]
    tokens: tuple[str | None, ...] | None = None
    properties: Mapping[str, object] = field(default_factory=dict)


def valid_shape(shape: Sequence[object], label: str) -> tuple[int, ...]:
    """Return the shape in a file's header as a tuple.

    Raises
    ------
    FormatError
        It is not a plausible shape.
    """
    if len(shape) > MAX_AXES:
        raise FormatError(f"{label} is damaged: it has {len(shape):,} axes")
    numbers = tuple(n for n in shape if type(n) is int and 0 <= n < 1 << 63)
    if len(numbers) != len(shape):
        raise FormatError(f"{label} is damaged: its shape is not valid")
    if math.prod(numbers) >= 1 << 63:
        raise FormatError(f"{label} is damaged: its shape has more numbers than any file can hold")
    return numbers


def check_count(count: int, file_name: str) -> None:
    """Raise if a file has more tensors than a real checkpoint.

    Raises
    ------
    FormatError
        The message names the file.
    """
    if count > MAX_TENSORS:
        raise FormatError(
            f"{file_name} is damaged: it lists {count:,} tensors (the limit is {MAX_TENSORS:,})"
        )


def check_extents(tensors: Mapping[str, StoredTensor], file: RangeFile) -> None:
    """Raise if tensors overlap in the file, or if a size does not match its shape.

    Tensors beyond the end of the file are refused only when they are read: an incomplete download
    may already hold the head.

    Raises
    ------
    FormatError
        The message names the file and the tensors.
    """
    check_count(len(tensors), file.name)
    end, before = 0, ""
    for tensor in sorted(tensors.values(), key=lambda t: (t.start, t.nbytes)):
        if tensor.nbytes and tensor.start < end:
            raise FormatError(f"{file.name} is damaged: tensors {before} and {tensor.name} overlap")
        if tensor.nbytes:
            end, before = tensor.start + tensor.nbytes, tensor.name
        if math.prod(tensor.shape) > 8 * file.size:  # for types of unknown size
            raise FormatError(
                f"{file.name} is damaged: tensor {tensor.name} of shape {tensor.shape} has more "
                "numbers than the file has bits"
            )
        if tensor.dtype in ENCODINGS:
            expected = math.prod(tensor.shape) * ENCODINGS[tensor.dtype].block_bytes
            if expected != tensor.nbytes:
                raise FormatError(
                    f"{file.name} is damaged: tensor {tensor.name} of shape {tensor.shape} and "
                    f"dtype {tensor.dtype} needs {expected:,} bytes but has {tensor.nbytes:,}"
                )
