"""What pages and figures call models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from superscope.geometry import Geometry
from superscope.text import named

FILES = (".bin", ".gguf", ".npy", ".npz", ".pt", ".pth", ".safetensors")


def names_of(geometries: Sequence[Geometry]) -> tuple[str, ...]:
    """Return the models' names; a folder is called by its own name, without those it lies in.

    Where that makes two models one, all are called by what they were given as.
    """
    full = [g.provenance.model for g in geometries]
    short = [_shortened(name) for name in full]
    chosen = short if len(set(short)) == len(set(full)) else full
    return tuple(named(name) for name in chosen)


def _shortened(name: str) -> str:
    path = PurePath(name)
    if "://" in name:
        return name
    if path.suffix in FILES:  # such as model.gguf, which says little without its folder
        return "/".join(path.parts[-2:])
    if len(path.parts) < 3 and not path.is_absolute():  # perhaps the id of a hub
        return name
    return path.name
