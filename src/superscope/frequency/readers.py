"""Documents out of the bytes of files: plain text, JSON lines, Parquet, also compressed."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

from superscope.errors import FormatError, NotFoundError
from superscope.frequency.text import Document, document_of, text_field
from superscope.heads.transport import filesystem, open_remote
from superscope.text import visible

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
LONGEST_CELL = 1 << 30  # characters of a cell of CSV
FETCHED = 1 << 20  # bytes of a remote file at once


def read_all(
    files: tuple[tuple[str, str], ...], given: bytes, split: str, field: str
) -> Iterator[Document]:
    """Yield the documents of files of known kinds; `given` is what standard input gave."""
    for file, kind in files:
        if file == "-":
            yield from _read_plain(io.BytesIO(given), "standard input", split)
        else:
            yield from _read_file(file, kind, split, field)


def shown_name(file: str) -> str:
    """Return a file's name for messages: without a URI's query, which may hold a signature."""
    return visible(path_of(file), quote="", longest=500)


def path_of(file: str) -> str:
    """Return a file's name without the query of a URI."""
    return file.partition("?")[0] if "://" in file else file


def suffixes(name: str) -> tuple[str, str]:
    """Return what a file name says of kind and compression, both lower case."""
    stem, suffix = os.path.splitext(path_of(name).lower())  # noqa: PTH122 - names may be URIs
    if suffix in COMPRESSIONS:
        return os.path.splitext(stem)[1], suffix  # noqa: PTH122
    return suffix, ""


def _read_file(file: str, kind: str, split: str, field: str) -> Iterator[Document]:
    shown = shown_name(file)
    with _opened(file) as stream:
        if kind == "parquet":
            yield from _read_parquet(stream, shown, field)
        elif kind == "table":
            yield from _read_table(stream, shown, field, suffixes(file)[0])
        elif kind == "lines":
            yield from _read_lines(stream, shown, field)
        else:
            yield from _read_plain(stream, shown, split)


@contextmanager
def _opened(file: str) -> Iterator[io.BufferedIOBase]:
    """Open a file for reading bytes; what goes wrong later, while it is read, is told as well."""
    try:
        with _raw(file) as raw, _decompressed(raw, suffixes(file)[1]) as stream:
            yield stream
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise FormatError(
            f"cannot read {shown_name(file)}: {reason or type(error).__name__}"
        ) from None


def _raw(file: str) -> io.BufferedIOBase:
    if "://" in file:
        fs, path = filesystem(file)
        return io.BufferedReader(open_remote(fs, path, shown_name(file)), FETCHED)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise NotFoundError(f"cannot read {shown_name(file)}: {error.strerror or error}") from None


def _decompressed(raw: io.BufferedIOBase, compression: str) -> io.BufferedIOBase:
    match compression:
        case ".gz":
            return gzip.GzipFile(fileobj=raw)
        case ".bz2":
            return bz2.BZ2File(raw)
        case ".xz":
            return lzma.LZMAFile(cast("IO[bytes]", raw))
        case ".zst":
            import pyarrow as pa

            return io.BufferedReader(pa.CompressedInputStream(raw, "zstd"))
    return raw


def _read_plain(stream: io.BufferedIOBase, file: str, split: str) -> Iterator[Document]:
    if split not in {"file", "paragraph", "line"}:
        yield from _read_separated(stream, file, split)
        return
    gathered: list[bytes] = []
    begin = 1

    def document() -> Iterator[Document]:
        data = b"".join(gathered)
        gathered.clear()
        if data.strip():
            yield _decoded(data, file, begin)

    for number, line in _lines(stream, file):
        if split == "paragraph" and not line.strip():
            yield from document()
            continue
        begin = number if not gathered else begin
        gathered.append(line.rstrip(b"\r\n") if split == "line" else line)
        if split == "line":
            yield from document()
    yield from document()


def _read_separated(stream: io.BufferedIOBase, file: str, separator: str) -> Iterator[Document]:
    line = 1
    for part, undivided in _parts(stream, file, separator.encode()):
        text = part.lstrip(b"\r\n")
        if text.strip():
            begin = line + part.count(b"\n", 0, len(part) - len(text))
            yield replace(_decoded(text.rstrip(b"\r\n"), file, begin), undivided=undivided)
        line += part.count(b"\n")


def _parts(stream: io.BufferedIOBase, file: str, separator: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield what stands between separators, and whether there is none; only one part is held."""
    undivided = True
    gathered = bytearray(_unmarked(stream.read(3), file))
    searched = 0
    while True:
        at = gathered.find(separator, searched)
        if at >= 0:
            undivided = False
            yield bytes(gathered[:at]), undivided
            del gathered[: at + len(separator)]
            searched = 0
            continue
        searched = max(0, len(gathered) - len(separator) + 1)
        more = stream.read(FETCHED)
        if not more:
            break
        gathered += more
    yield bytes(gathered), undivided


def _read_table(
    stream: io.BufferedIOBase, file: str, field: str, suffix: str
) -> Iterator[Document]:
    # A document may be longer than the 128 KB that csv allows a cell; the setting is the process's.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    lines = (line.decode("utf-8", "surrogateescape") for _, line in _lines(stream, file))
    rows = csv.DictReader(lines, delimiter="\t" if suffix == ".tsv" else ",")
    try:
        for row in rows:
            place = f"{file}, line {rows.line_num}"
            text = text_field(row, field, place)
            if text is not None and text.strip():
                yield document_of(text, place, len(text))
    except csv.Error as error:
        raise FormatError(f"{file}, line {rows.line_num} is not CSV: {error}") from None


def _lines(stream: io.BufferedIOBase, file: str) -> Iterator[tuple[int, bytes]]:
    """Yield lines by number, the first without a byte order mark."""
    for number, line in enumerate(stream, start=1):
        yield number, _unmarked(line, file) if number == 1 else line


def _unmarked(start: bytes, file: str) -> bytes:
    """Return the start of a file without the mark of UTF-8; refuse the mark of UTF-16."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FormatError(f"{file} is UTF-16 text; save it as UTF-8")
    return start.removeprefix(b"\xef\xbb\xbf")


def _decoded(data: bytes, file: str, line: int) -> Document:
    try:
        return Document(data.decode("utf-8"), 0, f"{file}, line {line}", len(data))
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        text = data.decode("utf-8", "surrogateescape")
        return document_of(text, f"{file}, line {line}", len(data))


def _read_lines(stream: io.BufferedIOBase, file: str, field: str) -> Iterator[Document]:
    for number, line in _lines(stream, file):
        if not line.strip():
            continue
        place = f"{file}, line {number}"
        # Undecodable bytes stand in a string; elsewhere the line is not JSON.
        decoded = line.decode("utf-8", "surrogateescape")
        try:
            record = json.loads(decoded)
        except json.JSONDecodeError as error:
            raise FormatError(
                f"{place} is not JSON ({error.msg} at character {error.colno}); "
                "expected one object a line"
            ) from None
        except (ValueError, RecursionError) as error:  # a number or a nesting too long
            raise FormatError(f"{place} cannot be read: {error}") from None
        text = text_field(record, field, place)
        if text is not None:
            yield document_of(text, place, len(line))


def _read_parquet(stream: io.BufferedIOBase, file: str, field: str) -> Iterator[Document]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(stream)
    except pa.ArrowException as error:
        raise FormatError(f"{file} is not a Parquet file: {' '.join(str(error).split())}") from None
    names = table.schema_arrow.names
    if field not in names:
        has = visible(", ".join(names), quote="", longest=200)
        raise FormatError(f"{file} has no column {field!r}; it has {has}: choose one with field=")
    kind = table.schema_arrow.types[names.index(field)]
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(plain) or pa.types.is_large_string(plain)):
        raise FormatError(f"{file}: column {field!r} is not text but {kind}")
    number = 0
    for batch in table.iter_batches(batch_size=256, columns=[field]):
        # As bytes: a file may hold text that is not UTF-8.
        column = batch.column(0).cast(pa.large_string()).cast(pa.large_binary())
        for value in column.to_pylist():
            if value is not None:
                text = value.decode("utf-8", "surrogateescape")
                yield document_of(text, f"{file}, row {number}", len(value))
            number += 1
