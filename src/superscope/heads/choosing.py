"""Choose the head's tensor from the index of shards, or from the shards if the index is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from superscope.errors import FormatError, NotFoundError, SuperscopeError, UsageError
from superscope.heads import dictionaries, naming, scales
from superscope.heads.checkpoint import Checkpoint
from superscope.heads.opened import Opened, holders_of
from superscope.heads.tying import tied_by_config

_SHARD = re.compile(r"(.*)-\d{5}-of-(\d{5}\.\w+)")


@dataclass(frozen=True)
class Chosen:
    """The head's tensor, and the file of every tensor.

    Attributes
    ----------
    choice
        The tensor that is the head, and the reason.
    where
        Name of the file that holds each tensor.
    stored_name
        The tensor's name in its file.
    one_file
        Whether the checkpoint is one file.
    notes
        Remarks for the user about how it was found.
    """

    choice: naming.Choice
    where: Mapping[str, str]
    stored_name: str
    one_file: bool
    notes: tuple[str, ...] = ()


def choose_head(
    checkpoint: Checkpoint, opened: Opened, config: Mapping[str, Any], wanted: str | None
) -> Chosen:
    """Return which tensor of a checkpoint is its head.

    Raises
    ------
    SuperscopeError
        The errors of :func:`naming.choose`, with the name of the checkpoint in front.
    """
    holders = holders_of(checkpoint)
    try:
        if isinstance(holders, str):
            tensors = opened.directory(holders).tensors
            where = dict.fromkeys(tensors, holders)
            shapes = {name: tensor.shape for name, tensor in tensors.items()}
            return _chosen(where, shapes, config, wanted, one_file=True)
        return _of_index(checkpoint, opened, holders, config, wanted)
    except (NotFoundError, UsageError, FormatError) as error:
        if str(error).startswith(checkpoint.name):
            raise
        raise type(error)(f"{checkpoint.name}: {error}") from None


def _chosen(
    where: Mapping[str, str],
    shapes: Mapping[str, tuple[int, ...]],
    config: Mapping[str, Any],
    wanted: str | None,
    one_file: bool = False,
) -> Chosen:
    stored_as = scales.plain_names(where)
    every = {**where, **{plain: where[name] for plain, name in stored_as.items()}}
    choice = dictionaries.choose(every, config, wanted, shapes)
    return Chosen(choice, every, stored_as.get(choice.tensor, choice.tensor), one_file)


def _of_index(
    checkpoint: Checkpoint,
    opened: Opened,
    index: Mapping[str, str],
    config: Mapping[str, Any],
    wanted: str | None,
) -> Chosen:
    """Return the head from the index, or from the shards' headers if the index has none."""
    first: Chosen | None = None
    failed: SuperscopeError | None = None
    try:
        first = _chosen(index, {}, config, wanted)
    except FormatError:
        raise
    except (NotFoundError, UsageError) as error:
        failed = error
    missing = ""
    if first is not None:
        file = first.where[first.choice.tensor]
        there = first.stored_name in opened.directory(file).tensors
        if not there:
            missing = f"the index says that {first.stored_name} is in {file}, but it is not there"
        elif wanted or first.choice.own or tied_by_config(config):
            return first
    where, shapes = _by_headers(checkpoint, opened, index)
    try:
        second = _chosen(where, shapes, config, wanted)
    except (NotFoundError, UsageError) as error:
        raise FormatError(missing) if missing else error from failed
    if second.choice.tensor in index and not missing:
        return second
    note = (
        f"the index of shards does not list {second.choice.tensor}; "
        f"it was found in {second.where[second.choice.tensor]}"
    )
    return Chosen(second.choice, second.where, second.stored_name, False, (note,))


def _by_headers(
    checkpoint: Checkpoint, opened: Opened, index: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, tuple[int, ...]]]:
    """Return which shard holds each tensor, and its shape, from the shards' headers.

    This includes shards that the index does not list, if their names have the same pattern.
    """
    kinds = {match.groups() for file in index.values() if (match := _SHARD.fullmatch(file))}
    more = (f for f in checkpoint.files() if (m := _SHARD.fullmatch(f)) and m.groups() in kinds)
    where: dict[str, str] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for shard in sorted({*index.values(), *more}):
        for name, tensor in opened.directory(shard).tensors.items():
            where[name] = shard
            shapes[name] = tensor.shape
    return where, shapes


def matching(checkpoint: Checkpoint, opened: Opened, pattern: str) -> list[str]:
    """Return the tensors that a name, parts of a name, or a pattern stands for.

    Where none is found, it is the pattern itself, which :func:`choose_head` then refuses.
    """
    holders = holders_of(checkpoint)
    if isinstance(holders, str):
        where: Mapping[str, str] = dict.fromkeys(opened.directory(holders).tensors, holders)
    else:
        where = holders
    stored_as = scales.plain_names(where)
    names = [*stored_as, *(n for n in where if n not in stored_as and n not in stored_as.values())]
    if pattern in where:
        return [pattern]
    found = dictionaries.matching(pattern, names, {})
    shapes = {}
    for name in found:
        stored = stored_as.get(name, name)
        tensor = opened.directory(where[stored]).tensors.get(stored)
        if tensor is not None:
            shapes[name] = tensor.shape
    return dictionaries.matching(pattern, found, shapes) or [pattern]


def only_tensor(checkpoint: Checkpoint, opened: Opened, pattern: str) -> str:
    """Return the only tensor that matches.

    Raises
    ------
    UsageError
        Several do; the message names the function that takes them all.
    """
    found = matching(checkpoint, opened, pattern)
    if len(found) == 1:
        return found[0]
    shown = ", ".join(found[:6]) + (", …" if len(found) > 6 else "")
    raise UsageError(
        f"{checkpoint.name}: {pattern} stands for {len(found):,} tensors ({shown}); name one of "
        "them, or measure each with superscope.measure_tensors"
    )
