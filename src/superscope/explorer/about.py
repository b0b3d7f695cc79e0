"""What a page knows of a model before its rows come."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from superscope.explorer.columns import columns_of
from superscope.explorer.parts import Part
from superscope.explorer.rows import usable
from superscope.explorer.shown import Shown
from superscope.geometry.row_classes import class_codes
from superscope.lens import Lens
from superscope.text import advice, visible_texts

LONGEST = 200  # characters of a text that the page holds
TITLES = {"none": "raw", "mean": "centered", "frequency": "frequency-centered"}


def about_part(shown: Shown, name: str) -> Part:
    """Return a model's name on the page and its tokens: texts, classes, norms, interference."""
    lens = shown.lens
    head = lens.head
    table = lens.tokens().set_index("id").reindex(head.kept_ids)
    names, codes = class_codes(table["class"])
    group = np.full(head.features, -1, np.int32)
    for k, equal in enumerate(lens.classes.groups):
        group[np.searchsorted(head.kept_ids, np.array(equal))] = k
    arrays: dict[str, npt.NDArray[Any]] = {
        "class": codes,
        "group": group,
        **{
            column: table[column].to_numpy(np.float64, na_value=np.nan).astype(np.float32)
            for column in ("norm", "interference", "interference_centered")
        },
    }
    if not np.array_equal(head.kept_ids, np.arange(head.features)):
        arrays["ids"] = head.kept_ids.astype(np.int32)
    if lens.frequencies is not None:
        arrays["frequency"] = lens.frequencies[head.kept_ids].astype(np.float32)
    columns, values = columns_of(shown)
    arrays |= values
    meta = {
        "part": "about",
        "name": name,
        "features": head.features,
        "width": head.width,
        "what": head.provenance.features,
        "centerings": [_centering(lens, center) for center in TITLES if usable(lens, center)],
        **_texts(lens),
        "classes": names,
        "columns": columns,
        "notes": [advice(note) for note in lens.notes],
    }
    return Part(meta, arrays)


def _centering(lens: Lens, center: str) -> Mapping[str, Any]:
    chance = lens.views.chance(center)
    return {"name": center, "title": TITLES[center], "mean": chance.mean, "std": chance.std}


def _texts(lens: Lens) -> Mapping[str, Any]:
    """Return the texts, how one is shown where that is more than in quotes, and what was cut.

    The last two are by position. Of a text that is cut there is a digest of all of it, by which two
    that begin alike are told apart.
    """
    if lens.head.tokens is None:
        return {"texts": None, "shown": {}, "cut": {}}
    texts = [lens.head.token(i) for i in lens.head.kept_ids.tolist()]
    return {
        "texts": [None if text is None else text[:LONGEST] for text in texts],
        "shown": visible_texts(texts, LONGEST),
        "cut": {
            str(place): sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            for place, text in enumerate(texts)
            if text is not None and len(text) > LONGEST
        },
    }
