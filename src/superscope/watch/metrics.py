"""The numbers of an observation by the names under which trainers log them."""

from __future__ import annotations

from superscope.watch.point import OWN, TracePoint

PREFIX = "superscope/"
_OF_OBSERVATION = (
    "mean_square_overlap", "mean_square_overlap_centered", "effective_width",
    "effective_width_centered", "norm_mean", "norm_cv", "represented_fraction",
)  # fmt: skip


def metrics(point: TracePoint) -> dict[str, float]:
    """Return the numbers of a point that are known, such as ``superscope/effective_width``."""
    values = {name: getattr(point.observation, name) for name in _OF_OBSERVATION}
    values |= {name: getattr(point, name) for name in OWN if name != "rows"}
    return {PREFIX + name: float(value) for name, value in values.items() if value is not None}
