"""Single tokens and directions: what collides, what it costs, what can be read."""

import sys
from types import ModuleType

from superscope.lens import summary  # noqa: F401  (registers how a lens prints)
from superscope.lens._lens import Lens, lens
from superscope.lens.neighbors import InDegree
from superscope.lens.options import LensOptions
from superscope.lens.overview import Extreme, Overview
from superscope.lens.token import Chance, Comparison, Named, Neighbor, Token

__all__ = [
    "Chance",
    "Comparison",
    "Extreme",
    "InDegree",
    "Lens",
    "LensOptions",
    "Named",
    "Neighbor",
    "Overview",
    "Token",
    "lens",
]


class _Room(ModuleType):
    """The room itself may be called: ``superscope.lens(model)``."""

    __call__ = staticmethod(lens)


sys.modules[__name__].__class__ = _Room
