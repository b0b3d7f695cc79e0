"""Pictures of a geometry, alone and among published models."""

from collections.abc import Sequence
from dataclasses import replace

from superscope.figures.draw.drawing import Drawing
from superscope.figures.geometry._norms import norms_drawing
from superscope.figures.geometry._overlap import overlap_drawing
from superscope.figures.geometry._overview import overview_drawing
from superscope.figures.geometry._spectrum import spectrum_drawing
from superscope.figures.geometry._width import placements, width_drawing, width_of
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.geometry import Geometry
from superscope.geometry.compare import names_of
from superscope.text import slug

__all__ = ["geometry_drawings", "norms", "overlap", "overview", "spectrum", "width"]

overview = picture("overview", overview_drawing)
overlap = picture("overlap", overlap_drawing)
norms = picture("norms", norms_drawing)
spectrum = picture("spectrum", spectrum_drawing)
width = picture("width", width_of)


@pictures.register
def _(_: Geometry) -> dict[str, PictureFunction]:
    return {
        "overview": overview,
        "overlap": overlap,
        "norms": norms,
        "spectrum": spectrum,
        "width": width,
    }


def geometry_drawings(geometries: Sequence[Geometry]) -> tuple[Drawing, ...]:
    """Return all drawings of measured models, each with a name of its own.

    Overlaps (where pairs were measured), norms and spectrum of each model, and all models
    against width.
    """
    names = names_of(geometries)
    drawings = []
    for k, (geometry, name) in enumerate(zip(geometries, names, strict=True), start=1):
        prefix = f"{k}-{slug(name)}-" if len(geometries) > 1 else ""
        for made in (
            overlap_drawing(geometry), norms_drawing(geometry), spectrum_drawing(geometry)
        ):  # fmt: skip
            if isinstance(made, Drawing):
                drawings.append(replace(made, name=f"{prefix}{made.name}"))
    return (*drawings, width_drawing(placements(geometries, names)))
