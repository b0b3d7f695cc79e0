"""The same model with a narrower output head, and what that costs."""

import sys
from types import ModuleType

from superscope.heads.narrow_head import Block, NarrowHead
from superscope.repack import summary as summary
from superscope.repack._repack import repack
from superscope.repack.options import RepackOptions
from superscope.repack.repacking import HeadScore, Repacking, TextPart

__all__ = [
    "Block",
    "HeadScore",
    "NarrowHead",
    "RepackOptions",
    "Repacking",
    "TextPart",
    "repack",
]


class _Room(ModuleType):
    """The room itself may be called: ``superscope.repack(model, text)``."""

    __call__ = staticmethod(repack)


sys.modules[__name__].__class__ = _Room
