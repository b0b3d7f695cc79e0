"""A folder for heads that were fetched, laid out as the hub's cache is.

What superscope cuts out of a checkpoint is, in the hub's terms, an asset: it lies in
``$HF_HOME/assets/superscope`` as a safetensors file that any tool can read. The small
files that were read with it (``config.json``, ``tokenizer.json``) lie beside it, unless
they are in huggingface_hub's own cache.
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

SMALL = 64_000_000  # bytes of the longest file that is read whole: a tokenizer, an index
CONFIG = 8_000_000  # and of a config; one with 100,000 labels has 5 MB


def root() -> Path:
    """Return superscope's cache folder, which may not exist yet."""
    from huggingface_hub import constants

    # As cached_assets_path gives it, but that makes the folder, even for a mistyped name.
    return Path(constants.HF_ASSETS_CACHE).expanduser() / "superscope"


def folder(name: str) -> Path:
    """Return the folder for one repository or store, which may not exist yet."""
    return root() / name / "heads"


def longest(file: str) -> int:
    """Return how many bytes of a small file are read at most."""
    return CONFIG if PurePosixPath(file).name in ("config.json", "params.json") else SMALL


def too_long(name: str, size: int, limit: int) -> TooLargeError:
    """Return the error for a file that is too long to be read whole."""
    return TooLargeError(
        f"{name} has {size:,} bytes, too many for such a file (the limit is {limit:,}); damaged?"
    )


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the content of a file of this machine.

    Raises
    ------
    FormatError
        It has more bytes than the limit.
    """
    with path.open("rb") as content:
        data = content.read(limit + 1)
    if len(data) > limit:
        raise too_long(str(path), path.stat().st_size, limit)
    return data


def kept_small(folder: Path | None, file: str, fetch: Callable[[], bytes]) -> bytes:
    """Return a small file out of a folder of the cache; fetched and kept if it is not there."""
    copy = None if folder is None else folder / f"{slug(file)}.small"
    if copy is not None and copy.is_file():
        return read_bounded(copy, longest(file))
    data = fetch()
    if copy is not None:
        write(copy, [data])
    return data


def check_content(name: str, data: bytes, size: int | None, tag: str | None) -> None:
    """Refuse bytes that are not what the hub says of the file.

    The hub's ETag is the SHA-256 of a large file, and git's hash of a small one.

    Raises
    ------
    RemoteError
        Another length or another hash.
    """
    if size is not None and len(data) != size:
        raise RemoteError(f"{name}: {len(data):,} bytes arrived of {size:,}; try again")
    if tag is None or not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", tag):
        return
    found = (
        hashlib.sha256(data)
        if len(tag) == 64
        else hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False)
    ).hexdigest()
    if found != tag:
        raise RemoteError(
            f"{name}: what arrived is not what the hub has: its hash is {found}, not {tag}; "
            "try again"
        )


def write(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file of the cache whole or not at all.

    Raises
    ------
    UsageError
        The cache cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write the cache {path.parent}: {error.strerror or error}; "
            "set HF_HOME to a folder that can be written"
        ) from error
    with write_whole(path) as file:
        for chunk in chunks:
            file.write(chunk)


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a small JSON record."""
    write(path, [json.dumps(record).encode()])


def read_record(path: Path) -> dict[str, Any] | None:
    """Return a JSON record, or None if there is none or it cannot be read."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def safetensors_header(
    tensors: Mapping[str, tuple[str, tuple[int, ...], int]], metadata: Mapping[str, str]
) -> bytes:
    """Return the header of a safetensors file whose tensors follow in this order.

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
