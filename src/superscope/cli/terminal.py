"""What the commands show: tables on stdout, progress and messages on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from superscope.geometry import Geometry
from superscope.geometry.summary import summarize
from superscope.progress import Progress
from superscope.text import duration, visible

SHOW_AFTER = 0.5  # seconds of work before a bar appears
LONG = 7 * 86_400.0  # seconds: runs may come hours apart, and the time left is still told
LINE_EVERY = 60.0  # seconds between lines of progress in a log


def print_geometry(geometry: Geometry) -> None:
    """Print the table of a geometry, in color on a terminal that wants it."""
    console = Console(highlight=False, soft_wrap=True)
    if console.no_color or not console.is_terminal:
        print(geometry)
        return
    s = summarize(geometry)
    console.print(Text(s.title, style="bold"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for column in s.columns:
        table.add_column(column, justify="right")
    for label, *values in s.overlaps:
        table.add_row(Text(label), *map(Text, values))
    console.print(table)
    facts = Table(box=None, pad_edge=False, show_header=False)
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for label, value in s.facts:
        facts.add_row(Text(label), Text(value))
    console.print()
    console.print(facts)
    if s.pairs:
        pairs = Table(box=None, pad_edge=False, title=s.pairs_title, title_justify="left")
        for column in s.columns:
            pairs.add_column(column, overflow="fold")
        for line in s.pairs:
            pairs.add_row(*map(Text, line))
        console.print()
        console.print(pairs)


def warn(message: str) -> None:
    """Print a line on stderr."""
    shown = visible(" ".join(message.split()), quote="", longest=2000)
    print(f"superscope: {shown}", file=sys.stderr)


@contextmanager
def progress_bar(lines: bool = False) -> Iterator[Progress]:
    """Show progress on stderr while the block runs.

    Where stderr is no terminal nothing is shown; or, if `lines` are wanted, one now and then,
    as in the log of a job on a cluster.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line_now_and_then() if lines else lambda stage, done, total: None
        return
    bars = Bars(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(), console=console, transient=True,
        speed_estimate_period=LONG if lines else 30,
    )  # fmt: skip
    started: dict[str, float] = {}
    shown: dict[str, TaskID] = {}

    def report(stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - started.setdefault(stage, now) < SHOW_AFTER and stage not in shown:
            return
        if stage not in shown:
            bars.start()
            shown[stage] = bars.add_task(stage, total=total)
        bars.update(shown[stage], completed=done)
        if done >= total:
            bars.remove_task(shown.pop(stage))

    try:
        yield report
    finally:
        bars.stop()


def _line_now_and_then() -> Progress:
    """Return a progress that prints a line a minute, with the time that is left."""
    begun: dict[str, tuple[float, int]] = {}
    printed = time.monotonic()

    def report(stage: str, done: int, total: int) -> None:
        nonlocal printed
        now = time.monotonic()
        start, before = begun.setdefault(stage, (now, done))
        if now - printed < LINE_EVERY and done < total:
            return
        printed = now
        left = ""
        if before < done < total:
            left = f", {duration((now - start) / (done - before) * (total - done))} left"
        print(f"{stage}: {done:,} of {total:,}{left}", file=sys.stderr, flush=True)

    return report
