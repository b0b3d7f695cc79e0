"""Pictures of a head while it trains."""

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.figures.watch._training import TITLES, part_drawing, training_drawing
from superscope.watch import Trace

__all__ = [
    "effective_width", "loss", "mean_row", "norms", "overlap", "rows", "training", "update",
    "watch_drawings",
]  # fmt: skip


def _part(name: str) -> PictureFunction:
    def make(trace: Trace) -> Drawing | Missing:
        return part_drawing(trace, name)

    make.__doc__ = f"Return the figure of a trace: {TITLES[name][:1].lower()}{TITLES[name][1:]}."
    make.__module__ = f"{__name__}._training"
    return picture(name.replace("-", "_"), make)


training = picture("training", training_drawing)
overlap, effective_width, norms = map(_part, ("overlap", "effective-width", "norms"))
mean_row, update, rows, loss = map(_part, ("mean-row", "update", "rows", "loss"))


@pictures.register
def _(_: Trace) -> dict[str, PictureFunction]:
    return {
        "training": training,
        "overlap": overlap,
        "effective-width": effective_width,
        "norms": norms,
        "mean-row": mean_row,
        "update": update,
        "rows": rows,
        "loss": loss,
    }


def watch_drawings(trace: Trace) -> tuple[Drawing, ...]:
    """Return the drawings that a trace has numbers for."""
    made = (training_drawing(trace), *(part_drawing(trace, name) for name in TITLES))
    return tuple(drawing for drawing in made if isinstance(drawing, Drawing))
