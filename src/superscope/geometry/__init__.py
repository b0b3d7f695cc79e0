"""What the rows of a head look like: overlaps, spectrum, norms, regime."""

from superscope.geometry import summary  # noqa: F401  (how results print)
from superscope.geometry.geometry import Geometry, Settings
from superscope.geometry.measure import measure_head
from superscope.geometry.moved import Moved
from superscope.geometry.norms import Norms, Regime
from superscope.geometry.options import GeometryOptions
from superscope.geometry.overlap import Overlap
from superscope.geometry.pairs import Pair, PairStatistics
from superscope.geometry.row_classes import RowClass, RowClasses, classify
from superscope.geometry.untrained import Evidence, UntrainedRows
from superscope.geometry.weighted import WeightedOverlap

__all__ = [
    "Evidence",
    "Geometry",
    "GeometryOptions",
    "Moved",
    "Norms",
    "Overlap",
    "Pair",
    "PairStatistics",
    "Regime",
    "RowClass",
    "RowClasses",
    "Settings",
    "UntrainedRows",
    "WeightedOverlap",
    "classify",
    "measure_head",
]
