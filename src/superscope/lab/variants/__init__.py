"""Ways of packing: one file each."""

from superscope.lab.variants.registry import BASELINE, VARIANTS, spelled, variants_of
from superscope.lab.variants.variant import Option, Part, Setting, Variant

__all__ = ["BASELINE", "VARIANTS", "Option", "Part", "Setting", "Variant", "spelled", "variants_of"]
