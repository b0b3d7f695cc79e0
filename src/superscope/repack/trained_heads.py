"""The way ``trained``: the best closed form of each rank, and what training makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from superscope.evaluation.model import LanguageModel
from superscope.evaluation.states import StoredStates
from superscope.heads.narrow_head import NarrowHead
from superscope.progress import Progress
from superscope.repack.calibration import Calibration, calibrated
from superscope.repack.closed_form import roots
from superscope.repack.full_head import FullHead
from superscope.repack.held_out import parted
from superscope.repack.options import RepackOptions
from superscope.repack.trained import Measured, Trained, Training, trained
from superscope.text import counted, number

Forms = Callable[[str, Calibration], Iterable[tuple[int, NarrowHead]]]
"""From a way and a calibration to the closed forms of all ranks."""


def trained_heads(  # noqa: PLR0917 - what a Repacker holds
    model: LanguageModel,
    full: FullHead,
    states: StoredStates,
    forms: Forms,
    ways: tuple[str, ...],
    options: RepackOptions,
    folder: Path,
    progress: Progress,
) -> Iterator[tuple[int, NarrowHead, str]]:
    """Yield each rank, its trained head, and a note on where it began and ended.

    Parameters
    ----------
    model, full
        The model, and its head.
    states
        The calibration text.
    forms
        Makes closed forms.
    ways
        Closed forms that training may begin with: of each rank the best on the held-out part.
    options
        How.
    folder
        Keeps checkpoints.
    progress
        Called with the stages ``choosing starts`` and ``training rank r``.
    """
    learned, choosing = parted(states, options.held_share, options.seed)
    calibration = calibrated(learned, model.rows, options.prior, progress)
    root, inverse = roots(calibration.second, full.width)
    training = Training(
        model, full, learned, choosing, root, inverse, options, options.seed, folder, progress
    )
    starts: dict[int, tuple[Measured, str, NarrowHead]] = {}
    for done, way in enumerate(ways):
        progress("choosing starts", done, len(ways))
        heads = dict(forms(way, calibration))
        for rank, found in training.measured(heads).items():
            if rank not in starts or found.loss < starts[rank][0].loss:
                starts[rank] = found, way, heads[rank]
    progress("choosing starts", 1, 1)
    for rank, (begun, way, start) in sorted(starts.items()):
        made = trained(training, start, begun, f"rank {rank}")
        yield rank, made.head, _note(rank, way, made, training)


def _note(rank: int, way: str, made: Trained, training: Training) -> str:
    documents = training.choosing.document_count
    what = {
        "kl": "KL to the full head",
        "text": "loss",
        "both": "mean of loss and KL to the full head",
    }[training.options.objective]
    held = (
        f"{counted(len(training.choosing), 'position')} of {counted(documents, 'document')} "
        "it did not learn from"
    )
    if set(training.choosing.documents) <= set(training.learned.documents):
        held = f"the last {counted(len(training.choosing), 'position')} of its only document"
    steps = counted(made.steps, "step")
    if made.ended < made.begun:
        return (
            f"trained, rank {rank}: {steps} from {way}; on {held} the {what} went from "
            f"{number(made.begun, 3)} to {number(made.ended, 3)}"
        )
    return (
        f"trained, rank {rank}: {steps} from {way}; on {held} the {what} of "
        f"{number(made.begun, 3)} became no lower, so the head is {way} still"
    )
