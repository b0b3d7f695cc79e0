"""From a matplotlib figure to SVG that can stand in a page beside others."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.style import BOTTOM, LEFT, RIGHT, _style

WIDTH = 5.2  # inches; at this size text is legible on a phone and, enlarged, on a desk
TOP = 0.08
STYLE: dict[Any, Any] = _style("light", WIDTH) | {
    "figure.facecolor": "none", "savefig.facecolor": "none", "font.size": 9.0
}  # fmt: skip
_ROLE = {color: name for name, color in LIGHT.items()}
_NO_DATE = {"Creator": None, "Date": None, "Format": None, "Type": None}


def draw(
    paint: Callable[[tuple[Axes, ...]], None],
    *,
    key: str,
    label: str,
    height: float,
    panels: int = 1,
) -> Markup:
    """Return the SVG element of a figure.

    Parameters
    ----------
    paint
        Draws on the axes. It must write no text of a model's: the bundled font lacks most of
        the world's letters, and matplotlib reads ``$`` as mathematics.
    key
        Prefix of every id in it, unique in the page.
    label
        What the figure shows, for those who do not see it.
    height
        In inches; the width is `WIDTH`.
    panels
        Number of axes, one above the other, sharing x.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # a report does not depend on whose settings wrote it
        matplotlib.rcParams.update({**STYLE, "svg.hashsalt": key})
        figure = Figure(figsize=(WIDTH, height))
        # The same margins in every figure: panels line up in the page, and layout costs nothing.
        axes = figure.subplots(
            panels, 1, sharex=True, squeeze=False,
            gridspec_kw={
                "left": LEFT / WIDTH, "right": 1 - RIGHT / WIDTH,
                "bottom": BOTTOM / height, "top": 1 - TOP / height, "hspace": 0.12,
            },
        )  # fmt: skip
        paint(tuple(axes[:, 0]))
        file = StringIO()
        figure.savefig(file, format="svg", metadata=_NO_DATE)
    return inline(file.getvalue(), key, label)


def inline(document: str, key: str, label: str) -> Markup:
    """Return the SVG element of a document, for use inside HTML."""
    svg = ElementTree.fromstring(document)
    for element in svg.iter():
        element.tag = _local(element.tag)
        for name in list(element.attrib):
            value = element.attrib.pop(name)
            element.set(_local(name), _value(_local(name), value, key))
    for parent in svg.iter():
        for child in list(parent):
            # A style element would act on the whole page; metadata is never shown.
            if child.tag in ("metadata", "style"):
                parent.remove(child)
    for name in ("width", "height", "version"):
        svg.attrib.pop(name, None)
    svg.set("role", "img")
    svg.set("aria-label", label)
    # matplotlib escapes, and ElementTree escapes again what it writes.
    return Markup(ElementTree.tostring(svg, encoding="unicode"))


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _value(name: str, value: str, key: str) -> str:
    """Return an attribute's value with ids made unique, colors by role, and numbers short."""
    if name == "id":
        return f"{key}-{value}"
    if name == "href":
        return value.replace("#", f"#{key}-")
    if name in ("d", "x", "y"):
        short = re.sub(r"-?\d+\.\d{3,}", lambda n: f"{float(n[0]):.2f}", value)
        return " ".join(short.split())
    if name == "clip-path":
        return value.replace("url(#", f"url(#{key}-")
    if name == "style":
        return re.sub(r"#[0-9a-f]{6}", _color, value)
    return value


def _color(found: re.Match[str]) -> str:
    """Return a color as the page's variable of its role, so that dark pages have dark figures."""
    role = _ROLE.get(found[0])
    return found[0] if role is None else f"var(--{role})"
