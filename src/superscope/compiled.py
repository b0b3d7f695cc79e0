"""Compile inner loops with numba, kept in its cache where there is a folder for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit as _njit


def njit(signature: Any, fastmath: bool | set[str] = True) -> Callable[[Any], Any]:
    """Compile for these types when the module is imported, or load what was compiled before."""

    def compiled(function: Any) -> Any:
        # numpy's division: a check for zero would keep loops from becoming vectors.
        options: dict[str, Any] = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
        try:
            return _njit(signature, cache=True, **options)(function)
        except RuntimeError:  # no folder can be written
            return _njit(signature, **options)(function)

    return compiled
