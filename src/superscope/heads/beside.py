"""What a checkpoint has beside its head: the final norm's gain, depth, number of parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from superscope.errors import FormatError, NotFoundError
from superscope.heads import naming
from superscope.heads.encodings import ENCODINGS, Float32
from superscope.heads.opened import Opened
from superscope.heads.stored import Directory
from superscope.heads.tying import parts_of


def folded_gain(
    opened: Opened,
    where: Mapping[str, str],
    config: Mapping[str, Any],
    width: int,
    label: str,
) -> tuple[str, Float32]:
    """Return the name of the final norm's gain, and the gain, shape (m,)."""
    name = naming.final_norm(where)
    if name is None:
        raise NotFoundError(
            f"{label}: the checkpoint has no final norm with a gain; leave out fold_norm=True"
        )
    shape = opened.tensor(where, name).shape
    if shape != (width,):
        raise FormatError(
            f"{label} has width {width}, but the norm {name} has shape {shape}; "
            "leave out fold_norm=True"
        )
    gain = opened.loaded(where, name).ravel()
    if (
        naming.gain_less_one(config) and opened.directory(where[name]).format != "gguf"
    ):  # GGUF stores the gain itself
        gain = gain + np.float32(1.0)
    return name, gain


def depth_of(config: Mapping[str, Any], directory: Directory) -> int | None:
    """Return the number of layers; None if nothing tells."""
    for part in parts_of(config):
        for key in ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "decoder_layers"):
            if layers := _layers(part.get(key)):
                return layers
    architecture = directory.properties.get("general.architecture")
    return _layers(directory.properties.get(f"{architecture}.block_count"))


def _layers(said: object) -> int | None:
    """Return the number of layers in a file, or None if it is not a plausible number."""
    return said if type(said) is int and 0 < said < 1 << 31 else None


# Old checkpoints also store causal masks and rotary frequencies, which are not parameters.
_BUFFER_NAMES = re.compile(r"(\.attn\.bias|\.attention\.bias|masked_bias|inv_freq)$")


def parameters_of(directory: Directory) -> int | None:
    """Return the number of parameters in a file; None if that is not the model's."""
    if directory.format not in ("safetensors", "gguf"):
        return None  # a .bin lists tied tensors twice, and an array file holds no model
    total = sum(
        math.prod(t.shape)
        for t in directory.tensors.values()
        if not _BUFFER_NAMES.search(t.name)
        and (t.dtype in ENCODINGS or t.dtype.startswith("ggml:"))
    )
    return total if total < 1 << 63 else None  # a damaged file may list impossible shapes
