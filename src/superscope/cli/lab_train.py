"""``superscope lab train``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from superscope.cli.executor import check_workers, chosen_workers, tell

if TYPE_CHECKING:
    from superscope.lab import Corpus, LabConfig, LabSweep
    from superscope.lab.timing import TimeLeft


def lab_train(
    lab: Annotated[Path, Parameter(name="LAB")],
    *,
    out: Path,
    done: Annotated[tuple[Path, ...], Parameter(negative="", show_default=False)] = (),
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    executor: Literal["processes", "dask"] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    device: str = "auto",
) -> None:
    """Train the product of lists over any field of a lab config; stop and start it at will.

    Parameters
    ----------
    lab
        TOML file: field = value, or field = [values], such as width = [32, 64, 128]; and a table
        [text] that names the text. rates = "search.csv" gives each variant the best learning rates
        of a search, a table that lab table wrote.
    out
        Folder of the runs, one file each, and of the trained models. Runs that are already there
        are not repeated, and runs that were interrupted go on.
    done
        A table that lab table wrote, of runs made elsewhere: they are not repeated. Give it several
        times for several tables.
    dry_run
        Train nothing, and show how many runs there are and how long each takes here. The text is
        made into tokens.
    executor
        Processes on this machine (default), or workers of a dask cluster that see the folder.
    workers
        Number of workers to start; default: one for each core.
    scheduler
        Address of a running dask scheduler, tcp://HOST:PORT.
    device
        Device that models are trained on.
    """
    check_workers(executor, workers, scheduler, device)

    from superscope.atomic import make_folder
    from superscope.cli.terminal import progress_bar, stopped, warn
    from superscope.lab.result_file import SUFFIX
    from superscope.lab.sweep_file import read_sweep
    from superscope.lab.sweeps import CORPORA, checkpoints, made_elsewhere, not_done, sweep, to_do
    from superscope.text import counted

    asked = read_sweep(lab)
    elsewhere = made_elsewhere(done)
    make_folder(out)
    if dry_run:
        # A cluster's speed is unknown, so one core is shown.
        cores = 1 if scheduler else workers
        _print_plan(asked, out, done, elsewhere, device=device, workers=cores)
        return
    try:
        with chosen_workers(executor, workers, scheduler) as doing:
            with progress_bar(lines=True) as progress:
                made = asked.corpora(out / CORPORA, progress=progress)
            corpora = not_done(made, elsewhere)
            if not corpora:
                print(_all_elsewhere(asked, done))
                return
            _tell_of(asked, corpora)
            left = to_do(corpora, out)
            about = "" if scheduler or not left else _about(corpora, out, device, workers)
            warn(f"{counted(len(left), 'run')} of {len(corpora):,} to do{about}; stop them at will")
            with progress_bar(lines=True) as progress:
                outcome = sweep(corpora, out, executor=doing, device=device, progress=progress)
    except KeyboardInterrupt:
        begun = len(checkpoints(out, done=False))
        raise KeyboardInterrupt(stopped("run", out, SUFFIX, begun)) from None
    tell(outcome, out)


def _tell_of(asked: LabSweep, corpora: Mapping[LabConfig, Corpus]) -> None:
    """Say what is read, and what to know before it is."""
    from superscope.cli.terminal import warn
    from superscope.lab.notes import notes, texts

    for line in (*texts(corpora), *notes(corpora, asked.rates)):
        warn(line)


def _all_elsewhere(asked: LabSweep, done: tuple[Path, ...]) -> str:
    from superscope.text import counted

    tables = " ".join(map(str, done))
    runs = counted(len(asked.configs), "run is", "runs are")
    return f"{runs} done elsewhere, and nothing is left; see: superscope lab report {tables}"


def _print_plan(
    asked: LabSweep,
    out: Path,
    done: tuple[Path, ...],
    elsewhere: frozenset[str],
    *,
    device: str,
    workers: int | None,
) -> None:
    from superscope.cli.terminal import progress_bar
    from superscope.lab.sweeps import CORPORA, not_done
    from superscope.lab.timing import time_left
    from superscope.text import columns, duration

    if asked.rates:
        print("\n".join(_rates(asked)))
    with progress_bar(lines=True) as progress:
        corpora = not_done(asked.corpora(out / CORPORA, progress=progress), elsewhere)
        needed = time_left(corpora, out, device=device, progress=progress)
    if not corpora:
        print(_all_elsewhere(asked, done))
        return
    _tell_of(asked, corpora)
    others = f"{len(asked.configs) - len(corpora):,} done elsewhere, " if done else ""
    print(f"{len(asked.configs):,} runs: {others}{needed.done:,} done, "
          f"{needed.diverged:,} diverged, {len(needed.left):,} to do")  # fmt: skip
    if not needed.left:
        return
    groups: dict[tuple[int, int, int], list[float]] = {}
    for config, seconds in needed.left.items():
        kind = config.width, config.tokens, config.trained_tokens
        groups.setdefault(kind, []).append(seconds)
    rows = [
        (f"{width}", f"{tokens:,}", f"{trained:,}", f"{len(each):,}",
         duration(sum(each) / len(each)), duration(sum(each)))
        for (width, tokens, trained), each in sorted(groups.items())
    ]  # fmt: skip
    print("\n".join(columns(("width", "tokens", "trained", "runs", "a run", "all"), rows)))
    print(_in_words(needed, workers))


def _about(corpora: Mapping[LabConfig, Corpus], out: Path, device: str, workers: int | None) -> str:
    """Return about how long a sweep takes, so that nobody waits for it in vain."""
    from superscope.lab.timing import time_left

    return f": {_in_words(time_left(corpora, out, device=device, rough=True), workers)}"


def _in_words(needed: TimeLeft, workers: int | None) -> str:
    from superscope.device import usable_cores
    from superscope.text import counted, duration

    # More workers than cores are not faster.
    count = min(workers or usable_cores(), usable_cores(), len(needed.left))
    return f"about {duration(needed.seconds / count)} on {counted(count, 'core')} of this machine"


def _rates(asked: LabSweep) -> list[str]:
    """Return a line for each variant: the rates that were chosen, and from how many tries."""
    from superscope.text import columns, fixed

    header = ("variant", "rate", "head's rate", "loss", "tries", "at the edge of the search")
    rows = [
        (
            variant, f"{one.learning_rate:g}", f"{one.head_learning_rate:g}", fixed(one.loss, 4),
            f"{one.tries}", " and ".join(name.replace("_", " ") for name in one.at_edge),
        )
        for variant, one in asked.rates.items()
    ]  # fmt: skip
    return [*columns(header, rows), ""]
