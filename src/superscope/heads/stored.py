"""What a file says of its tensors, whatever its format."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from superscope.errors import FormatError
from superscope.heads.encodings import ENCODINGS, Encoding, ggml_encoding
from superscope.heads.transport import RangeFile
from superscope.heads.zip_file import ZipEntry

MAX_TENSORS, MAX_AXES = 200_000, 64  # of one file
STRIDED = "strided "  # before the dtype of a tensor whose numbers lie scattered in its storage


@dataclass(frozen=True)
class StoredTensor:
    """One tensor's place in a file.

    Attributes
    ----------
    name, dtype, shape
        As the file has them; `dtype` in safetensors' or ggml's spelling.
    start
        Byte where the numbers start: in the file, or within its zip entry.
    nbytes
        Length of the numbers in bytes.
    entry
        The zip entry that holds them, or None in a plain file.
    transposed
        The numbers are those of the transpose, row by row.
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
        """The stored number format.

        Raises
        ------
        FormatError
            Not a floating-point or ggml format that can be decoded.
        """
        if self.dtype in ENCODINGS:
            return ENCODINGS[self.dtype]
        if self.dtype.startswith("ggml:"):
            return ggml_encoding(self.dtype.removeprefix("ggml:"))
        if self.dtype.startswith(STRIDED):
            raise FormatError(
                f"tensor {self.name} is a view with gaps between its numbers, which is not read; "
                "save it with .contiguous()"
            )
        raise FormatError(
            f"tensor {self.name} has dtype {self.dtype}, which is not read; "
            f"known: {', '.join(ENCODINGS)} and ggml's types"
        )

    def check_whole(self, file: RangeFile) -> None:
        """Refuse a tensor whose numbers do not all lie in a plain file.

        Raises
        ------
        FormatError
            Naming the file and the tensor.
        """
        end = self.start + self.nbytes
        if self.entry is None and end > file.size:
            raise FormatError(
                f"{file.name}: tensor {self.name} ends at byte {end:,} "
                f"but the file has {file.size:,}; truncated, or its offsets are wrong"
            )

    @property
    def mappable(self) -> bool:
        """Whether the numbers lie in the file as they are, row by row."""
        return not self.transposed and (self.entry is None or not self.entry.deflated)

    def offset(self, file: RangeFile) -> int:
        """Return the byte of `file` where the numbers start."""
        return self.start if self.entry is None else self.entry.data_offset(file) + self.start

    def chunks(self, file: RangeFile) -> Iterator[bytes]:
        """Yield the tensor's bytes, inflated and with their checksum compared in a zip."""
        self.check_whole(file)
        if self.entry is None:
            yield from file.chunks(self.start, self.nbytes)
        else:
            yield from self.entry.content(file, self.start, self.nbytes)

    def check(self, file: RangeFile) -> None:
        """Compare the checksum of the tensor's bytes, where the file has one.

        Raises
        ------
        FormatError
            It differs.
        """
        if self.entry is not None:
            for _ in self.entry.content(file, 0, 0):
                pass


@dataclass(frozen=True)
class Directory:
    """The tensors of one file, and the token strings if the file has them."""

    format: str
    tensors: Mapping[str, StoredTensor]
    tokens: tuple[str | None, ...] | None = None
    properties: Mapping[str, object] = field(default_factory=dict)


def valid_shape(shape: Sequence[object], label: str) -> tuple[int, ...]:
    """Return a tensor's shape as a file states it.

    Raises
    ------
    FormatError
        Not whole numbers, or more of them, or larger ones, than any file can hold.
    """
    if len(shape) > MAX_AXES:
        raise FormatError(f"{label} has {len(shape):,} axes; damaged")
    numbers = tuple(n for n in shape if type(n) is int and 0 <= n < 1 << 63)
    if len(numbers) != len(shape):
        raise FormatError(f"{label} has a shape that is not valid; damaged")
    if math.prod(numbers) >= 1 << 63:
        raise FormatError(f"{label} has more numbers than any file can hold; damaged")
    return numbers


def check_count(count: int, file_name: str) -> None:
    """Refuse more tensors than any checkpoint's file has.

    Raises
    ------
    FormatError
        Naming the file.
    """
    if count > MAX_TENSORS:
        raise FormatError(
            f"{file_name} is damaged: {count:,} tensors (the limit is {MAX_TENSORS:,})"
        )


def check_extents(tensors: Mapping[str, StoredTensor], file: RangeFile) -> None:
    """Refuse tensors that overlap, or don't fit their shape.

    Those that leave the file are refused when they are read: a download that broke off may still
    have the one that is wanted.

    Raises
    ------
    FormatError
        Naming the file and the tensors.
    """
    check_count(len(tensors), file.name)
    end, before = 0, ""
    for tensor in sorted(tensors.values(), key=lambda t: (t.start, t.nbytes)):
        if tensor.nbytes and tensor.start < end:
            raise FormatError(f"{file.name}: tensors {before} and {tensor.name} overlap")
        if tensor.nbytes:
            end, before = tensor.start + tensor.nbytes, tensor.name
        if math.prod(tensor.shape) > 8 * file.size:  # also of a type whose size is not known here
            raise FormatError(
                f"{file.name}: tensor {tensor.name} of shape {tensor.shape} has more numbers "
                "than the file has bits; damaged"
            )
        if tensor.dtype in ENCODINGS:
            expected = math.prod(tensor.shape) * ENCODINGS[tensor.dtype].block_bytes
            if expected != tensor.nbytes:
                raise FormatError(
                    f"{file.name}: tensor {tensor.name} of shape {tensor.shape} and dtype "
                    f"{tensor.dtype} needs {expected:,} bytes but has {tensor.nbytes:,}"
                )
