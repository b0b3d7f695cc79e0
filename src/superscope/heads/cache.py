"""A folder for heads that were fetched, laid out as the hub's cache is.

Files that huggingface_hub fetches whole (``config.json``, ``tokenizer.json``) lie in
its own cache. What superscope cuts out of a checkpoint is, in the hub's terms, an
asset: it lies in ``$HF_HOME/assets/superscope`` as a safetensors file that any tool
can read, and the hub's own tools list and delete it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from superscope.atomic import write_whole
from superscope.errors import UsageError

SMALL = 100_000_000  # bytes of the largest file that is fetched whole


def folder(name: str) -> Path:
    """Return superscope's cache folder for one repository or store, which may not exist yet."""
    from huggingface_hub import constants

    # As cached_assets_path gives it, but that makes the folder, even for a mistyped name.
    return Path(constants.HF_ASSETS_CACHE).expanduser() / "superscope" / name / "heads"


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
