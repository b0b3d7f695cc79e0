"""Pictures of narrower heads: what a rank costs, how rows overlap, how predictions agree."""

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.figures.repack._agreement import agreement_drawing
from superscope.figures.repack._curve import curve_drawing
from superscope.figures.repack._overlap import overlap_drawing
from superscope.repack import Repacking

__all__ = ["agreement", "curve", "overlap", "repack_drawings"]

curve = picture("curve", curve_drawing)
overlap = picture("overlap", overlap_drawing)
agreement = picture("agreement", agreement_drawing)


@pictures.register
def _(_: Repacking) -> dict[str, PictureFunction]:
    return {"curve": curve, "overlap": overlap, "agreement": agreement}


def repack_drawings(found: Repacking) -> tuple[Drawing | Missing, ...]:
    """Return the drawings of narrower heads."""
    return curve_drawing(found), overlap_drawing(found), agreement_drawing(found)
