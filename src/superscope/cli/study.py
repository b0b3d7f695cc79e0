"""``superscope study``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from superscope.cli.text_arguments import TextArguments
from superscope.errors import UsageError
from superscope.evaluation.options import LossOptions


def study(
    *models: Annotated[str, Parameter(name="MODEL")],
    out: Path,
    text: TextArguments = TextArguments(),  # noqa: B008  (frozen)
    options: Annotated[LossOptions, Parameter(name="*")] = LossOptions(),  # noqa: B008  (frozen)
    executor: Literal["processes", "dask"] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> None:
    """Measure every head and evaluate every loss of a family, fit its laws, and say what they say.

    Members that fail are listed, and do not stop the others. Started again, it does what is not
    done.

    Parameters
    ----------
    models
        Names of families (opt, gpt2, qwen2.5, pythia, …), hub ids, local folders or GGUF files.
    out
        Folder for report.html, the figures, observations.csv, the laws, the losses by token, and
        what is finished of members.
    executor
        processes of this machine (default: one, with all cores), or the workers of a dask cluster.
    workers
        How many to start.
    scheduler
        Address of a running dask scheduler, tcp://HOST:PORT.
    """
    from superscope.cli.executor import chosen_workers
    from superscope.cli.terminal import progress_bar, warn
    from superscope.report import write_study_report
    from superscope.study import study as run_study

    if not models:
        raise UsageError("name models or a family; see: superscope study --help")
    read = text.text()
    # A worker holds a whole model, and a model takes all cores.
    one = 1 if executor == "dask" and scheduler is None else None
    with (
        chosen_workers(executor, one if workers is None else workers, scheduler) as doing,
        progress_bar(lines=True) as progress,
    ):
        try:
            done = run_study(models, read, out, options, executor=doing, progress=progress)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_stopped(out)) from None
    page = write_study_report(done, out)[0]
    for member in done.failed:
        for failure in member.failures:
            told = failure.reason.startswith(member.name)
            warn(failure.reason if told else f"{member.name}: {failure.reason}")
    print(done)
    print(f"\nreport: {page}")
    if done.failed:
        raise UsageError(
            f"{len(done.failed)} of {len(done.members)} members are not complete; "
            "what is finished is kept: start it again"
        )


def _stopped(out: Path) -> str:
    """Return what a stopped command did, and how to go on."""
    from superscope.text import counted

    heads, losses = (len(list((out / "members").glob(f"{p}-*.json"))) for p in ("head", "loss"))
    return (
        f"stopped: {counted(heads, 'head')} and {counted(losses, 'loss', 'losses')} are done and "
        f"kept in {out}; the same command goes on from there"
    )
