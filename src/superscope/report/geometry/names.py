"""What a report calls its models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from superscope.geometry import Geometry
from superscope.text import visible


def names_of(geometries: Sequence[Geometry]) -> tuple[str, ...]:
    """Return the models' names, the folders before a path's last two parts left out.

    Where that would make two of them equal, all stay as they are.
    """
    full = [g.provenance.model for g in geometries]
    short = [_shortened(name) for name in full]
    chosen = short if len(set(short)) == len(set(full)) else full
    return tuple(visible(name, quote="", longest=200) for name in chosen)


def _shortened(name: str) -> str:
    parts = PurePath(name).parts
    if "://" in name or len(parts) < 4:  # a hub id, a URI, or short as it is
        return name
    return "…/" + "/".join(parts[-2:])
