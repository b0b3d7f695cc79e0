"""Several geometries in one table, and the summary of a geometry as JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from superscope.geometry.geometry import Geometry
from superscope.geometry.stages import CENTERINGS
from superscope.geometry.summary import OVERLAP_LINES
from superscope.heads.checkpoint import WEIGHTS
from superscope.text import NONE, columns, fixed, named, shortened

_WHOLE: tuple[tuple[str, Callable[[Geometry], str]], ...] = (
    ("tokens, V", lambda g: f"{g.features:,}"),
    ("width, m", lambda g: f"{g.width:,}"),
    ("V/m", lambda g: f"{g.features / g.width:.4g}"),
)
_OVERLAP = (
    "mean square overlap", "  against chance, 1/m", "  untrained rows, ± 1 s.d.",
    "  standard deviations from these", "  against the Welch floor", "effective width",
    "  untrained rows", "packing efficiency", "variance outside Marchenko–Pastur",
    "rows placed as at random",
)  # fmt: skip
_NORMS: tuple[tuple[str, Callable[[Geometry], str]], ...] = (
    ("mean norm", lambda g: f"{g.norms.mean:.4g}" if g.provenance.scale_known else NONE),
    (
        "std/mean of norms",
        lambda g: f"{g.norms.coefficient_of_variation:.3g}" if g.provenance.scale_known else NONE,
    ),
    ("  untrained rows", lambda g: f"{g.untrained.norm_cv:.3g}"),
    ("represented fraction", lambda g: fixed(g.represented_fraction, 4)),
    ("  untrained rows", lambda g: fixed(g.untrained.represented_fraction, 4)),
    ("regime by norms", lambda g: str(g.regime)),
    ("  untrained rows", lambda g: str(g.untrained.regime)),
    ("against untrained rows", lambda g: g.evidence.short),
)


def compared(geometries: Sequence[Geometry]) -> str:
    """Return a table with one column for each model and one row for each number.

    Parameters
    ----------
    geometries
        One or more geometries.

    Returns
    -------
    str
        Aligned plain text.
    """
    rows = [(label, *map(value, geometries)) for label, value in _WHOLE]
    for center in ("none", "mean", "frequency"):
        overlaps = [{o.center: o for o in g.overlaps}.get(center) for g in geometries]
        if any(overlaps):
            rows.append((CENTERINGS[center], *("" for _ in geometries)))
            rows += [
                (f"  {label}", *(NONE if o is None else value(o) for o in overlaps))
                for label, value in OVERLAP_LINES
                if label in _OVERLAP
            ]
    rows += [(label, *map(value, geometries)) for label, value in _NORMS]
    return "\n".join(columns(["", *names_of(geometries)], rows))


def names_of(geometries: Sequence[Geometry]) -> tuple[str, ...]:
    """Return the models' names; a folder is called by its own name, without those it lies in.

    Where that makes two models one, all are called by what they were given as.
    """
    models = [g.provenance.model for g in geometries]
    tensors = [str(g.provenance.tensor) for g in geometries]
    if len(set(models)) < len(set(zip(models, tensors, strict=True))):  # matrices of one model
        same = len(set(models)) == 1
        names = tensors if same else [f"{m}: {t}" for m, t in zip(models, tensors, strict=True)]
        return tuple(map(named, names))
    return tuple(named(name) for name in shortened(models, _own_name))


def _own_name(name: str) -> str:
    path = PurePath(name)
    if "://" in name:
        return name
    if path.suffix in WEIGHTS:  # such as model.gguf, which says little without its folder
        return "/".join(path.parts[-2:])
    if len(path.parts) < 3 and not path.is_absolute():  # perhaps the id of a hub
        return name
    return path.name


def brief_json(geometry: Geometry) -> str:
    """Return the numbers of a geometry as one line of JSON, without its arrays.

    Parameters
    ----------
    geometry
        The geometry.

    Returns
    -------
    str
        A JSON object with the fields and the derived numbers of the geometry. Lists of ids are
        replaced by their lengths. :meth:`Geometry.to_json` writes everything.
    """
    brief = _brief(json.loads(geometry.to_json()))
    brief.pop("ids", None)  # an array is gone already
    brief.pop("texts", None)
    brief["zero_rows"] = len(geometry.zero_rows)
    brief["near_zero_rows"] = len(geometry.near_zero_rows)
    for name in ("raw", "centered", "frequency_centered"):
        if brief[name] is not None:
            brief[name]["left_out"] = len(brief[name]["left_out"])
    return json.dumps(brief)


def _brief(value: Any) -> Any:
    """Return plain JSON without arrays, with derived numbers beside the fields."""
    if not isinstance(value, dict):
        return [_brief(item) for item in value] if isinstance(value, list) else value
    whole = value | value.get("derived", {})
    return {
        name: _brief(item)
        for name, item in whole.items()
        if name != "derived"
        and not (isinstance(item, dict) and "dtype" in item and "shape" in item)
    }
