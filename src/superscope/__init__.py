"""superscope: how much meaning is packed into a language model's width."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from superscope._version import __version__
from superscope.errors import SuperscopeError
from superscope.measure import measure

if TYPE_CHECKING:
    from superscope import evaluation, forecasts, frequency, laws, study, toy
    from superscope.geometry import Geometry, Overlap, measure_head
    from superscope.heads import FAMILIES, Head, read_head
    from superscope.observations import Observation, read_observations
    from superscope.report import write_report
    from superscope.tables import write_table

__all__ = [
    "FAMILIES",
    "Geometry",
    "Head",
    "Observation",
    "Overlap",
    "SuperscopeError",
    "__version__",
    "evaluation",
    "forecasts",
    "frequency",
    "laws",
    "measure",
    "measure_head",
    "read_head",
    "read_observations",
    "study",
    "toy",
    "write_report",
    "write_table",
]

# Loaded when first used, so that `import superscope` costs next to nothing.
_ROOMS = {
    "FAMILIES": "heads",
    "Geometry": "geometry",
    "Head": "heads",
    "Observation": "observations",
    "Overlap": "geometry",
    "measure_head": "geometry",
    "read_head": "heads",
    "read_observations": "observations",
    "write_report": "report",
    "write_table": "tables",
}


def __getattr__(name: str) -> Any:
    # Rooms of their own: superscope.toy.train(...)
    if name in ("evaluation", "figures", "forecasts", "frequency", "laws", "study", "toy"):
        return import_module(f"superscope.{name}")
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
