"""From a matplotlib figure to SVG that can stand in a page beside others."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from markupsafe import Markup

from superscope.figures.draw.colors import LIGHT

_ROLE = {color: name for name, color in LIGHT.items()}


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
