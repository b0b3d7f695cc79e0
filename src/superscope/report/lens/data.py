"""What the script of a lens' page searches, as JSON that is inert in HTML."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.geometry.row_classes import class_codes
from superscope.geometry.stages import CENTERINGS
from superscope.lens import Lens
from superscope.lens.neighbors import shortest
from superscope.progress import Progress, silent
from superscope.report.lens.neighbor_lists import NeighborLists, bytes_of, lists_that_fit
from superscope.text import visible_texts

SPARE = 5  # rows beyond those shown, for when the shortest are left out
LONGEST = 200  # characters of a text that the page shows
_SHORT = 128  # added to the class of the shortest rows
_STEPS = 65_534  # of a number on its logarithmic scale; 0 stands for none


@dataclass(frozen=True)
class Searched:
    """What a page searches.

    Attributes
    ----------
    json
        For the script.
    rows, listed
        Rows in the page, and how many of them have a list of nearest rows.
    complete
        Whether all that can have a list have one.
    """

    json: str
    rows: int
    listed: int
    complete: bool


def searched(lens: Lens, first: Sequence[int] = (), progress: Progress = silent) -> Searched:
    """Return what the script searches.

    Parameters
    ----------
    lens
        The head.
    first
        Ids of the tokens to begin with.
    progress
        Called with what is done.
    """
    table = lens.tokens()
    keep = lens.options.neighbors
    near = lists_that_fit(lens, lens.compared(lens.options.center), keep + SPARE, first, progress)
    ids = table["id"].to_numpy(np.int64)
    place = np.full(lens.head.stored.shape[0], -1, np.int64)
    place[ids] = np.arange(len(ids))
    texts = [lens.head.token(i) for i in ids.tolist()]
    chance = lens.views.chance(lens.options.center)
    kind = "<u2" if bytes_of(lens.head.stored.shape[0]) == 2 else "<u4"
    data: dict[str, Any] = {
        "center": CENTERINGS[lens.options.center],
        "width": lens.head.width,
        "keep": keep,
        "chance": [chance.mean, chance.std],
        "ids": None if np.array_equal(ids, np.arange(len(ids))) else _packed(ids, "<u4"),
        "texts": texts,
        "shown": visible_texts(texts, LONGEST),
        **_classes(lens, table),
        "norm": _scaled(table["norm"]),
        "raw": _scaled(table["interference"]),
        "centered": _scaled(table["interference_centered"]),
        "groups": [[int(place[i]) for i in group] for group in lens.classes.groups],
        "first": [int(place[i]) for i in first if place[i] >= 0],
        "near": _near(near, place, kind),
    }
    return Searched(inert(data), len(ids), len(near.of), near.complete)


def _near(near: NeighborLists, place: npt.NDArray[np.int64], kind: str) -> Mapping[str, Any]:
    hundredths = np.rint(100 * near.overlaps.astype(np.float64)) + 100
    return {
        "count": near.ids.shape[1],
        "bytes": int(kind[-1]),
        "of": _packed(place[near.of], kind),
        "rows": _packed(place[near.ids].ravel(), kind),
        "overlaps": _packed(hundredths.ravel(), "u1"),
    }


def _classes(lens: Lens, table: pd.DataFrame) -> Mapping[str, Any]:
    names, codes = class_codes(table["class"])
    marked = codes + _SHORT * shortest(table["norm"].to_numpy(np.float64))
    return {"names": names, "classes": _packed(marked, "u1")}


def _scaled(column: pd.Series[float]) -> Mapping[str, Any]:
    """Return positive numbers on a logarithmic scale of 16 bits; what is none is 0."""
    values = column.to_numpy(np.float64)
    there = np.isfinite(values) & (values > 0)
    logs = np.zeros(len(values))
    np.log(values, where=there, out=logs)
    low = float(logs[there].min(initial=math.inf)) if there.any() else 0.0
    step = max(float(logs[there].max(initial=low)) - low, 1e-9) / _STEPS
    scaled = np.where(there, 1 + np.rint((logs - low) / step), 0)
    return {"low": low, "step": step, "values": _packed(scaled, "<u2")}


def _packed(values: npt.NDArray[Any], kind: str) -> str:
    return base64.b64encode(values.astype(kind).tobytes()).decode("ascii")


def inert(data: Any) -> str:
    """Return JSON that HTML cannot take for anything else, without an unseen character.

    Less-than signs and ampersands are escaped, and so is what does not print: controls, marks of
    direction, lone surrogates, and the separators of lines.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return re.sub(r"[^\x20-\x7e]", lambda c: c[0] if c[0].isprintable() else _escape(c[0]), text)


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1]
