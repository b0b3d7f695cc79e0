"""What the rows of a head look like: overlaps, spectrum, norms, regime."""

from superscope.geometry.geometry import Geometry, Overlap, Settings
from superscope.geometry.measure import measure_head
from superscope.geometry.norms import Norms, Regime
from superscope.geometry.pairs import Pair, PairStatistics

__all__ = [
    "Geometry",
    "Norms",
    "Overlap",
    "Pair",
    "PairStatistics",
    "Regime",
    "Settings",
    "measure_head",
]
