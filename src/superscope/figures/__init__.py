"""Every picture: one function each, from a result to a matplotlib figure.

A package for each room: ``superscope.figures.geometry.overlap(geometry)``. A result's ``plot``
method finds the same functions through :func:`plot`. `draw` is how all of them are drawn.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from superscope.figures.registry import PictureFunction, pictures, plot

__all__ = ["PictureFunction", "pictures", "plot"]


def __getattr__(name: str) -> ModuleType:
    # A room's pictures are loaded when first used, so that no room is loaded for another's sake.
    package = f"{__name__}.{name}"
    if name.startswith("_") or find_spec(package) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(package)
