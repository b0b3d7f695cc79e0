"""A figure with its words: shown alone, in axes of the user's, as files, and in a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope.errors import UsageError
from superscope.figures.draw.colors import LIGHT
from superscope.figures.draw.picture import Picture, recolor
from superscope.figures.draw.style import FULL_WIDTH, NARROW, SINGLE, styled

DPI = 200
_PLAIN: dict[str, dict[str, Any]] = {
    "svg": {"metadata": {"Creator": None, "Date": None, "Format": None, "Type": None}},
    "png": {"metadata": {"Software": None}, "dpi": DPI},
    "pdf": {"metadata": {"Creator": None, "Producer": None, "CreationDate": None}},
}
"""How each format is written, without dates and versions: the same figure is the same file."""
_ROLE = {color: name for name, color in LIGHT.items()}


@dataclass(frozen=True)
class Drawing:
    """A figure and the words that go with it.

    Attributes
    ----------
    name
        Its file name without suffix.
    title, caption
        What it shows, how it was made, and what is missing.
    label
        What it shows, for those who do not see it.
    paint
        Makes the figure, no wider than :func:`~superscope.figures.draw.style.page_width`.
    panel
        Draws it into axes, its key above them; None for a figure of several panels.
    part
        Whether another figure of the same result has it as a panel.
    """

    name: str
    title: str
    caption: str
    label: str
    paint: Callable[[], Figure]
    panel: Callable[[Axes], None] | None = None
    part: bool = False

    def figure(
        self, ax: Axes | None = None, theme: str = "light", width: float = FULL_WIDTH
    ) -> Figure:
        """Return the figure, or draw it into axes and return theirs.

        Parameters
        ----------
        ax
            Axes to draw in.
        theme
            ``light`` or ``dark``.
        width
            Of the page, in inches.

        Raises
        ------
        UsageError
            There is no such theme, or the figure has several panels and axes were given.
        """
        with styled(theme, width):
            if ax is None:
                figure = self.paint()
                if isinstance(figure, Picture):
                    figure.theme = theme
                recolor(figure, theme)
                return figure
        if self.panel is None:
            raise UsageError(
                f"the figure {self.name!r} has several panels, so it cannot be drawn in ax; leave "
                "ax out, and find the panels in the axes of the figure that is returned"
            )
        self.panel(ax)
        recolor(ax, theme)
        whole = ax.get_figure(root=True)
        assert whole is not None
        return whole

    def files(self, *formats: str) -> dict[str, bytes]:
        """Return the drawing as files: ``png``, ``pdf``, ``svg``, or several of them."""
        figure = self.figure()
        return {kind: _written(figure, kind) for kind in formats}

    def svg(self, theme: str = "light", width: float = FULL_WIDTH) -> str:
        """Return the drawing as an SVG document without a background, in colors of a theme."""
        return _written(self.figure(theme=theme, width=width), "svg", facecolor="none").decode()

    def element(self) -> Markup:
        """Return what shows the drawing in a page: for wide pages, and for narrow ones if need be.

        The style sheet shows one of the two. Colors are the page's variables.
        """
        wide = self.figure()
        size = wide.get_size_inches()[0]
        parts = [("single" if size <= SINGLE else "wide", wide, self.name)]
        if size > SINGLE:
            parts.append(("narrow", self.figure(width=NARROW), f"{self.name}-narrow"))
        shown = Markup("")
        for kind, figure, key in parts:
            svg = _inline(_written(figure, "svg", facecolor="none").decode(), key, self.label)
            share = min(100.0, 100 * figure.get_size_inches()[0] / FULL_WIDTH)
            style = f' style="max-width: {share:.1f}%"' if kind == "wide" else ""
            shown += Markup(f'<div class="{escape(kind)}"{style}>') + svg + Markup("</div>")
        return shown


@dataclass(frozen=True)
class Missing:
    """A figure that cannot be drawn.

    Attributes
    ----------
    title
        What it would show.
    reason
        Why it is left out, as a whole sentence.
    part
        As of :class:`Drawing`.
    """

    title: str
    reason: str
    part: bool = False

    def figure(
        self, ax: Axes | None = None, theme: str = "light", width: float = FULL_WIDTH
    ) -> Figure:
        """Raise `UsageError` with the reason, where :meth:`Drawing.figure` returns a figure."""
        raise UsageError(self.reason)


def _written(figure: Figure, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    with styled():
        figure.savefig(file, format=kind, **_PLAIN[kind], **options)
    return file.getvalue()


def _inline(document: str, key: str, label: str) -> Markup:
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
