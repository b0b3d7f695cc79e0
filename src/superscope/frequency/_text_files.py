"""Text out of files, folders, URIs and standard input: which there are, and what kind each is."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from superscope.arguments import checked
from superscope.errors import NotFoundError, UsageError
from superscope.frequency.readers import COMPRESSIONS, path_of, read_all, shown_name, suffixes
from superscope.frequency.text import Text, identity_of
from superscope.text import visible

SPLITS = ("file", "paragraph", "line")
KINDS = {
    ".txt": "text", ".text": "text", ".md": "text", ".raw": "text", ".tokens": "text",
    ".jsonl": "lines", ".ndjson": "lines", ".json": "lines",
    ".csv": "table", ".tsv": "table",
    ".parquet": "parquet",
}  # fmt: skip


@checked
def text_files(
    paths: Sequence[str | Path] | str | Path,
    *,
    split: str = "file",
    field: str = "text",
    name: str | None = None,
) -> Text:
    """Return the documents of files, in the order given.

    Parameters
    ----------
    paths
        Files or URIs: ``.txt``, ``.md``, ``.raw``, ``.tokens``; ``.jsonl``; ``.csv``, ``.tsv``;
        ``.parquet``; all but Parquet also compressed (``.gz``, ``.bz2``, ``.xz``, ``.zst``).
        Folders stand for such files in them. ``-`` is plain text from standard input.
    split
        What is a document of a plain text file: the ``file``, a ``paragraph`` (up to an empty
        line), a ``line``, or what stands between separators, as ``<|endoftext|>``.
    field
        Field of a JSON line, or column of a CSV or Parquet file, that holds the text.
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

    Examples
    --------
    >>> from pathlib import Path
    >>> from superscope.frequency import text_files
    >>> _ = Path("poem.txt").write_text("One line.\\nAnother line.")
    >>> text_files("poem.txt").name
    'poem'
    """
    if split not in SPLITS and not re.search(r"[^\w\s]", split):  # a word is a misspelled choice
        raise UsageError(
            f"split={split!r}; expected {', '.join(SPLITS)}, or a separator such as <|endoftext|>"
        )
    if isinstance(paths, (str, Path)):
        paths = [paths]
    named = [file for path in paths for file in _expanded(str(path))]
    if not named:
        raise UsageError("name a file of text")
    if named.count("-") > 1:
        raise UsageError("standard input can be read once: name '-' once")
    kinds = [_kind(file) for file in named]
    # It can be read once: keep it for later readings, and for other processes.
    given = sys.stdin.buffer.read() if "-" in named else b""
    stats = [_stat(file) for file in named]
    sizes = [stat[0] for stat in stats if stat is not None]
    label = name or ("standard input" if named[0] == "-" else _stem(str(paths[0])))
    return Text(
        visible(label, quote="", longest=200),
        partial(read_all, tuple(zip(named, kinds, strict=True)), given, split, field),
        identity_of([named, stats, hashlib.sha256(given).hexdigest(), split, field]),
        sum(sizes) if len(sizes) == len(named) else None,
        None if split in SPLITS else split,
    )


def _expanded(path: str) -> list[str]:
    """Return the files of a folder, or the path itself."""
    local, shown = Path(path), shown_name(path)
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


def _known(name: str) -> bool:
    return suffixes(name)[0] in KINDS


def _kind(file: str) -> str:
    if file == "-":
        return "text"
    suffix, compression = suffixes(file)
    kind = KINDS.get(suffix)
    if kind is None or (kind == "parquet" and compression):
        raise UsageError(
            f"{shown_name(file)}: text is read from {', '.join(KINDS)}, "
            f"all but Parquet also compressed ({', '.join(COMPRESSIONS)})"
        )
    return kind


def _stem(file: str) -> str:
    name = Path(path_of(file)).absolute().name
    suffix, compression = suffixes(name)
    known = compression + (suffix if suffix in KINDS else "")
    return name[: len(name) - len(known)] or file


def _stat(file: str) -> tuple[int, int] | None:
    """Return size and time of a local file."""
    if file == "-" or "://" in file:
        return None
    try:
        stat = Path(file).stat()
    except OSError as error:
        raise NotFoundError(f"cannot read {shown_name(file)}: {error.strerror or error}") from None
    return (stat.st_size, stat.st_mtime_ns) if Path(file).is_file() else None
