"""The page of which tokens a family learns at which width, in one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from superscope._version import __version__
from superscope.arguments import checked
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.drawable import shown
from superscope.figures.draw.drawing import Missing
from superscope.figures.study import emergence_drawings
from superscope.report.files import Placed, template, write_page
from superscope.text import counted, sentence

if TYPE_CHECKING:
    from superscope.study import Emergence


@checked
def write_emergence_report(emergence: Emergence, path: Path) -> None:
    """Write which tokens a family learns at which width as one self-contained HTML file.

    The page has the verdict first, then figures and the table of classes. The same result makes
    the same bytes. The page holds everything it shows, and runs no script.

    Parameters
    ----------
    emergence
        What :func:`superscope.study.emergence` returned.
    path
        File to write. It appears whole or not at all.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    write_page(
        Path(path), partial(emergence_drawings, emergence), partial(render_emergence, emergence)
    )


def render_emergence(found: Emergence, placed: Sequence[Placed], missing: Sequence[Missing]) -> str:
    """Return the page of a result and its drawn figures as HTML."""
    # The other reports do without it.
    from superscope.study.emerging.summary import class_rows, header_of, sentences

    widths = ", ".join(f"{m:.0f}" for m in found.widths.tolist())
    return template("emergence.html").render(
        title="Do abilities appear, or does everything improve at once?",
        verdict=sentence(found.verdict),
        said=list(sentences(found)),
        of=f"{counted(int(found.models.sum()), 'model')} of the widths {widths} on "
        f"{shown(found.text)}",
        header=header_of(found),
        rows=[tuple(map(shown, row)) for row in class_rows(found)],
        drawings=placed,
        missing=[(one.title, one.reason) for one in missing],
        version=__version__,
        light=LIGHT,
        dark=DARK,
    )
