"""The folder that keeps downloaded heads.

It is ``$HF_HOME/assets/superscope``, where the hub's libraries keep files that are made from a
repository. Each head is a safetensors file that any tool can read. The small files that were read
with it (``config.json``, ``tokenizer.json``) are in the same folder, unless huggingface_hub's own
cache has them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from superscope.atomic import write_whole
from superscope.errors import RemoteError, UsageError
from superscope.heads.json_text import TooLargeError
from superscope.text import slug

SMALL = 64_000_000  # limit in bytes for files that are read whole: tokenizers, indexes
CONFIG = 8_000_000  # limit in bytes for a config; one with 100,000 labels has 5 MB


def root() -> Path:
    """Return superscope's cache folder, which may not exist yet."""
    from huggingface_hub import constants

    # huggingface_hub.cached_assets_path creates the folder, even for a mistyped name.
    return Path(constants.HF_ASSETS_CACHE).expanduser() / "superscope"


def folder(name: str) -> Path:
    """Return the folder for one repository or store, which may not exist yet."""
    return root() / name / "heads"


def longest(file: str) -> int:
    """Return the limit in bytes for a file that is read whole."""
    return CONFIG if PurePosixPath(file).name in ("config.json", "params.json") else SMALL


def too_long(name: str, size: int, limit: int) -> TooLargeError:
    """Return the error for a file that is too long to be read whole."""
    return TooLargeError(
        f"{name} has {size:,} bytes, and the limit for such a file is {limit:,}; it may be damaged"
    )


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the content of a local file.

    Raises
    ------
    FormatError
        The file is longer than the limit.
    """
    with path.open("rb") as content:
        data = content.read(limit + 1)
    if len(data) > limit:
        raise too_long(str(path), path.stat().st_size, limit)
    return data


def kept_small(folder: Path | None, file: str, fetch: Callable[[], bytes]) -> bytes:
    """Return a small file from a folder of the cache; download and keep it if it is missing."""
    copy = None if folder is None else folder / f"{slug(file)}.small"
    if copy is not None and copy.is_file():
        return read_bounded(copy, longest(file))
    data = fetch()
    if copy is not None:
        write(copy, [data])
    return data


def check_content(name: str, data: bytes, size: int | None, tag: str | None) -> None:
    """Check the length and the hash of a whole file that was downloaded from the hub.

    The hub's ETag is the SHA-256 of a large file, and git's hash of a small one.

    Raises
    ------
    RemoteError
        The length or the hash is wrong.
    """
    if size is not None and len(data) != size:
        raise RemoteError(f"{name}: only {len(data):,} of {size:,} bytes arrived; try again")
    if tag is None or not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", tag):
        return
    found = (
        hashlib.sha256(data)
        if len(tag) == 64
        else hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
    ).hexdigest()
    if found != tag:
        raise damaged(name, found, tag)


def write(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file of the cache, completely or not at all.

    Raises
    ------
    UsageError
        The cache cannot be written.
    """
    make_folder(path.parent)
    with write_whole(path) as file:
        for chunk in chunks:
            file.write(chunk)


def make_folder(path: Path) -> None:
    """Make a folder of the cache.

    Raises
    ------
    UsageError
        The cache cannot be written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write the cache {path}: {error.strerror or error}; "
            "set HF_HOME to a writable folder"
        ) from error


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a small JSON record."""
    write(path, [json.dumps(record).encode()])


def read_record(path: Path) -> dict[str, Any] | None:
    """Return a JSON record, or None if it is missing or cannot be read."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def safetensors_header(
    tensors: Mapping[str, tuple[str, tuple[int, ...], int]], metadata: Mapping[str, str]
) -> bytes:
    """Return the header of a safetensors file with these tensors in this order.

    `tensors` maps names to dtype, shape and length in bytes.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    at = 0
    for name, (dtype, shape, nbytes) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + nbytes]}
        at += nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def damaged(name: str, found: str, of_hub: str) -> RemoteError:
    """Return the error for a file whose hash is not the one that the hub has for it."""
    return RemoteError(
        f"{name} was damaged on the way and is not kept: its hash is {found}, and the hub's is "
        f"{of_hub}; try again"
    )
