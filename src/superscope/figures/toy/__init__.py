"""Pictures of toy models, one function each.

`loss`, `norms` and `overlap` take a :class:`~superscope.toy.ToyRun`. All others take a sequence of
:class:`~superscope.toy.ToyPoint`, the runs of a sweep. Keywords are ``ax`` and ``theme``.
"""

from collections.abc import Callable, Sequence

from superscope.errors import UsageError
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.public import picture
from superscope.figures.registry import PictureFunction, pictures
from superscope.figures.toy import _exponent, _norms, _unrepresented, _width
from superscope.figures.toy._run import run_loss, run_norms, run_overlap
from superscope.figures.toy.groups import GroupedRuns, group_runs
from superscope.toy import ToyPoint, ToyRun

__all__ = [
    "exponent_alpha", "exponent_map", "loss", "loss_unrepresented", "loss_width", "norms",
    "overlap", "overlap_width", "represented_decay", "run_drawings", "sweep_drawings",
    "sweep_norms",
]  # fmt: skip

loss = picture("loss", run_loss)
norms = picture("norms", run_norms)
overlap = picture("overlap", run_overlap)


@pictures.register
def _(_: ToyRun) -> dict[str, PictureFunction]:
    return {"loss": loss, "norms": norms, "overlap": overlap}


def run_drawings(run: ToyRun) -> tuple[Drawing | Missing, ...]:
    """Return all drawings of a run, and what cannot be drawn."""
    return run_loss(run), run_norms(run), run_overlap(run)


SWEEP: dict[str, Callable[[GroupedRuns], Drawing]] = {
    "loss_width": _width.loss_width,
    "exponent_map": _exponent.exponent_map,
    "exponent_alpha": _exponent.exponent_alpha,
    "represented_decay": _norms.represented_decay,
    "norms": _norms.norms,
    "overlap_width": _width.overlap_width,
    "loss_unrepresented": _unrepresented.loss_unrepresented,
}
"""What draws the runs of a sweep, in the order of its page."""


def _of_points(name: str) -> PictureFunction:
    make = SWEEP[name]

    def made(points: Sequence[ToyPoint]) -> Drawing:
        if not points:
            raise UsageError("figures need at least one toy run")
        return make(group_runs(points))

    made.__doc__, made.__module__ = make.__doc__, make.__module__
    return picture(name, made)


loss_width = _of_points("loss_width")
exponent_map = _of_points("exponent_map")
exponent_alpha = _of_points("exponent_alpha")
represented_decay = _of_points("represented_decay")
sweep_norms = _of_points("norms")
overlap_width = _of_points("overlap_width")
loss_unrepresented = _of_points("loss_unrepresented")


def sweep_drawings(runs: GroupedRuns) -> tuple[Drawing, ...]:
    """Return the seven drawings of the runs of a sweep."""
    return tuple(make(runs) for make in SWEEP.values())
