"""Write arguments of Python as options of the command line: ``text=`` becomes ``--text``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from cyclopts import App

# An option that is a mapping in Python is NAME=VALUE on the command line.
_OF_MAPPING = re.compile(r"\b(\w+)=\{'(\w+)': '(\w+)'\}")
# The options for parts of a data set have longer names than the arguments of hub_text.
_OF_DATASET = re.compile(r"\bhub_text\((config|split)=(\w+)\)")


def as_options(message: str, command: Callable[..., object]) -> str:
    """Return a message with Python's arguments written as a command's options.

    ``choose rows='all'`` becomes ``choose --rows all``, ``fold_norm=True`` becomes
    ``--fold-norm``. Names that are not options of the command stay as they are.
    """
    options = _options(command)

    def option(found: re.Match[str]) -> str:
        name, is_true, quoted, follows = found.groups()
        if is_true:
            return options[name]
        if quoted:
            return f"{options[name]} {quoted}"
        return options[name] + (" " if follows.isalnum() or follows in tuple("'\"-") else "")

    names = "|".join(map(re.escape, options))
    named = re.compile(rf"(?<![\w\-./?&'\"])({names})=(?!=)(?:(True)\b|'([\w.:=-]+)'|(?=(\S?)))")
    message = _OF_MAPPING.sub(r"\1='\2=\3'", message)
    return named.sub(option, _OF_DATASET.sub(r"dataset_\1=\2", message))


@cache
def _options(command: Callable[..., object]) -> dict[str, str]:
    """Return a command's options by the names of Python's arguments."""
    found: dict[str, str] = {}
    for argument in App(default_command=command).assemble_argument_collection():
        option = argument.names[0]
        if argument.parse and option.startswith("--") and option.islower():
            found[(argument.keys or (argument.field_info.name,))[-1]] = option
            # As text=, whose field is called files.
            found[option[2:].replace("-", "_")] = option
    return found
