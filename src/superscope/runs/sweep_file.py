"""Sweeps as lists over the fields of a config, in Python and as TOML."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from superscope.errors import FormatError, UsageError
from superscope.tables import read_bytes

T = TypeVar("T")


def combinations(fields: Mapping[str, Any], lists: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return each combination of values, the last name varying fastest.

    Parameters
    ----------
    fields
        Values by name; a list is a list of choices.
    lists
        Names whose values are lists themselves: there a list of lists is a list of choices, and
        any other list is one value.

    Returns
    -------
    list of dict
        One value for each name.

    Raises
    ------
    UsageError
        A list is empty, or has both lists and other values where its values are lists.

    Examples
    --------
    >>> from superscope.runs import combinations
    >>> combinations({"width": [10, 20], "seed": 0})
    [{'width': 10, 'seed': 0}, {'width': 20, 'seed': 0}]
    >>> combinations({"check_at": [10, 20]}, lists=["check_at"])
    [{'check_at': [10, 20]}]
    """
    choices = [_choices(name, value, name in lists) for name, value in fields.items()]
    for name, values in zip(fields, choices, strict=True):
        if not values:
            raise UsageError(f"{name} is an empty list: there is nothing to run")
    return [dict(zip(fields, chosen, strict=True)) for chosen in itertools.product(*choices)]


def _choices(name: str, value: Any, listed: bool) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    if not listed:
        return value
    within = [one for one in value if isinstance(one, list)]
    if within and len(within) < len(value):
        raise UsageError(
            f"{name}={value} has both lists and other values; a list of choices is a list of lists"
        )
    return value if within else [value]


def read_sweep_file(path: Path, meant: Callable[[dict[str, Any]], T]) -> T:
    """Read a TOML file, and return what its fields mean.

    Parameters
    ----------
    path
        A .toml file.
    meant
        Makes a sweep of the fields; its errors get the name of the file.

    Returns
    -------
    object
        What `meant` returns.

    Raises
    ------
    NotFoundError, FormatError
        The file does not exist, or is not TOML.
    UsageError
        The fields are no sweep.
    """
    try:
        fields = tomllib.loads(read_bytes(path).decode("utf-8"))
    except ValueError as error:  # TOML and UTF-8
        raise FormatError(f"{path} is not valid TOML: {error}") from None
    try:
        return meant(fields)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
