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
    base: str | None = None,
    initial: str | None = None,
    executor: Literal["processes", "dask"] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    report: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Measure all heads and losses of a family, fit its laws, and answer questions about it.

    Members that fail are listed, and the others are still done. The same command continues where
    it was stopped.

    Parameters
    ----------
    models
        Names of families (opt, gpt2, qwen2.5, pythia, …), hub ids, local folders or GGUF files;
        also PEFT adapters.
    out
        Folder for observations.csv, the laws, the losses by token, and the finished members.
    base
        Model that the PEFT adapters among MODEL were trained on, if their adapter_config.json
        names none or one that is not there.
    initial
        The models before training; shows which rows moved. A revision of every MODEL, such as
        step0, or a folder that holds each of them under its MODEL's last name.
    executor
        Processes on this machine (default: one, with all cores), or workers of a dask cluster.
    workers
        Number of workers to start.
    scheduler
        Address of a running dask scheduler, tcp://HOST:PORT.
    report
        Write a self-contained HTML report to this file; default: report.html in --out.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.executor import chosen_workers
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_page
    from superscope.cli.terminal import progress_bar, warn
    from superscope.report import write_study_report
    from superscope.study import study as run_study

    if not models:
        raise UsageError("name models or a family; see: superscope study --help")
    read = text.text()
    check_page(report)
    check_folder(figures)
    # A worker holds a whole model and uses all cores.
    one = 1 if executor == "dask" and scheduler is None else None
    with (
        chosen_workers(executor, one if workers is None else workers, scheduler) as doing,
        progress_bar(lines=True) as progress,
    ):
        try:
            done = run_study(
                models, read, out, options, base=base, initial=initial, executor=doing,
                progress=progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_stopped(out)) from None
    report = report or out / "report.html"
    write_study_report(done, report)
    write_figures(figures, "study", lambda room: room.study_drawings(done))
    for member in done.failed:
        for failure in member.failures:
            told = failure.reason.startswith(member.name)
            warn(failure.reason if told else f"{member.name}: {failure.reason}")
    print(done)
    print(f"\nreport: {report}")
    if done.failed:
        raise UsageError(
            f"{len(done.failed)} of {len(done.members)} members are not complete; finished parts "
            "are kept, so run the same command again"
        )


def _stopped(out: Path) -> str:
    """Return what a stopped command did, and how to continue."""
    from superscope.text import counted

    heads, losses = (len(list((out / "members").glob(f"{p}-*.json"))) for p in ("head", "loss"))
    return (
        f"stopped: {counted(heads, 'head')} and {counted(losses, 'loss', 'losses')} are done and "
        f"kept in {out}; the same command continues from there"
    )
