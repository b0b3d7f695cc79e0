"""Figure: what the rows of a head look like, in four panels."""

from __future__ import annotations

from matplotlib.figure import Figure

from superscope.figures.draw.canvas import Key, grid, line, say
from superscope.figures.draw.drawable import drawable
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.style import DASHED, DOTTED
from superscope.figures.geometry._norms import norm_counts, paint_norms
from superscope.figures.geometry._overlap import overlap_shares, paint_log_shares
from superscope.figures.geometry._spectrum import EIGENVALUE, RANK, paint_spectra
from superscope.figures.geometry._width import (
    OVERLAP,
    WIDTH,
    paint_widths,
    placements,
    published_marks,
)
from superscope.figures.geometry.keys import center_lines
from superscope.geometry import Geometry
from superscope.geometry.compare import names_of


def overview_drawing(geometry: Geometry) -> Drawing:
    """Return the figure of a head: overlaps, norms, spectrum, and place among published models."""
    names = names_of([geometry])
    key = Key(
        (
            *center_lines(geometry),
            line("chance; tight frame", DASHED),
            line("threshold of φ", DOTTED),
            *published_marks(),
        ),
        heading=f"{drawable(names[0])}: V = {geometry.features:,}, m = {geometry.width:,}",
    )

    def paint() -> Figure:
        figure, panels = grid(
            ["overlaps of pairs", "row norms", "spectrum", "overlap against width"],
            key, height=2.2, x=["overlap c", "row norm", RANK, WIDTH],
            y=["share of pairs", "rows", EIGENVALUE, OVERLAP],
        )  # fmt: skip
        shares = overlap_shares(geometry)
        if shares is None:
            say(panels[0], "pairs were not measured")
        else:
            paint_log_shares(panels[0], shares)
        paint_norms(panels[1], norm_counts(geometry.norms))
        paint_spectra(panels[2], geometry)
        paint_widths(panels[3], placements([geometry], names))
        return figure

    return Drawing(
        name="geometry",
        title="Geometry",
        caption="The distribution of overlaps, the row norms, the eigenvalues of the Gram matrix, "
        "and the mean square overlap among published models.",
        label="Four panels: overlaps of pairs, row norms, spectrum, and mean square overlap "
        "against width.",
        paint=paint,
    )
