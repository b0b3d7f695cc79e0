"""The page that opens from disk, in which a person walks through a model's vocabulary."""

from superscope.explorer._explore import explore, write_explorer
from superscope.explorer.parts import Part, read_parts

__all__ = ["Part", "explore", "read_parts", "write_explorer"]
