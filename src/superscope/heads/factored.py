"""A checkpoint whose output head is stored as factors: what ``superscope repack --out`` writes.

Beside the body's weights lies a file of factors, and ``config.json`` has a type of model of its
own, with the config of the body in it: transformers would otherwise load the body with a head of
random numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from superscope.errors import FormatError
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.narrow_head import Block, NarrowHead
from superscope.heads.opened import Opened, config_of, loaded
from superscope.heads.stored import StoredTensor
from superscope.heads.transport import RangeFile

KIND = "superscope_repacked"
"""The type of model in ``config.json``."""
FILE = "factors.safetensors"
VERSION = 1
Part = Literal["head", "input"]

_BLOCK = re.compile(r"(\d+)\.(rows|columns|ids)")


def is_factored(checkpoint: Checkpoint) -> bool:
    """Return whether the output head of a checkpoint is stored as factors."""
    return checkpoint.only is None and config_of(checkpoint).get("model_type") == KIND


def config_with(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config of a checkpoint with factors, from that of the body."""
    return {"model_type": KIND, "superscope_format": VERSION, "text_config": dict(body)}


def body_config(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return the config of the body.

    Raises
    ------
    FormatError
        It has none, or another version of superscope wrote it.
    """
    config = config_of(checkpoint)
    version, body = config.get("superscope_format"), config.get("text_config")
    if version != VERSION:
        raise FormatError(
            f"{checkpoint.name}: config.json has the format {version!r}, and this version of "
            f"superscope reads {VERSION}; update superscope"
        )
    if not isinstance(body, dict):
        raise FormatError(f"{checkpoint.name}: config.json has no text_config")
    return body


def arrays_of(head: NarrowHead, part: Part) -> dict[str, npt.NDArray[Any]]:
    """Return the factors of a head by the names that they are stored under."""
    made: dict[str, npt.NDArray[Any]] = {}
    for k, block in enumerate(head.blocks):
        made |= {f"{part}.{k}.rows": block.rows, f"{part}.{k}.columns": block.columns}
        made |= {} if block.ids is None else {f"{part}.{k}.ids": block.ids}
    made |= {} if head.bias is None else {f"{part}.bias": head.bias}
    return made | ({} if head.shift is None else {f"{part}.shift": head.shift})


def factors(checkpoint: Checkpoint, opened: Opened, part: Part = "head") -> NarrowHead | None:
    """Return the factors of the output head, or of the input embedding; None if it has none.

    Raises
    ------
    FormatError
        They do not fit together.
    """
    tensors = opened.directory(FILE).tensors
    own = {n.removeprefix(f"{part}."): t for n, t in tensors.items() if n.startswith(f"{part}.")}
    if not own and part == "input":
        return None
    file, label = opened.file(FILE), f"{checkpoint.name}: {FILE} ({part})"
    found: dict[int, dict[str, StoredTensor]] = {}
    for name, tensor in own.items():
        if match := _BLOCK.fullmatch(name):
            found.setdefault(int(match[1]), {})[match[2]] = tensor
        elif name not in ("bias", "shift") or len(tensor.shape) != 1:
            raise FormatError(f"{label} has a tensor that is no factor: {tensor.name}")
    if sorted(found) != list(range(len(found))) or not found:
        raise FormatError(f"{label} has no factors, or lacks a block of them")
    blocks = tuple(_block(file, found[k], label) for k in range(len(found)))
    head = NarrowHead(
        blocks,
        None if "bias" not in own else loaded(file, own["bias"]).ravel(),
        None if "shift" not in own else loaded(file, own["shift"]).ravel(),
    )
    _check(head, label)
    return head


def _block(file: RangeFile, tensors: Mapping[str, StoredTensor], label: str) -> Block:
    rows, columns, ids = (tensors.get(name) for name in ("rows", "columns", "ids"))
    if rows is None or columns is None or len(rows.shape) != 2 or len(columns.shape) != 2:
        raise FormatError(f"{label} lacks a factor of a block, or it is not a matrix")
    if rows.shape[1] != columns.shape[0]:
        raise FormatError(
            f"{label} is damaged: factors of shapes {rows.shape} and {columns.shape} do not fit"
        )
    return Block(
        loaded(file, rows), loaded(file, columns), None if ids is None else _integers(file, ids)
    )


def _integers(file: RangeFile, tensor: StoredTensor) -> npt.NDArray[np.int64]:
    if tensor.dtype != "I64":
        raise FormatError(f"{file.name}: {tensor.name} has dtype {tensor.dtype} instead of I64")
    return np.frombuffer(b"".join(tensor.chunks(file)), "<i8").astype(np.int64)


def _check(head: NarrowHead, label: str) -> None:
    """Refuse blocks that do not hold each row once, and a bias or shift of another size."""
    count = head.vocabulary
    several = len(head.blocks) > 1
    ids = [b.ids for b in head.blocks if b.ids is not None]
    whole = not several and not ids
    once = len(ids) == len(head.blocks) and np.array_equal(
        np.sort(np.concatenate(ids)), np.arange(count)
    )
    lengths = all(
        len(b.rows) == (len(b.rows) if b.ids is None else len(b.ids)) for b in head.blocks
    )
    ascending = all(bool((np.diff(i) > 0).all()) for i in ids)
    if not ((whole or once) and lengths and ascending):
        raise FormatError(f"{label} is damaged: its blocks do not hold each row once")
    if any(block.columns.shape[1] != head.width for block in head.blocks):
        raise FormatError(f"{label} is damaged: its blocks have different widths")
    sizes = {"bias": (head.bias, count), "shift": (head.shift, head.width)}
    for name, (array, size) in sizes.items():
        if array is not None and len(array) != size:
            raise FormatError(
                f"{label} is damaged: its {name} has {len(array):,} numbers instead of {size:,}"
            )
