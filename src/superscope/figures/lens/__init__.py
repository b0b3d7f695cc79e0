"""Pictures of single tokens: their interference, their neighbors, and how they compare."""

from collections.abc import Sequence
from dataclasses import replace

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.lens._comparison import comparison_drawing
from superscope.figures.lens._interference import interference_drawing
from superscope.figures.lens._neighbors import neighbors_drawing
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.lens import Comparison, Lens, Token

__all__ = ["comparison", "interference", "lens_drawings", "neighbors"]

interference = picture("interference", interference_drawing)
neighbors = picture("neighbors", neighbors_drawing)
comparison = picture("comparison", comparison_drawing)


@pictures.register
def _(_: Lens) -> dict[str, PictureFunction]:
    return {"interference": interference}


@pictures.register
def _(_: Token) -> dict[str, PictureFunction]:
    return {"neighbors": neighbors}


@pictures.register
def _(_: Comparison) -> dict[str, PictureFunction]:
    return {"comparison": comparison}


def lens_drawings(
    lens: Lens, tokens: Sequence[Token] = (), compared: Comparison | None = None
) -> tuple[Drawing | Missing, ...]:
    """Return the drawings of some tokens and their comparison; without tokens, of all rows."""
    made = [(neighbors_drawing(token), f"neighbors-{token.id}") for token in tokens]
    named = [replace(d, name=name) if isinstance(d, Drawing) else d for d, name in made]
    if compared is not None:
        return (*named, comparison_drawing(compared))
    return (*named,) if named else (interference_drawing(lens),)
