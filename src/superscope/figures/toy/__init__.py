"""Pictures of toy models, one function each.

`loss`, `norms`, `dimensionality` and `overlap` take a :class:`~superscope.toy.ToyRun`. All others
take a :class:`~superscope.toy.ToyRuns`, the runs of a sweep. Keywords are ``ax`` and ``theme``.
"""

from collections.abc import Callable

from superscope.errors import UsageError
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.figures.toy import _exponent, _norms, _overview, _phase, _unrepresented, _width
from superscope.figures.toy._run import run_dimensionality, run_loss, run_norms, run_overlap
from superscope.figures.toy.groups import GroupedRuns, group_runs
from superscope.toy import ToyRun, ToyRuns

__all__ = [
    "dimensionality", "exponent_alpha", "exponent_map", "loss", "loss_unrepresented",
    "loss_width", "norms", "overlap", "overlap_width", "phases", "represented_decay",
    "run_drawings", "sweep", "sweep_drawings", "sweep_norms",
]  # fmt: skip

loss = picture("loss", run_loss)
norms = picture("norms", run_norms)
dimensionality = picture("dimensionality", run_dimensionality)
overlap = picture("overlap", run_overlap)


@pictures.register
def _(_: ToyRun) -> dict[str, PictureFunction]:
    return {"loss": loss, "norms": norms, "dimensionality": dimensionality, "overlap": overlap}


def run_drawings(run: ToyRun) -> tuple[Drawing | Missing, ...]:
    """Return all drawings of a run, and what cannot be drawn."""
    return run_loss(run), run_norms(run), run_dimensionality(run), run_overlap(run)


def _of_runs(name: str, make: Callable[[GroupedRuns], Drawing | Missing]) -> PictureFunction:
    def made(runs: ToyRuns) -> Drawing | Missing:
        return make(grouped(runs))

    made.__doc__, made.__module__ = make.__doc__, make.__module__
    return picture(name, made)


def grouped(runs: ToyRuns) -> GroupedRuns:
    """Return the runs of a sweep as its figures draw them.

    Raises
    ------
    UsageError
        There is no finished run.
    """
    if not runs.points:
        raise UsageError("figures need at least one finished toy run")
    return group_runs(runs.points)


sweep = _of_runs("sweep", _overview.overview)
loss_width = _of_runs("loss_width", _width.loss_width)
exponent_map = _of_runs("exponent_map", _exponent.exponent_map)
exponent_alpha = _of_runs("exponent_alpha", _exponent.exponent_alpha)
represented_decay = _of_runs("represented_decay", _norms.represented_decay)
sweep_norms = _of_runs("sweep_norms", _norms.norms)
overlap_width = _of_runs("overlap_width", _width.overlap_width)
loss_unrepresented = _of_runs("loss_unrepresented", _unrepresented.loss_unrepresented)
phases = _of_runs("phases", _phase.phases)


@pictures.register
def _(_: ToyRuns) -> dict[str, PictureFunction]:
    return {
        "overview": sweep,
        "loss_width": loss_width,
        "exponent_map": exponent_map,
        "exponent_alpha": exponent_alpha,
        "represented_decay": represented_decay,
        "norms": sweep_norms,
        "overlap_width": overlap_width,
        "loss_unrepresented": loss_unrepresented,
        "phases": phases,
    }


def sweep_drawings(runs: GroupedRuns) -> tuple[Drawing, ...]:
    """Return the drawings of the runs of a sweep, in the order of its page.

    There are seven, and an eighth where runs have 2 features in width 1: their phases.
    """
    drawings = tuple(
        make(runs)
        for make in (
            _width.loss_width, _exponent.exponent_map, _exponent.exponent_alpha,
            _norms.represented_decay, _norms.norms, _width.overlap_width,
            _unrepresented.loss_unrepresented,
        )
    )  # fmt: skip
    phase_diagram = _phase.phases(runs)
    return drawings if isinstance(phase_diagram, Missing) else (*drawings, phase_diagram)
