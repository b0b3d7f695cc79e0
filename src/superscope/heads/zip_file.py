"""Read the entries of zip files, such as PyTorch checkpoints and ``.npz`` arrays, with checks.

The directory at the end of a zip may be wrong. So each entry's own header must agree with it,
entries must not overlap, and the checksum of an entry is checked whenever it is read.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from superscope.errors import FormatError
from superscope.heads.transport import CHUNK, RangeFile

MAX_ENTRIES = 200_000
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x2041  # flags: encrypted, strongly encrypted, with a masked directory
_SIZES_FOLLOW = 0x8  # flag: checksum and sizes come after the data, not in the local header
_UTF8 = 0x800
_EXPANSION = 1032  # the largest ratio of decompressed to compressed bytes in deflate


@dataclass(frozen=True)
class ZipEntry:
    """An entry of a zip file, from its central directory.

    Attributes
    ----------
    name, path
        Its name, and the bytes of the name in the file.
    header_offset
        Position of its local header.
    compressed_size, size
        Its size in the file, and after decompression.
    deflated
        Whether it is compressed.
    crc
        CRC-32 of its bytes, or None if the file has none.
    """

    name: str
    path: bytes
    header_offset: int
    compressed_size: int
    size: int
    deflated: bool
    crc: int | None

    def data_offset(self, file: RangeFile) -> int:
        """Return the position of the entry's data, after its local header.

        Raises
        ------
        FormatError
            The local header is missing or differs from the directory.
        """
        wanted = _LOCAL_HEADER.size + len(self.path)
        raw = file.read_at(self.header_offset, min(wanted, file.size - self.header_offset))
        if len(raw) < wanted or raw[:4] != b"PK\x03\x04":
            raise FormatError(
                f"{file.name} is damaged: the zip entry {self.name} is not where the zip "
                "directory says"
            )
        _, _, flags, method, _, _, crc, compressed, size, name_length, extra_length = (
            _LOCAL_HEADER.unpack(raw[: _LOCAL_HEADER.size])
        )
        said = [(crc, self.crc or 0), (compressed, self.compressed_size), (size, self.size)]
        differs = (
            raw[_LOCAL_HEADER.size :] != self.path
            or name_length != len(self.path)
            or method != (zipfile.ZIP_DEFLATED if self.deflated else zipfile.ZIP_STORED)
            or flags & _ENCRYPTED
            # 0 and all ones mean that the number is stored elsewhere.
            or any(a not in (b, 0, 0xFFFFFFFF) for a, b in said if not flags & _SIZES_FOLLOW)
        )
        if differs:
            raise FormatError(
                f"{file.name} is damaged: the zip entry at byte {self.header_offset:,} differs "
                f"from what the zip directory says of {self.name}"
            )
        start: int = self.header_offset + wanted + extra_length
        if start + self.compressed_size > file.size:
            raise FormatError(f"{file.name} is truncated: its zip entry {self.name} is incomplete")
        return start

    def content(self, file: RangeFile, start: int, length: int) -> Iterator[bytes]:
        """Yield `length` bytes of the entry from its byte `start`.

        The whole entry is read, so that its checksum can be compared.

        Raises
        ------
        FormatError
            The entry is damaged or incomplete; raised after the last bytes.
        """
        crc = at = 0
        for chunk in self._chunks(file):
            crc = zlib.crc32(chunk, crc)
            piece = chunk[max(start - at, 0) : max(start + length - at, 0)]
            at += len(chunk)
            if piece:
                yield piece
        if at != self.size or start + length > self.size:
            raise FormatError(f"{file.name}: {self.name} is cut short")
        if self.crc is not None and crc != self.crc:
            raise FormatError(
                f"{file.name} is damaged: the checksum of {self.name} is {crc:08x} "
                f"but should be {self.crc:08x}; download the file again"
            )

    def prefix(self, file: RangeFile, length: int) -> bytes:
        """Return the first bytes of the entry, without a check of its checksum."""
        length = min(length, self.size)
        at = self.data_offset(file)
        if not self.deflated:
            return file.read_at(at, length)
        raw = file.read_at(at, min(self.compressed_size, 2 * length + 1024))
        try:
            data = zlib.decompressobj(-15).decompress(raw, length) if length else b""
        except zlib.error as error:
            raise FormatError(f"{file.name}: {self.name} is damaged: {error}") from None
        if len(data) < length:
            raise FormatError(f"{file.name}: {self.name} is cut short")
        return data

    def _chunks(self, file: RangeFile) -> Iterator[bytes]:
        packed = file.chunks(self.data_offset(file), self.compressed_size)
        if not self.deflated:
            yield from packed
            return
        inflate = zlib.decompressobj(-15)
        left = self.size
        try:
            for chunk in packed:
                pending = chunk
                while pending and not inflate.eof:
                    data = inflate.decompress(pending, CHUNK)
                    pending = inflate.unconsumed_tail
                    left -= len(data)
                    if left < 0:
                        raise FormatError(
                            f"{file.name} is damaged: {self.name} is longer than the zip "
                            "directory says"
                        )
                    yield data
        except zlib.error as error:
            raise FormatError(f"{file.name}: {self.name} is damaged: {error}") from None


def zip_entries(file: RangeFile) -> dict[str, ZipEntry]:
    """Return the entries of a zip file by name, from its central directory.

    Raises
    ------
    FormatError
        The zip is damaged or encrypted, or entries overlap, occur twice or use an unknown
        compression.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OverflowError,
            EOFError, IndexError, OSError, RuntimeError, MemoryError) as error:  # fmt: skip
        raise FormatError(f"{file.name} is damaged or truncated: {error}") from None
    if len(infos) > MAX_ENTRIES:
        raise FormatError(
            f"{file.name} has {len(infos):,} zip entries (the limit is {MAX_ENTRIES:,})"
        )
    entries = {info.filename: _entry(info, file.name) for info in infos}
    if len(entries) != len(infos):
        raise FormatError(f"{file.name} is damaged: a zip entry occurs twice")
    end, before = 0, ""
    for entry in sorted(entries.values(), key=lambda e: e.header_offset):
        if entry.header_offset < end:
            raise FormatError(
                f"{file.name} is damaged: zip entries {before} and {entry.name} overlap"
            )
        end = entry.header_offset + _LOCAL_HEADER.size + len(entry.path) + entry.compressed_size
        before = entry.name
    return entries


def _entry(info: zipfile.ZipInfo, file_name: str) -> ZipEntry:
    if info.flag_bits & _ENCRYPTED:
        raise FormatError(f"{file_name}: entry {info.filename} is encrypted; decrypt it first")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FormatError(f"{file_name}: entry {info.filename} uses an unknown compression")
    deflated = info.compress_type == zipfile.ZIP_DEFLATED
    if deflated:
        possible = info.file_size <= _EXPANSION * info.compress_size
    else:
        possible = info.file_size == info.compress_size
    if not possible:
        raise FormatError(
            f"{file_name} is damaged: the {info.compress_size:,} bytes of {info.filename} "
            f"cannot decompress to {info.file_size:,}"
        )
    return ZipEntry(
        info.filename,
        info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437"),
        info.header_offset,
        info.compress_size,
        info.file_size,
        deflated,
        info.CRC or None,  # PyTorch writes 0 if it is configured not to compute checksums
    )
