"""A checkpoint with the full-size matrix of a narrower head, which transformers loads alone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superscope.atomic import write_file
from superscope.evaluation.factored_files import save_tensors
from superscope.heads.factored import FILE
from superscope.text import counted

INDEX = "model.safetensors.index.json"


def write_full(small: Path, folder: Path, matrices: Mapping[str, Any]) -> int:
    """Write a checkpoint of full size, and return the bytes it adds.

    The body's files are linked where the disk allows it, so that they are there once.

    Parameters
    ----------
    small
        The folder with factors.
    folder
        Where to; it exists.
    matrices
        What the factors stand for, tensors by name.
    """
    config = json.loads((small / "config.json").read_bytes())["text_config"]
    write_file(folder / "config.json", json.dumps(config, indent=2) + "\n")
    for path in small.iterdir():
        if (
            path.is_file()
            and path.suffix != ".safetensors"
            and path.name not in ("config.json", INDEX)
        ):
            shutil.copy(path, folder)
    shards = sorted(p.name for p in small.glob("*.safetensors") if p.name != FILE)
    count = len(shards) + 1
    renamed = {old: f"model-{k:05d}-of-{count:05d}.safetensors" for k, old in enumerate(shards, 1)}
    for old, new in renamed.items():
        _linked(small / old, folder / new)
    own = f"model-{count:05d}-of-{count:05d}.safetensors"
    save_tensors(dict(matrices), folder / own)
    where = {name: renamed[file] for name, file in _files(small, shards).items()}
    size = sum(_tensor_bytes(folder / file) for file in (*renamed.values(), own))
    index = {
        "metadata": {"total_size": size},
        "weight_map": {**where, **dict.fromkeys(matrices, own)},
    }
    write_file(folder / INDEX, json.dumps(index, indent=2) + "\n")
    return (folder / own).stat().st_size


def _files(small: Path, shards: list[str]) -> dict[str, str]:
    """Return the file of each tensor of the body."""
    from safetensors import safe_open

    found: dict[str, str] = {}
    for shard in shards:
        with safe_open(small / shard, "pt") as file:
            found |= dict.fromkeys(file.keys(), shard)
    return found


def _tensor_bytes(file: Path) -> int:
    """Return the bytes of the tensors of a safetensors file: all but its header."""
    with file.open("rb") as opened:
        header = int.from_bytes(opened.read(8), "little")
    return file.stat().st_size - 8 - header


def _linked(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except OSError:  # this file system has no links
        shutil.copyfile(old, new)


def check_alike(loaded: Any, told: Any, tokens: Any, expected: Any) -> str | None:
    """Return what is wrong with a checkpoint that was written and loaded; None if nothing is.

    Parameters
    ----------
    loaded, told
        What transformers made of it, and tells of loading it.
    tokens, expected
        What it reads, and the logits of the model in memory, float32.
    """
    import torch

    for key in ("missing_keys", "mismatched_keys", "unexpected_keys"):
        lacking = list(told.get(key) or ())
        if lacking:
            return f"it has {counted(len(lacking), 'tensor')} of {key.replace('_', ' ')}"
    with torch.inference_mode():
        found = loaded(tokens).logits.float()
    size = float(expected.abs().max())
    alike = torch.allclose(found, expected, rtol=0, atol=0.05 * size)
    return None if alike else "it gives other logits than the model in memory"
