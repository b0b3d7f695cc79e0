"""Lab runs as text."""

from __future__ import annotations

from superscope.lab.config import LabConfig
from superscope.lab.results import LabRuns
from superscope.lab.run import LabFailure, LabRun
from superscope.text import as_text, columns, duration, fixed, labelled, named, number, plus_minus


@as_text.register
def _(run: LabRun) -> str:
    """Return the text of one run."""
    packing = run.packing
    facts = [
        ("text", f"{named(run.corpus.name)}, {run.tokens:,} tokens"),
        ("held-out loss", f"{plus_minus(fixed(run.loss, 4), run.loss_se)} nats per token"),
        ("training loss", f"{fixed(run.training_loss, 4)} nats per token"),
        ("mean c²", f"{number(packing.mean_square_overlap, 4)} raw, "
                    f"{number(packing.mean_square_overlap_centered, 4)} centered"),
        ("weights", f"{run.parameters:,}, of the head {run.head_parameters:,}"),
        ("time", f"{duration(run.seconds)}, {run.tokens_per_second:,.0f} tokens per second"),
    ]  # fmt: skip
    return labelled(f"lab run {run.identity}: {title(run.config)}", facts)


@as_text.register
def _(failure: LabFailure) -> str:
    title_ = f"lab run {failure.identity}: {title(failure.config)}"
    return labelled(title_, [("diverged", failure.reason)])


@as_text.register
def _(runs: LabRuns) -> str:
    """Return a line a run."""
    header = ("variant", "width", "tokens", "seed", "loss", "mean c²", "centered")
    rows = [
        (
            run.config.variant, f"{run.config.width}", f"{run.tokens:,}", f"{run.config.seed}",
            fixed(run.loss, 4), number(run.packing.mean_square_overlap, 3),
            number(run.packing.mean_square_overlap_centered, 3),
        )
        for run in runs.runs
    ]  # fmt: skip
    return "\n".join(columns(header, rows))


def title(config: LabConfig) -> str:
    """Return what a run is, in one line."""
    return (
        f"{config.architecture}, {config.variant}, width {config.width}, depth {config.depth}, "
        f"seed {config.seed}"
    )
