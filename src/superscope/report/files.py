"""Drawings as files, and all of them in one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from markupsafe import Markup

from superscope.atomic import make_folder, write_whole
from superscope.figures.draw.canvas import Drawing

Placed = tuple[Drawing, Markup]
"""A drawing, and the element of a page that shows it."""


def write_drawings(
    folder: Path, drawings: Sequence[Drawing], render: Callable[[Sequence[Placed]], str]
) -> list[Path]:
    """Write drawings into a folder, the page that holds them first, and return the files.

    Parameters
    ----------
    folder
        Made if it is missing. Each file appears whole or not at all.
    drawings
        In the page's order.
    render
        Returns the page as HTML.

    Raises
    ------
    UsageError
        The folder cannot be written.
    """
    make_folder(folder)
    files: dict[str, bytes] = {}
    placed = []
    for drawing in drawings:
        made = drawing.files("png", "pdf")
        placed.append((drawing, drawing.element()))
        files |= {f"{drawing.name}.{kind}": made[kind] for kind in ("png", "pdf")}
    written = []
    for name, content in ({"report.html": encoded(render(placed))} | files).items():
        path = folder / name
        with write_whole(path) as file:
            file.write(content)
        written.append(path)
    return written


def encoded(page: str) -> bytes:
    """Return a page as bytes; what UTF-8 cannot hold is a character reference."""
    return page.encode("utf-8", "xmlcharrefreplace")


def write_figures(drawings: Sequence[Drawing], folder: Path) -> list[Path]:
    """Write each drawing into a folder as PNG, PDF and SVG, and return the files.

    Parameters
    ----------
    drawings
        Each has a name of its own.
    folder
        Made if it is missing. Each file appears whole or not at all.

    Raises
    ------
    UsageError
        The folder cannot be written.
    """
    make_folder(folder)
    written = []
    for drawing in drawings:
        for kind, content in drawing.files("png", "pdf", "svg").items():
            path = folder / f"{drawing.name}.{kind}"
            with write_whole(path) as file:
                file.write(content)
            written.append(path)
    return written
