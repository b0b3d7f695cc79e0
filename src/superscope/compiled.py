"""Compile inner loops with numba, and cache the result if there is a writable folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit as _njit


def njit(signature: Any, fastmath: bool | set[str] = True) -> Callable[[Any], Any]:
    """Compile for these types when the module is imported, or load them from the cache."""

    def compiled(function: Any) -> Any:
        # Divide as numpy does: a check for zero would prevent vectorization.
        options: dict[str, Any] = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
        try:
            return _njit(signature, cache=True, **options)(function)
        except RuntimeError:  # no folder can be written
            return _njit(signature, **options)(function)

    return compiled
