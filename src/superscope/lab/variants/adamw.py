"""The baseline."""

from superscope.lab.variants.variant import Variant


class AdamW(Variant):
    """AdamW with the decay of the body, as for every other weight: what others are compared with.

    Source: LH19, arXiv 1711.05101.
    """

    name = "adamw"
