"""Results of other rooms on the page: their words, and every picture of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from superscope.explorer.parts import Part
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import NARROW
from superscope.figures.registry import drawings
from superscope.text import as_text

THEMES = ("light", "dark")


def result_part(result: Any) -> Part:
    """Return what a result prints, and its pictures in light and dark colors.

    A picture of several panels is there for wide and for narrow pages.
    """
    text = as_text(result)
    first, _, rest = text.partition("\n")
    titled = first.endswith(":")
    return Part(
        {
            "title": first.rstrip(":") if titled else repr(result).strip("<>"),
            "text": rest.strip("\n") if titled else text,
            "figures": [_figure(drawing) for drawing in drawings(result) if not drawing.part],
        },
        {},
    )


def _figure(drawing: Drawing | Missing) -> Mapping[str, Any]:
    if isinstance(drawing, Missing):
        said = {"title": drawing.title, "caption": drawing.reason, "label": ""}
        return {**said, "themes": None, "narrow": None}
    wide = drawing.panel is None
    return {
        "title": drawing.title,
        "caption": drawing.caption,
        "label": drawing.label,
        "themes": [drawing.svg(theme) for theme in THEMES],
        "narrow": [drawing.svg(theme, NARROW) for theme in THEMES] if wide else None,
    }
