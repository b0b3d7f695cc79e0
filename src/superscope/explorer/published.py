"""What the tables of published models say that ship with the package."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from superscope import laws
from superscope.explorer.parts import Part
from superscope.geometry.published import FAMILIES, published_overlaps

TABLE = "published-llms"


def published_part() -> Part:
    """Return the published overlaps, and the width law of the published losses."""
    points = [[p.family, p.model, p.width, p.mean_square_overlap] for p in published_overlaps()]
    meta = {
        "part": "published",
        "families": FAMILIES,
        "overlaps": points,
        "law": published_law(),
    }
    return Part(meta, {})


@cache
def published_law() -> Mapping[str, Any]:
    """Return the width law fitted to the published losses, and each loss over its floor."""
    law = laws.fit(TABLE, "width", progress=None)
    points = law.points
    floors = np.array([law.parameters[f"B[{group}]"] for group in points.groups])
    alpha = law.intervals["alpha"]
    return {
        "table": TABLE,
        "verdict": law.headline,
        "formula": law.form.formula,
        "amplitude": law.parameters["A"],
        "alpha": law.parameters["alpha"],
        "low": alpha.low,
        "high": alpha.high,
        "models": points.unit_count,
        "datasets": len({group.split("/")[1] for group in points.groups}),
        "points": [
            [points.groups[group].split("/")[0], label, float(width), float(over)]
            for group, label, width, over in zip(
                points.group, points.labels, points.inputs[:, 0],
                points.loss - floors[points.group], strict=True,
            )
        ],
    }  # fmt: skip
