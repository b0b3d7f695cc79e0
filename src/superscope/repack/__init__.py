"""The same model with a narrower output head, and what that costs."""

import sys
from types import ModuleType

from superscope.heads.narrow_head import Block, NarrowHead
from superscope.repack import summary as summary
from superscope.repack._repack import repack
from superscope.repack.curve import RankAt
from superscope.repack.options import RepackOptions
from superscope.repack.overlap import RowOverlap, row_overlap
from superscope.repack.product import Product
from superscope.repack.repacking import HeadScore, OtherText, Repacking, TextPart
from superscope.repack.stored import load, save
from superscope.repack.width_law import FamilyLaw, HeadLaw

__all__ = [
    "Block",
    "FamilyLaw",
    "HeadLaw",
    "HeadScore",
    "NarrowHead",
    "OtherText",
    "Product",
    "RankAt",
    "RepackOptions",
    "Repacking",
    "RowOverlap",
    "TextPart",
    "load",
    "repack",
    "row_overlap",
    "save",
]


class _Room(ModuleType):
    """The room itself may be called: ``superscope.repack(model, text)``."""

    __call__ = staticmethod(repack)


sys.modules[__name__].__class__ = _Room
