"""A number with its standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.lens.clusters import Clusters


@dataclass(frozen=True)
class Estimate:
    """A mean or a share, with its error.

    Attributes
    ----------
    value
        The number.
    error
        Its standard error, clustered by document; None where a single document has none.
    """

    value: float
    error: float | None


def estimates(clusters: Clusters, above: dict[str, float], below: str) -> list[Estimate | None]:
    """Return a ratio of sums for each group (:meth:`Clusters.ratio`); None where nothing is."""
    ratio, error = clusters.ratio(above, below)
    return [
        Estimate(float(r), float(e) if np.isfinite(e) else None) if np.isfinite(r) else None
        for r, e in zip(ratio, error, strict=True)
    ]
