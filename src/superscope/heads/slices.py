"""Join checkpoints of tensor-parallel training, where each file holds a slice of every matrix."""

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

# Megatron-LM and DeepSpeed write one folder or one file for each rank.
_RANK = re.compile(
    r"(?P<before>.*?(?:mp_rank|tp_rank|model_parallel_rank|(?<![a-z])tp|(?<![a-z])rank)[_-]?)"
    r"(?P<number>\d+)(?P<after>.*)"
)


def slices_of(file: str, files: Sequence[str]) -> list[str]:
    """Return the files with the other slices, including `file`; only `file` if it is whole.

    Raises
    ------
    FormatError
        A file is missing.
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
            f"{file} holds only a slice of every matrix, and its folder lacks "
            f"{', '.join(missing[:4])}; put all slices into one folder"
        )
    return every


def refuse_rank(checkpoint: Checkpoint, file: str) -> None:
    """Raise if a local file was saved by one of several ranks.

    Raises
    ------
    FormatError
        The message names the file, and another rank's file if there is one.
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
            beside = f" (another is {sorted(others)[0]})" if others else ""
            raise FormatError(
                f"{checkpoint.name}: {name} was saved by one of several ranks{beside} and holds "
                "only a slice of every matrix; convert the checkpoint to a whole one first"
            )


def joined(
    opened: Opened, files: Sequence[str], tensor: str, params: Mapping[str, Any], label: str
) -> tuple[Float32, str]:
    """Join the slices of a matrix, and return it with a note that says how.

    Output heads are sliced along the vocabulary. The result is checked against ``dim`` and
    ``vocab_size`` in ``params.json``.

    Raises
    ------
    FormatError
        The slices do not match each other or ``params.json``.
    """
    parts = [described(opened.directory(file), tensor, file) for file in files]
    shapes = [part.shape for part in parts]
    width, vocabulary = params.get("dim"), params.get("vocab_size")
    columns = {shape[1:] for shape in shapes}
    rows = {shape[:1] for shape in shapes}
    if any(len(shape) != 2 for shape in shapes):
        raise FormatError(f"{label} is not a matrix in every slice")
    axis = 0
    if type(width) is int and len(rows) == 1 and sum(s[1] for s in shapes) == width:
        axis = 1
    elif len(columns) != 1 or (type(width) is int and shapes[0][1] != width):
        raise FormatError(
            f"{label} has slices of {shapes[0][0]:,} × {shapes[0][1]:,} in {len(files)} files, "
            f"and these do not make a matrix of the width in params.json, {width}"
        )
    elif type(width) is not int and tensor.rpartition("output.weight")[1] == "":
        raise FormatError(
            f"{label} has {len(files)} slices, and it is not clear along which axis to join them; "
            "put their params.json with dim into the folder"
        )
    matrix = np.concatenate(
        [loaded(opened.file(f), p) for f, p in zip(files, parts, strict=True)], axis=axis
    )
    if type(vocabulary) is int and vocabulary > 0 and matrix.shape[0] != vocabulary:
        raise FormatError(
            f"{label} has {matrix.shape[0]:,} rows in its {len(files)} slices, "
            f"but params.json says {vocabulary:,}; slices are missing or repeated"
        )
    along = "columns" if axis else "rows"
    return matrix, f"{tensor} was joined from {len(files)} slices along its {along}"
