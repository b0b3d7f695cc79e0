"""Figure: how evenly the directions of the width are used, against a tight frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from superscope.figures.draw.axes import log_x, log_y
from superscope.figures.draw.colors import LIGHT, OF_CENTER
from superscope.figures.draw.figure import Entry, FigureBlock
from superscope.figures.draw.svg import draw
from superscope.geometry import Geometry
from superscope.geometry.stages import CENTERINGS
from superscope.geometry.unit_rows import Float64

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


def drawn_points(spectrum: Float64) -> tuple[npt.NDArray[np.int64], Float64]:
    """Return ranks, from 1, and eigenvalues to draw: at most `POINTS`, even in log rank."""
    positive = spectrum[spectrum > ROUNDING * spectrum[0]]
    ranks = np.unique(np.geomspace(1, len(positive), POINTS).round().astype(np.int64))
    return ranks, positive[ranks - 1]


def spectrum_figure(geometry: Geometry, key: str) -> FigureBlock:
    """Return the figure of a geometry's spectra."""
    features, width = geometry.features, geometry.width
    tight = tight_spectrum(features, width)

    def paint(axes: tuple[Axes, ...]) -> None:
        (panel,) = axes
        panel.plot(*drawn_points(tight), color=LIGHT["ink"], linewidth=1.2, linestyle=(0, (3, 2)))
        for overlap in geometry.overlaps:
            ranks, values = drawn_points(overlap.spectrum)
            panel.plot(ranks, values, color=LIGHT[OF_CENTER[overlap.center]],
                       marker="." if len(ranks) == 1 else None)  # fmt: skip
        log_x(panel, 0.93, max(2.0, width * 1.07))
        drawn = [drawn_points(o.spectrum)[1] for o in geometry.overlaps]
        # At least a decade and a half, so that a flat spectrum looks flat.
        low = min(tight[0] / 6, *(values[-1] / 1.5 for values in drawn))
        high = max(tight[0] * 6, *(values[0] * 1.5 for values in drawn))
        log_y(panel, max(low, high * 10.0**-DECADES), high)
        panel.set_xlabel("rank of the eigenvalue")
        panel.set_ylabel("eigenvalue of G")

    even = (f"a tight frame, V/m = {features / width:.4g} each" if features > width
            else "orthonormal rows: V eigenvalues of 1")  # fmt: skip
    return FigureBlock(
        title="Spectrum",
        svg=draw(
            paint, key=key, height=2.9,
            label="Eigenvalues of the Gram matrix in descending order, raw and centered, against "
            f"{even}; both axes logarithmic.",
        ),
        legend=(
            *(Entry("line", OF_CENTER[o.center], CENTERINGS[o.center]) for o in geometry.overlaps),
            Entry("dashed", "ink", even),
        ),
        caption="Eigenvalues of G = ŴᵀŴ, the unit rows' Gram matrix, largest first: how much of "
        "all rows lies along each direction. They add up to V. Flat is the least interference "
        "possible; a steep start means few directions that most rows share.",
    )  # fmt: skip
