"""What `measure` reports of a model, for the page: the table in words, and numbers to draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.explorer.parts import Part
from superscope.geometry import Geometry
from superscope.geometry.overlap import Overlap
from superscope.geometry.stages import CENTERINGS
from superscope.geometry.summary import summarize
from superscope.text import NONE

MOST_BINS = 60


def overview_part(geometry: Geometry) -> Part:
    """Return the table of a geometry, its overlaps as numbers, its spectra and its norms."""
    table = summarize(geometry)
    norms = geometry.norms
    counts, edges = norms.histogram(min(MOST_BINS, math.ceil(4 * geometry.features ** (1 / 3))))
    meta = {
        "part": "overview",
        "title": table.title,
        "columns": table.columns,
        "overlaps": list(_measured(table.overlaps)),
        "facts": [fact for fact in table.facts if fact[0] != "note"],
        "notes": [said for label, said in table.facts if label == "note"],
        "regime": str(geometry.regime),
        "represented": geometry.represented_fraction,
        "represented_untrained": geometry.untrained.represented_fraction,
        "scale_known": geometry.provenance.scale_known,
        "threshold": norms.threshold,
        "threshold_rule": norms.threshold_rule,
        "centerings": [_numbers(overlap) for overlap in geometry.overlaps],
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "norm_counts": counts.astype(np.float64),
        "norm_edges": edges.astype(np.float64),
        **{f"spectrum_{overlap.center}": overlap.spectrum for overlap in geometry.overlaps},
    }
    return Part(meta, arrays)


def _measured(lines: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield lines with a value; what belongs to a line without one is passed over with it."""
    shown = True
    for line in lines:
        if not line[0].startswith(" "):
            shown = set(line[1:]) != {NONE}
        if shown:
            yield line


def _numbers(overlap: Overlap) -> Mapping[str, Any]:
    return {
        "name": overlap.center,
        "title": CENTERINGS[overlap.center],
        "mean_square": overlap.mean_square_overlap,
        "chance": overlap.random_mean_square,
        "floor": overlap.welch_floor,
        "effective_width": overlap.effective_width,
        "packing": overlap.packing_efficiency,
    }
