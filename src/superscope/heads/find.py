"""Finding the head's tensor in a checkpoint, with what goes with it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from superscope.errors import FormatError, NotFoundError, SuperscopeError, UsageError
from superscope.heads import naming, scales
from superscope.heads._locate import Checkpoint
from superscope.heads.encodings import ENCODINGS, Float32
from superscope.heads.families import family_of
from superscope.heads.head import Provenance, check_shape
from superscope.heads.opened import Opened, config_of, described, holders_of, loaded
from superscope.heads.scaled import stored_scale
from superscope.heads.scales import Scale
from superscope.heads.stored import Directory, StoredTensor
from superscope.heads.transport import RangeFile

_Choose = Callable[[Mapping[str, tuple[int, ...]]], naming.Choice]


@dataclass(frozen=True)
class Found:
    """The head's tensor and what goes with it, not yet read."""

    file: RangeFile
    tensor: StoredTensor
    directory: Directory
    provenance: Provenance
    gain: Float32 | None
    scale: Scale | None = None


def find_head(checkpoint: Checkpoint, wanted: str | None, fold_norm: bool) -> Found:
    config = config_of(checkpoint)
    holders = holders_of(checkpoint)
    opened = Opened(checkpoint)
    if isinstance(holders, str):
        directory = opened.directory(holders)
        where = dict.fromkeys(directory.tensors, holders)
        shapes = {name: t.shape for name, t in directory.tensors.items()}
    else:
        where, shapes = holders, {}
    stored_as = scales.plain_names(where)
    where = {**where, **{plain: where[name] for plain, name in stored_as.items()}}
    choose = partial(naming.choose, where, config, wanted)
    try:
        choice = choose(shapes)
    except (NotFoundError, UsageError, FormatError) as error:
        raise _with_shapes(error, checkpoint.name, opened, where, choose) from None
    file_name = where[choice.tensor]
    directory = opened.directory(file_name)
    chosen = stored_as.get(choice.tensor, choice.tensor)
    stored = described(directory, chosen, f"{checkpoint.name}: {file_name}")
    if not stored.name.isprintable():
        raise FormatError(f"{checkpoint.name}: the name of tensor {stored.name} cannot be printed")
    label = f"{checkpoint.name}: tensor {stored.name}"
    stored.check_whole(opened.file(file_name))
    check_shape(stored.shape, label)
    width = stored.shape[1]
    scale = stored_scale(opened, where, stored, config=config, label=label)
    try:
        if scale is None:
            naming.refuse_integers(stored.name, stored.dtype, config)
        encoding = stored.encoding
        encoding.row_bytes(width)
    except FormatError as error:
        raise FormatError(f"{checkpoint.name}: {error}") from None
    if stored.transposed and encoding.quantized:
        raise FormatError(f"{label} is quantized and transposed, which is not read")
    folded, gain = folded_gain(opened, where, config, width, label) if fold_norm else (None, None)
    unscaled = scale is None and scales.needed(stored.dtype)
    if scale is not None:
        notes: tuple[str, ...] = (scale.described((stored.shape[0], width)),)
    elif unscaled:
        notes = scales.missing(stored.dtype, scales.unknown_beside(stored.name, where))
    else:
        notes = ()
    notes += cut_off(directory, opened.file(file_name))
    provenance = Provenance(
        model=checkpoint.name,
        family=family_of(checkpoint.name),
        revision=checkpoint.revision,
        file=file_name,
        format=directory.format,
        tensor=stored.name,
        reason=choice.reason,
        dtype=encoding.name,
        quantized=encoding.quantized or scale is not None or unscaled,
        scale_known=not unscaled,
        folded_norm=folded,
        depth=_depth(config, directory),
        parameters=_parameters(directory) if isinstance(holders, str) else None,
        notes=notes,
    )
    return Found(opened.file(file_name), stored, directory, provenance, gain, scale)


def _with_shapes(
    error: SuperscopeError, name: str, opened: Opened, where: Mapping[str, str], choose: _Choose
) -> SuperscopeError:
    """Return why no head was chosen; the shards' headers, not needed before, give the shapes."""
    if not isinstance(error, FormatError):
        shapes: dict[str, tuple[int, ...]] = {}
        for shard in sorted(set(where.values())):
            shapes |= {name: t.shape for name, t in opened.directory(shard).tensors.items()}
        try:
            choose(shapes)
        except (NotFoundError, UsageError) as shown:
            error = shown
    return type(error)(f"{name}: {error}")


def cut_off(directory: Directory, file: RangeFile) -> tuple[str, ...]:
    """Return a note if the file ends before its tensors do."""
    ends = [t.start + t.nbytes for t in directory.tensors.values() if t.entry is None]
    needed = max(ends, default=0)
    if needed <= file.size:
        return ()
    return (f"the file is cut off at {file.size:,} of {needed:,} bytes; the head is whole",)


def folded_gain(
    opened: Opened,
    where: Mapping[str, str],
    config: Mapping[str, Any],
    width: int,
    label: str,
) -> tuple[str, Float32]:
    """Return the final norm's gain, shape (m,), and its name."""
    name = naming.final_norm(where)
    if name is None:
        raise NotFoundError(
            f"{label}: no final norm with a gain was found to fold in; leave out fold_norm=True"
        )
    directory = opened.directory(where[name])
    stored = described(directory, name, where[name])
    if stored.shape != (width,):
        raise FormatError(f"{label} has width {width}, the norm {name} has shape {stored.shape}")
    gain = loaded(opened.file(where[name]), stored).ravel()
    if naming.gain_less_one(config) and directory.format != "gguf":  # GGUF stores the gain itself
        gain = gain + np.float32(1.0)
    return name, gain


def _depth(config: Mapping[str, Any], directory: Directory) -> int | None:
    parts = (config.get("text_config"), config)
    for part in parts:
        for key in ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers"):
            if isinstance(part, Mapping) and (layers := _layers(part.get(key))):
                return layers
    architecture = directory.properties.get("general.architecture")
    return _layers(directory.properties.get(f"{architecture}.block_count"))


def _layers(said: object) -> int | None:
    """Return a number of layers as a file states it; None where it cannot be one."""
    return said if type(said) is int and 0 < said < 1 << 31 else None


# What old checkpoints store beside their parameters: causal masks and rotary frequencies.
_BUFFER = re.compile(r"(\.attn\.bias|\.attention\.bias|masked_bias|inv_freq)$")


def _parameters(directory: Directory) -> int | None:
    if directory.format not in ("safetensors", "gguf"):
        return None  # a .bin lists tied tensors twice, an array file is no model
    total = sum(
        math.prod(t.shape)
        for t in directory.tensors.values()
        if not _BUFFER.search(t.name) and (t.dtype in ENCODINGS or t.dtype.startswith("ggml:"))
    )
    return total if total < 1 << 63 else None  # of a file that does not hold what it lists
