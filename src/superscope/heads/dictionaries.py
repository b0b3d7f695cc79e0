"""Choose a tensor of a checkpoint: its head, the decoder of a dictionary, or what a user names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from superscope.heads import naming
from superscope.heads.naming import Choice

Shapes = Mapping[str, tuple[int, ...]]

# Decoders of sparse autoencoders and transcoders. SAELens, Gemma Scope and sparsify have rows for
# directions; a Linear layer of torch has columns for them.
_DECODER = re.compile(r"(?P<prefix>(?:.*\.)?)(?P<name>W_dec|decoder\.weight)")
# Vectors as long as a direction is wide, beside a decoder.
_WIDE = ("b_dec", "pre_bias", "decoder.bias", "bias")
# Parts of the names of tensors that belong to another tensor.
_BESIDE = re.compile(r"(?i)scale|zero|absmax|quant_|bias$|SCB$")


def choose(
    names: Iterable[str], config: Mapping[str, Any], wanted: str | None, shapes: Shapes
) -> Choice:
    """Choose a tensor as :func:`naming.choose` does, or the decoder of a dictionary.

    Raises
    ------
    NotFoundError, FormatError, UsageError
        Those of :func:`naming.choose`.
    """
    every = sorted(names)
    decoders = [name for name in every if _is_decoder(name, every, shapes)]
    if wanted is None and len(decoders) == 1:
        reason = "the directions of a dictionary, its decoder"
        return Choice(decoders[0], reason, False, True, _by_columns(decoders[0], shapes))
    choice = naming.choose(every, config, wanted, shapes)
    within = wanted is not None and naming.elsewhere(choice.tensor)
    if choice.tensor in decoders:
        return replace(choice, directions=True, columns=_by_columns(choice.tensor, shapes))
    of_dictionary = bool(decoders) and wanted is not None
    return replace(
        choice, directions=within or of_dictionary, columns=naming.by_columns(choice.tensor)
    )


def _is_decoder(name: str, names: list[str], shapes: Shapes) -> bool:
    """Return whether a tensor is the decoder of a dictionary, by its name and those beside it."""
    found = _DECODER.fullmatch(name)
    if found is None or found["name"] == "W_dec":
        return found is not None
    encoder = f"{found['prefix']}encoder.weight"
    sizes = shapes.get(name), shapes.get(encoder)
    known = sizes[0] is not None and sizes[1] is not None
    return encoder in names and (not known or sizes[0] in (sizes[1], (sizes[1] or ())[::-1]))


def _by_columns(decoder: str, shapes: Shapes) -> bool:
    """Return whether the columns of a decoder are its directions."""
    found = _DECODER.fullmatch(decoder)
    shape = shapes.get(decoder, ())
    assert found is not None
    for name in _WIDE:
        width = shapes.get(f"{found['prefix']}{name}", ())
        if len(width) == 1 and len(shape) == 2 and (width[0] == shape[0]) != (width[0] == shape[1]):
            return width[0] == shape[0]
    return found["name"] == "decoder.weight"


def matching(pattern: str, names: Iterable[str], shapes: Shapes) -> list[str]:
    """Return the tensors that a name, some of its parts, or a pattern stands for.

    Parameters
    ----------
    pattern
        A name; or parts of one, between its dots; ``*`` stands for anything, dots too.
    names
        The tensors of a checkpoint.
    shapes
        Known shapes. Vectors are left out where something larger matches.

    Returns
    -------
    list of str
        Names in the order of their numbers: layer 2 is before layer 10.
    """
    every = list(names)
    if pattern in every:
        return [pattern]
    for forms in ((pattern,), (f"*.{pattern}", f"{pattern}.*", f"*.{pattern}.*")):
        found = [n for n in every if any(fnmatchcase(n, form) for form in forms)]
        if found:
            break
    matrices = [n for n in found if len(shapes.get(n, (0, 0))) > 1]
    matrices = [n for n in matrices if not _BESIDE.search(n.rpartition(".")[2])] or matrices
    return sorted(matrices or found, key=_by_number)


def _by_number(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
