"""What a file says of its tensors, whatever its format."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from superscope.errors import FormatError
from superscope.heads.encodings import ENCODINGS, Encoding, ggml_encoding
from superscope.heads.transport import CHUNK, RangeFile

_LOCAL_HEADER = struct.Struct("<4s2B4HL2L2H")
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

    @property
    def mappable(self) -> bool:
        """Whether the numbers lie in the file as they are, row by row."""
        return not self.transposed and (self.entry is None or not self.entry.deflated)

    def offset(self, file: RangeFile) -> int:
        """Return the byte of `file` where the numbers start."""
        return self.start if self.entry is None else self.entry.data_offset(file) + self.start

    def chunks(self, file: RangeFile) -> Iterator[bytes]:
        """Yield the tensor's bytes, inflated if the file has them deflated."""
        if self.entry is not None and self.entry.deflated:
            yield from self.entry.inflated(file, self.start, self.nbytes)
        else:
            yield from file.chunks(self.offset(file), self.nbytes)


@dataclass(frozen=True)
class ZipEntry:
    """An entry of a zip file, as its central directory has it."""

    name: str
    header_offset: int
    compressed_size: int
    size: int
    deflated: bool

    def data_offset(self, file: RangeFile) -> int:
        """Return where the entry's data start, after its local header."""
        raw = file.read_at(self.header_offset, _LOCAL_HEADER.size)
        fields = _LOCAL_HEADER.unpack(raw)
        if fields[0] != b"PK\x03\x04":
            raise FormatError(f"{file.name}: no zip entry where {self.name} should start")
        start: int = self.header_offset + _LOCAL_HEADER.size + fields[-2] + fields[-1]
        if start + self.compressed_size > file.size:
            raise FormatError(f"{file.name} is truncated within {self.name}")
        return start

    def inflated(self, file: RangeFile, start: int, length: int) -> Iterator[bytes]:
        """Yield `length` inflated bytes of the entry from its byte `start`."""
        inflate = zlib.decompressobj(-15)
        skip, left = start, length
        try:
            for chunk in file.chunks(self.data_offset(file), self.compressed_size):
                pending = chunk
                while pending and left:
                    data = inflate.decompress(pending, CHUNK)
                    pending = inflate.unconsumed_tail
                    passed = min(skip, len(data))
                    skip -= passed
                    data = data[passed : passed + left]
                    left -= len(data)
                    if data:
                        yield data
        except zlib.error as error:
            raise FormatError(f"{file.name}: {self.name} is damaged: {error}") from None
        if left:
            raise FormatError(f"{file.name}: {self.name} is cut short")


@dataclass(frozen=True)
class Directory:
    """The tensors of one file, and the token strings if the file has them."""

    format: str
    tensors: Mapping[str, StoredTensor]
    tokens: tuple[str | None, ...] | None = None
    properties: Mapping[str, object] = field(default_factory=dict)


def check_extents(tensors: Mapping[str, StoredTensor], file: RangeFile) -> None:
    """Refuse tensors that overlap, leave the file, or don't fit their shape.

    Raises
    ------
    FormatError
        Naming the file and the tensors.
    """
    end, before = 0, ""
    for tensor in sorted(tensors.values(), key=lambda t: (t.start, t.nbytes)):
        if tensor.start + tensor.nbytes > file.size:
            raise FormatError(
                f"{file.name}: tensor {tensor.name} ends at byte {tensor.start + tensor.nbytes:,} "
                f"but the file has {file.size:,}; truncated, or its offsets are wrong"
            )
        if tensor.nbytes and tensor.start < end:
            raise FormatError(f"{file.name}: tensors {before} and {tensor.name} overlap")
        if tensor.nbytes:
            end, before = tensor.start + tensor.nbytes, tensor.name
        if tensor.dtype in ENCODINGS:
            expected = math.prod(tensor.shape) * ENCODINGS[tensor.dtype].block_bytes
            if expected != tensor.nbytes:
                raise FormatError(
                    f"{file.name}: tensor {tensor.name} of shape {tensor.shape} and dtype "
                    f"{tensor.dtype} needs {expected:,} bytes but has {tensor.nbytes:,}"
                )
