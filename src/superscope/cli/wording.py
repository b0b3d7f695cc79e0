"""An error's words for the command line: ``text=`` of Python is ``--text`` here."""

from __future__ import annotations

import re

# Arguments that messages name, with the options they are.
_ARGUMENTS = (
    "batch", "bound", "columns", "context", "dataset", "dataset_config", "dataset_split", "device",
    "dtype", "exclude", "field", "fix", "fold_norm", "group", "max_documents", "max_tokens",
    "mode", "neighbors", "pairs", "ranks", "revision", "rows", "split", "starts", "stride",
    "tensor", "text", "tied", "vocabulary", "x",
)  # fmt: skip
_NAMED = re.compile(rf"(?<![\w\-./?&])({'|'.join(_ARGUMENTS)})=(?:(True)\b|(?=(\S?)))")


def as_options(message: str) -> str:
    """Return a message with Python's arguments written as options.

    ``choose rows='all'`` becomes ``choose --rows 'all'``, ``fold_norm=True`` becomes
    ``--fold-norm``.
    """

    def option(found: re.Match[str]) -> str:
        name = "--" + found[1].replace("_", "-")
        follows = found[3] or ""
        return name + (" " if follows.isalnum() or follows in tuple("'\"-") else "")

    return _NAMED.sub(option, message)
