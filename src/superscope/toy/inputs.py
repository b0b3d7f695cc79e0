"""Read frequencies and groups of features from a user's files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from superscope.errors import NotFoundError, SuperscopeError, UsageError
from superscope.tables import read_numbers
from superscope.toy.features import LAWS, Groups
from superscope.toy.importance import Importance

_SUFFIXES = (".npy", ".csv", ".txt")


def read_listed(path: Path, name: str = "frequencies") -> tuple[float, ...]:
    """Read an option's numbers from a .npy file, or from text with one number per line.

    Raises
    ------
    NotFoundError, FormatError
        The file does not exist, or is not a list of numbers.
    """
    try:
        return tuple(read_numbers(path).tolist())
    except SuperscopeError as error:
        raise type(error)(f"cannot read {name}: {error}") from None


def read_groups(path: Path) -> tuple[tuple[Any, ...], ...]:
    """Read groups from a .json file: a list of lists of feature ids, counted from 0.

    Raises
    ------
    NotFoundError, UsageError
        The file does not exist, or is not a list of lists.
    """
    try:
        groups = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(i, int) for group in groups for i in group):
            raise ValueError("feature ids must be whole numbers")
        return tuple(tuple(group) for group in groups)
    except OSError as error:
        raise NotFoundError(f"cannot read groups from {path}: {error.strerror or error}") from None
    except (ValueError, TypeError) as error:
        raise UsageError(f"cannot read groups from {path}: {error}") from None


def resolved_files(fields: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return fields in which file names, relative to a folder, are replaced by their contents.

    ``frequencies`` and ``importance`` may name a file of numbers, ``groups`` and
    ``anticorrelated`` a file of groups; a list is a list of choices.
    """
    found = dict(fields)
    for name, resolve in (
        ("frequencies", _frequencies), ("importance", _importance),
        ("groups", _groups), ("anticorrelated", _groups),
    ):  # fmt: skip
        if name in found:
            value = found[name]
            several = isinstance(value, list)
            resolved = [resolve(v, folder) for v in (value if several else [value])]
            found[name] = resolved if several else resolved[0]
    return found


def typed_frequencies(kind: Any, tokens: Sequence[Any]) -> str | tuple[float, ...]:
    """Return the value of ``--frequencies``: a law, or the content of a file."""
    found: str | tuple[float, ...] = _frequencies(tokens[0].value, Path())
    return found


def typed_importance(kind: Any, tokens: Sequence[Any]) -> Importance:
    """Return the value of ``--importance``: a number, or the content of a file."""
    value = tokens[0].value
    with suppress(ValueError):
        value = float(value)
    found: Importance = _importance(value, Path())
    return found


def typed_groups(kind: Any, tokens: Sequence[Any]) -> Groups:
    """Return the value of ``--groups``: a number, or the content of a file."""
    found: Groups = _groups(tokens[0].value, Path())
    return found


def _frequencies(value: Any, folder: Path) -> Any:
    if isinstance(value, str) and value not in LAWS and Path(value).suffix in _SUFFIXES:
        return read_listed(folder / value)
    return value


def _importance(value: Any, folder: Path) -> Any:
    if isinstance(value, str) and Path(value).suffix in _SUFFIXES:
        return read_listed(folder / value, "importance")
    return value


def _groups(value: Any, folder: Path) -> Any:
    if not isinstance(value, str):
        return value
    if value.isdigit():
        return int(value)
    if not value.endswith(".json"):
        raise UsageError(f"groups must be a number or a .json file, not {value!r}")
    return read_groups(folder / value)
