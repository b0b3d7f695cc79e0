"""Sweeps as lists over the fields of a config, in Python and as TOML."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from superscope.errors import FormatError, UsageError
from superscope.tables import read_bytes

T = TypeVar("T")


def combinations(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each combination of values, the last name varying fastest.

    Parameters
    ----------
    fields
        Values by name; a list is a list of choices.

    Returns
    -------
    list of dict
        One value for each name.

    Raises
    ------
    UsageError
        A list is empty.

    Examples
    --------
    >>> from superscope.runs import combinations
    >>> combinations({"width": [10, 20], "seed": 0})
    [{'width': 10, 'seed': 0}, {'width': 20, 'seed': 0}]
    """
    choices = [v if isinstance(v, list) else [v] for v in fields.values()]
    for name, values in zip(fields, choices, strict=True):
        if not values:
            raise UsageError(f"{name} is an empty list: there is nothing to run")
    return [dict(zip(fields, chosen, strict=True)) for chosen in itertools.product(*choices)]


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
