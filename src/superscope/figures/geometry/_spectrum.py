"""Figure: how evenly the directions of the width are used, against a tight frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from superscope.figures.draw.axes import log_x, log_y
from superscope.figures.draw.canvas import Key, line, one_panel
from superscope.figures.draw.colors import LIGHT, OF_CENTER
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.style import DASHED
from superscope.figures.geometry.keys import WIDEST_PANEL, center_lines
from superscope.geometry import Geometry
from superscope.geometry.unit_rows import Float64

RANK, EIGENVALUE = "rank of the eigenvalue", "eigenvalue of G"
POINTS = 400
DECADES = 7
ROUNDING = 1e-12  # of the largest eigenvalue; what is less is a zero


def tight_spectrum(features: int, width: int) -> Float64:
    """Return the eigenvalues of G for the least mean square overlap, shape (m,).

    V/m each for V > m (a unit-norm tight frame); for V ≤ m, V ones (orthonormal rows) and
    zeros.
    """
    used = min(features, width)
    return np.where(np.arange(width) < used, features / used, 0.0)


def drawn_ranks(spectrum: Float64) -> tuple[npt.NDArray[np.int64], Float64]:
    """Return ranks, from 1, and eigenvalues to draw: at most `POINTS`, even in log rank."""
    positive = spectrum[spectrum > ROUNDING * spectrum[0]]
    ranks = np.unique(np.geomspace(1, len(positive), POINTS).round().astype(np.int64))
    return ranks, positive[ranks - 1]


def spectrum_drawing(geometry: Geometry) -> Drawing:
    """Return the figure of how evenly the width is used, against a tight frame."""
    even = even_text(geometry)
    key = Key((*center_lines(geometry), line(even, DASHED)))

    def draw(panel: Axes) -> None:
        paint_spectra(panel, geometry)
        panel.set_xlabel(RANK)
        panel.set_ylabel(EIGENVALUE)

    paint, panel = one_panel(draw, key, height=2.5, widest=WIDEST_PANEL)
    return Drawing(
        name="spectrum",
        title="Spectrum",
        caption="Eigenvalues of the Gram matrix G = ŴᵀŴ of the unit rows, the largest first: how "
        "much of all rows lies along each direction. They add up to V. A flat spectrum means the "
        "least possible interference; a steep start means that most rows share a few directions.",
        label="Eigenvalues of the Gram matrix in descending order, for each centering, against "
        f"{even}; both axes are logarithmic.",
        paint=paint,
        panel=panel,
    )


def even_text(geometry: Geometry) -> str:
    """Return what the least possible interference is called."""
    if geometry.features > geometry.width:
        return f"tight frame: V/m = {geometry.features / geometry.width:.4g} each"
    return "orthonormal rows: V eigenvalues of 1"


def paint_spectra(panel: Axes, geometry: Geometry) -> None:
    """Draw the spectrum of each centering, and that of the least interference."""
    tight = tight_spectrum(geometry.features, geometry.width)
    panel.plot(*drawn_ranks(tight), color=LIGHT["ink"], linewidth=1.2, linestyle=DASHED)
    drawn = []
    for overlap in geometry.overlaps:
        ranks, values = drawn_ranks(overlap.spectrum)
        drawn.append(values)
        panel.plot(ranks, values, color=LIGHT[OF_CENTER[overlap.center]],
                   marker="." if len(ranks) == 1 else None)  # fmt: skip
    log_x(panel, 0.93, max(2.0, geometry.width * 1.07))
    # At least a decade and a half, so that a flat spectrum looks flat.
    low = min(tight[0] / 6, *(values[-1] / 1.5 for values in drawn))
    high = max(tight[0] * 6, *(values[0] * 1.5 for values in drawn))
    log_y(panel, max(low, high * 10.0**-DECADES), high)
