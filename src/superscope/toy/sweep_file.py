"""Sweeps as lists over any field of a toy config, in Python and as TOML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from superscope.arguments import checked
from superscope.runs import combinations, read_sweep_file
from superscope.toy.config import ToyConfig, check_fields
from superscope.toy.inputs import resolved_files


@checked
def product(fields: Mapping[str, Any]) -> list[ToyConfig]:
    """Return one config for each combination of values.

    Parameters
    ----------
    fields
        Values of ``ToyConfig`` by name; a list is a list of choices.

    Returns
    -------
    list of ToyConfig
        One for each combination, the last name varying fastest.

    Raises
    ------
    UsageError
        A name that is not a field, an empty list, or values that no config takes.

    Examples
    --------
    >>> from superscope.toy import product
    >>> [(config.width, config.seed) for config in product({"width": [10, 20], "seed": [0, 1]})]
    [(10, 0), (10, 1), (20, 0), (20, 1)]
    """
    check_fields(fields)
    return [ToyConfig.from_mapping(values) for values in combinations(fields)]


@checked
def read_sweep(path: str | Path) -> list[ToyConfig]:
    """Read a sweep from TOML: values of ``ToyConfig``, where a list is a list of choices.

    ``frequencies`` and ``groups`` may name files, relative to the folder of the TOML file.

    Parameters
    ----------
    path
        A .toml file.

    Returns
    -------
    list of ToyConfig
        One for each combination of the choices.

    Raises
    ------
    NotFoundError, FormatError
        The file does not exist, or is not TOML.
    UsageError
        As for :func:`product`; the message names the file.
    """
    path = Path(path)
    return read_sweep_file(path, lambda fields: product(resolved_files(fields, path.parent)))
