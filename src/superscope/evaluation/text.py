"""Text to read: documents out of files, standard input, a list, or a data set of the hub."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads.transport import filesystem, open_remote
from superscope.text import visible

SPLITS = ("file", "paragraph", "line")
KINDS = {
    ".txt": "text", ".text": "text", ".md": "text",
    ".jsonl": "lines", ".ndjson": "lines", ".json": "lines",
    ".parquet": "parquet",
}  # fmt: skip
COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
FETCHED = 1 << 20  # bytes of a remote file at once
REPLACEMENT = "\ufffd"

_LOST = re.compile("[\ud800-\udfff]")  # bytes kept by surrogateescape, and JSON's lone surrogates


@dataclass(frozen=True)
class Document:
    """One text.

    Attributes
    ----------
    text
        What it says; what could not be decoded is U+FFFD.
    undecodable
        Number of such characters.
    place
        File, and line or row, where it begins or, if not all could be decoded, where that begins.
    nbytes
        Bytes of the source that have been read with it, to tell how far reading is.
    """

    text: str
    undecodable: int = 0
    place: str = ""
    nbytes: int = 0


@dataclass(frozen=True, eq=False)
class Text:
    """Documents that can be read again and again, in the same order; other processes can, too.

    Attributes
    ----------
    name
        What tables call it.
    read
        Begins to read it from the start.
    identity
        Changes when the text does, as far as names, sizes and times tell.
    size
        Bytes of it, or None if not known.
    """

    name: str
    read: Callable[[], Iterator[Document]]
    identity: str
    size: int | None = None

    def __iter__(self) -> Iterator[Document]:
        return self.read()


def text_of(documents: Iterable[str], name: str = "text") -> Text:
    """Return texts in memory as a :class:`Text`.

    Parameters
    ----------
    documents
        One string a document.
    name
        What tables call it.

    Returns
    -------
    Text
        The same texts, as every function of this room takes them.
    """
    kept = tuple(documents)
    if isinstance(documents, str) or not all(isinstance(text, str) for text in kept):
        raise UsageError("documents must be a list of strings, one a document")

    return Text(name, partial(_in_memory, kept), _hash(kept), sum(map(len, kept)))


def _in_memory(texts: tuple[str, ...]) -> Iterator[Document]:
    for number, text in enumerate(texts):
        yield document_of(text, f"text {number}", len(text))


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def text_files(
    paths: Sequence[str | Path],
    *,
    split: str = "file",
    field: str = "text",
    name: str | None = None,
) -> Text:
    """Return the documents of files, in the order given.

    Parameters
    ----------
    paths
        Files or URIs: ``.txt``, ``.md``; ``.jsonl``; ``.parquet``; the first two also compressed
        (``.gz``, ``.bz2``, ``.xz``, ``.zst``). Folders stand for such files in them. ``-`` is plain
        text from standard input.
    split
        What is a document of a plain text file: the ``file``, a ``paragraph`` (up to an empty
        line) or a ``line``.
    field
        Field of a JSON line, or column of a Parquet file, that holds the text.
    name
        What tables call it; by default the name of the first file or folder.

    Returns
    -------
    Text
        The documents, read when they are needed.

    Raises
    ------
    UsageError, NotFoundError
        No such file, or of an unknown kind.
    """
    if split not in SPLITS:
        raise UsageError(f"split={split!r}; expected {', '.join(SPLITS)}")
    if isinstance(paths, (str, Path)):
        paths = [paths]
    named = [file for path in paths for file in _expanded(str(path))]
    if not named:
        raise UsageError("name a file of text")
    if named.count("-") > 1:
        raise UsageError("standard input can be read once: name '-' once")
    kinds = [_kind(file) for file in named]
    # It runs dry: what comes is kept for the next time, and for other processes.
    given = sys.stdin.buffer.read() if "-" in named else b""
    stats = [_stat(file) for file in named]
    sizes = [stat[0] for stat in stats if stat is not None]
    label = name or ("standard input" if named[0] == "-" else _stem(str(paths[0])))
    return Text(
        visible(label, quote="", longest=200),
        partial(_read_all, tuple(zip(named, kinds, strict=True)), given, split, field),
        _hash([named, stats, hashlib.sha256(given).hexdigest(), split, field]),
        sum(sizes) if len(sizes) == len(named) else None,
    )


def _read_all(
    files: tuple[tuple[str, str], ...], given: bytes, split: str, field: str
) -> Iterator[Document]:
    """Yield the documents of files of known kinds; `given` is what standard input gave."""
    for file, kind in files:
        if file == "-":
            yield from _read_plain(io.BytesIO(given), "standard input", split)
        else:
            yield from _read_file(file, kind, split, field)


def _shown(file: str) -> str:
    """Return a file's name for messages: without a URI's query, which may hold a signature."""
    return visible(_path(file), quote="", longest=500)


def _path(file: str) -> str:
    return file.partition("?")[0] if "://" in file else file


def _expanded(path: str) -> list[str]:
    """Return the files of a folder, or the path itself."""
    local, shown = Path(path), _shown(path)
    if path == "-" or "://" in path:
        return [path]
    try:
        if not local.exists():
            raise NotFoundError(f"there is no file {shown}")
        if not local.is_dir():
            return [path]
        found = [file for file in local.iterdir() if _known(file.name) and not file.is_dir()]
    except OSError as error:
        raise NotFoundError(f"cannot read {shown}: {error.strerror or error}") from None
    if not found:
        raise NotFoundError(f"folder {shown} has no text file ({', '.join(KINDS)})")
    return sorted(map(str, found))


def _suffixes(name: str) -> tuple[str, str]:
    """Return what a file name says of kind and compression, both lower case."""
    stem, suffix = os.path.splitext(_path(name).lower())  # noqa: PTH122 - names may be URIs
    if suffix in COMPRESSIONS:
        return os.path.splitext(stem)[1], suffix  # noqa: PTH122
    return suffix, ""


def _known(name: str) -> bool:
    return _suffixes(name)[0] in KINDS


def _kind(file: str) -> str:
    if file == "-":
        return "text"
    suffix, compression = _suffixes(file)
    kind = KINDS.get(suffix)
    if kind is None or (kind == "parquet" and compression):
        raise UsageError(
            f"{_shown(file)}: text is read from {', '.join(KINDS)}, the first six also compressed "
            f"({', '.join(COMPRESSIONS)})"
        )
    return kind


def _stem(file: str) -> str:
    name = Path(_path(file)).absolute().name
    suffix, compression = _suffixes(name)
    known = compression + (suffix if suffix in KINDS else "")
    return name[: len(name) - len(known)] or file


def _stat(file: str) -> tuple[int, int] | None:
    """Return size and time of a local file."""
    if file == "-" or "://" in file:
        return None
    try:
        stat = Path(file).stat()
    except OSError as error:
        raise NotFoundError(f"cannot read {_shown(file)}: {error.strerror or error}") from None
    return (stat.st_size, stat.st_mtime_ns) if Path(file).is_file() else None


def _read_file(file: str, kind: str, split: str, field: str) -> Iterator[Document]:
    shown = _shown(file)
    with _opened(file) as stream:
        if kind == "parquet":
            yield from _read_parquet(stream, shown, field)
        elif kind == "lines":
            yield from _read_lines(stream, shown, field)
        else:
            yield from _read_plain(stream, shown, split)


@contextmanager
def _opened(file: str) -> Iterator[io.BufferedIOBase]:
    """Open a file for reading bytes; what goes wrong later, while it is read, is told as well."""
    try:
        with _raw(file) as raw, _decompressed(raw, _suffixes(file)[1]) as stream:
            yield stream
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise FormatError(f"cannot read {_shown(file)}: {reason or type(error).__name__}") from None


def _raw(file: str) -> io.BufferedIOBase:
    if "://" in file:
        fs, path = filesystem(file)
        return io.BufferedReader(open_remote(fs, path, _shown(file)), FETCHED)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise NotFoundError(f"cannot read {_shown(file)}: {error.strerror or error}") from None


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
    gathered: list[bytes] = []
    begin = 1

    def document() -> Iterator[Document]:
        data = b"".join(gathered)
        gathered.clear()
        if data.strip():
            yield _decoded(data, file, begin)

    for number, line in _lines(stream):
        if split == "paragraph" and not line.strip():
            yield from document()
            continue
        begin = number if not gathered else begin
        gathered.append(line.rstrip(b"\r\n") if split == "line" else line)
        if split == "line":
            yield from document()
    yield from document()


def _lines(stream: io.BufferedIOBase) -> Iterator[tuple[int, bytes]]:
    """Yield lines by number, the first without a byte order mark."""
    for number, line in enumerate(stream, start=1):
        yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def _decoded(data: bytes, file: str, line: int) -> Document:
    try:
        return Document(data.decode("utf-8"), 0, f"{file}, line {line}", len(data))
    except UnicodeDecodeError as error:
        line += data.count(b"\n", 0, error.start)
        text = data.decode("utf-8", "surrogateescape")
        return document_of(text, f"{file}, line {line}", len(data))


def document_of(text: str, place: str, nbytes: int) -> Document:
    replaced, lost = _LOST.subn(REPLACEMENT, text)
    return Document(replaced, lost, place, nbytes)


def _read_lines(stream: io.BufferedIOBase, file: str, field: str) -> Iterator[Document]:
    for number, line in _lines(stream):
        if not line.strip():
            continue
        place = f"{file}, line {number}"
        # What cannot be decoded is within a string, or the line is no JSON anyway.
        decoded = line.decode("utf-8", "surrogateescape")
        try:
            record = json.loads(decoded)
        except json.JSONDecodeError as error:
            raise FormatError(
                f"{place} is no JSON ({error.msg} at character {error.colno}); "
                "expected one object a line"
            ) from None
        except (ValueError, RecursionError) as error:  # a number or a nesting too long
            raise FormatError(f"{place} cannot be read: {error}") from None
        text = text_field(record, field, place)
        if text is not None:
            yield document_of(text, place, len(line))


def text_field(record: Any, field: str, place: str) -> str | None:
    """Return the text of a record; None if it has none."""
    if not isinstance(record, dict):
        raise FormatError(f'{place} is no JSON object; expected {{"{field}": "…"}}')
    if field not in record:
        has = visible(", ".join(map(str, record)), quote="", longest=200) or "nothing"
        raise FormatError(f"{place} has no field {field!r}; it has {has}: choose one with --field")
    text = record[field]
    if text is not None and not isinstance(text, str):
        raise FormatError(f"{place}: field {field!r} is no text but {type(text).__name__}")
    return text


def _read_parquet(stream: io.BufferedIOBase, file: str, field: str) -> Iterator[Document]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(stream)
    except pa.ArrowException as error:
        raise FormatError(f"{file} is no Parquet file: {' '.join(str(error).split())}") from None
    names = table.schema_arrow.names
    if field not in names:
        has = visible(", ".join(names), quote="", longest=200)
        raise FormatError(f"{file} has no column {field!r}; it has {has}: choose one with --field")
    kind = table.schema_arrow.types[names.index(field)]
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    if not (pa.types.is_string(plain) or pa.types.is_large_string(plain)):
        raise FormatError(f"{file}: column {field!r} is no text but {kind}")
    number = 0
    for batch in table.iter_batches(batch_size=256, columns=[field]):
        # As bytes: a writer may have put there what is no UTF-8.
        column = batch.column(0).cast(pa.large_string()).cast(pa.large_binary())
        for value in column.to_pylist():
            if value is not None:
                text = value.decode("utf-8", "surrogateescape")
                yield document_of(text, f"{file}, row {number}", len(value))
            number += 1
