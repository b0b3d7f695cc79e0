"""Checkpoints of tensor-parallel training, of which each file has a slice of every matrix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from superscope.errors import FormatError
from superscope.heads.checkpoint import SLICE, Checkpoint
from superscope.heads.encodings import Float32
from superscope.heads.opened import Opened, described, loaded

# Megatron-LM and DeepSpeed have a folder or a file a rank.
_RANK = re.compile(
    r"(?P<before>.*?(?:mp_rank|tp_rank|model_parallel_rank|(?<![a-z])tp|(?<![a-z])rank)[_-]?)"
    r"(?P<number>\d+)(?P<after>.*)"
)


def slices_of(file: str, files: Sequence[str]) -> list[str]:
    """Return the files that hold the slices of which `file` holds one; itself if it is whole.

    Raises
    ------
    FormatError
        One of them is missing.
    """
    named = SLICE.fullmatch(file)
    if named is None:
        return [file]
    numbers = [
        int(found[2])
        for other in files
        if (found := SLICE.fullmatch(other)) and found.group(1, 3) == named.group(1, 3)
    ]
    last = max([*numbers, int(named[2])])
    every = [f"{named[1]}{n:02d}{named[3]}" for n in range(last + 1)]
    missing = [name for name in every if name not in files]
    if missing:
        raise FormatError(
            f"{file} holds a slice of every matrix, and {', '.join(missing[:4])} "
            "is missing beside it; put all slices into one folder"
        )
    return every


def refuse_rank(checkpoint: Checkpoint, file: str) -> None:
    """Raise if a local file is the slice that one of several ranks saved.

    Raises
    ------
    FormatError
        Naming another rank that is there, or the rank's number.
    """
    path = Path(checkpoint.name) if "://" not in checkpoint.name else Path(file)
    folder = path.parent if checkpoint.only is not None else path
    folder = folder.resolve() if folder.exists() else folder
    for name, place in ((file, folder), (folder.name, folder.parent)):
        rank = _RANK.fullmatch(name)
        if rank is None:
            continue
        others = [
            other.name
            for other in (place.iterdir() if place.is_dir() else ())
            if other.name != name
            and (found := _RANK.fullmatch(other.name))
            and (found["before"], found["after"]) == (rank["before"], rank["after"])
        ]
        if others or int(rank["number"]) > 0:
            beside = f"; {sorted(others)[0]} lies beside it" if others else ""
            raise FormatError(
                f"{checkpoint.name}: {name} is what one of several ranks saved, which holds a "
                f"slice of every matrix{beside}; convert the checkpoint to a whole one first"
            )


def joined(
    opened: Opened, files: Sequence[str], tensor: str, params: Mapping[str, Any], label: str
) -> tuple[Float32, str]:
    """Return the whole matrix of its slices, and how they were joined.

    An output head is sliced along its vocabulary; ``dim`` and ``vocab_size`` of ``params.json``
    are compared with it.

    Raises
    ------
    FormatError
        The slices do not fit each other, or what ``params.json`` says.
    """
    parts = [described(opened.directory(file), tensor, file) for file in files]
    shapes = [part.shape for part in parts]
    width, vocabulary = params.get("dim"), params.get("vocab_size")
    columns = {shape[1:] for shape in shapes}
    rows = {shape[:1] for shape in shapes}
    if any(len(shape) != 2 for shape in shapes):
        raise FormatError(f"{label} is no matrix in each of its slices")
    axis = 0
    if type(width) is int and len(rows) == 1 and sum(s[1] for s in shapes) == width:
        axis = 1
    elif len(columns) != 1 or (type(width) is int and shapes[0][1] != width):
        raise FormatError(
            f"{label}: slices of {shapes[0][0]:,} × {shapes[0][1]:,} in {len(files)} files "
            f"do not make a matrix of the width {width} in params.json"
        )
    elif type(width) is not int and tensor.rpartition("output.weight")[1] == "":
        raise FormatError(
            f"{label} lies in {len(files)} slices, and no params.json with a dim beside them "
            "tells along which axis to join them"
        )
    matrix = np.concatenate(
        [loaded(opened.file(f), p) for f, p in zip(files, parts, strict=True)], axis=axis
    )
    if type(vocabulary) is int and vocabulary > 0 and matrix.shape[0] != vocabulary:
        raise FormatError(
            f"{label} has {matrix.shape[0]:,} rows when its {len(files)} slices are joined, "
            f"and params.json says {vocabulary:,}; slices are missing or repeated"
        )
    along = "columns" if axis else "rows"
    return matrix, f"{tensor} was joined from {len(files)} slices along its {along}"
