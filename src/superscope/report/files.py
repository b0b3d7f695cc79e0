"""Templates of pages; drawings as files, and all of them in one page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from superscope.atomic import make_folder, write_file, write_whole
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.text import number

FORMATS = ("png", "pdf", "svg")
PAGE = "report.html"

Placed = tuple[Drawing, Markup]
"""A drawing, and the element of a page that shows it."""


def write_figures(
    drawings: Sequence[Drawing | Missing],
    folder: Path,
    page: Callable[[Sequence[Placed]], str] | None = None,
) -> list[Path]:
    """Write each drawing into a folder as PNG, PDF and SVG, and return the files.

    Parameters
    ----------
    drawings
        Each has a name of its own. What is missing is passed over.
    folder
        Made if it is missing. Each file appears whole or not at all.
    page
        Returns the page that holds the drawings as HTML. It is written first, as
        ``report.html``.

    Returns
    -------
    list of Path
        The page if there is one, then the figures in their order.

    Raises
    ------
    UsageError
        The folder cannot be written.
    """
    make_folder(folder)
    drawn = [drawing for drawing in drawings if isinstance(drawing, Drawing)]
    files: dict[str, bytes] = {}
    if page is not None:
        files[PAGE] = encoded(page([(drawing, drawing.element()) for drawing in drawn]))
    for drawing in drawn:
        made = drawing.files(*FORMATS)
        files |= {f"{drawing.name}.{kind}": made[kind] for kind in FORMATS}
    for name, content in files.items():
        write_file(folder / name, content)
    return [folder / name for name in files]


def write_page(
    path: Path,
    drawings: Callable[[], Sequence[Drawing | Missing]],
    page: Callable[[Sequence[Placed], Sequence[Missing]], str],
) -> None:
    """Write a page with the drawings in it.

    Parameters
    ----------
    path
        File to write. It appears whole or not at all.
    drawings
        Makes them, once it is known that the file can be written.
    page
        Returns the page as HTML, from what is drawn and what is missing.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    with write_whole(path) as file:
        made = drawings()
        placed = [(drawing, drawing.element()) for drawing in made if isinstance(drawing, Drawing)]
        missing = [drawing for drawing in made if isinstance(drawing, Missing)]
        file.write(encoded(page(placed, missing)))


def encoded(page: str) -> bytes:
    """Return a page as bytes; what UTF-8 cannot hold is a character reference."""
    return page.encode("utf-8", "xmlcharrefreplace")


@cache
def template(name: str) -> Template:
    """Return a template; what it shows is escaped, and a name it does not know is an error."""
    environment = Environment(
        loader=PackageLoader("superscope.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment.get_template(name)
