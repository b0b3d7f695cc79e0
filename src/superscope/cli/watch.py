"""``superscope watch``."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from superscope.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from superscope.watch import Trace

PICTURES = (".png", ".pdf", ".svg")
PAUSE = 10.0  # times as long as drawing takes: the training needs the cores


def watch(
    run: Annotated[Path, Parameter(name="RUN")],
    *,
    once: Annotated[bool, Parameter(negative="")] = False,
    every: float = 2.0,
    out: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Show how a head changes while its model trains.

    In a terminal, one screen that is drawn anew; elsewhere, a line for each observation. It follows
    the file until Ctrl-C.

    Parameters
    ----------
    run
        The .parquet file that superscope.Watch writes; or measure --revisions. If it is not there
        yet, it is waited for.
    once
        Show what there is now, and end.
    every
        Seconds between two looks at the file.
    out
        Draw everything into this .png, .pdf or .svg file, anew after each observation.
    figures
        Write each figure to this folder, as PNG, PDF and SVG, anew after each observation.
    """
    from superscope.atomic import check_writable
    from superscope.cli.figures import check_folder
    from superscope.tables import check_suffix
    from superscope.watch import read_trace
    from superscope.watch.trace_file import SUFFIX

    check_suffix(run, (SUFFIX,))
    if not 0 < every < float("inf"):
        raise UsageError(f"--every {every:g}; it must be more than 0 seconds")
    if out is not None:
        check_suffix(out, PICTURES)
        check_writable(out)
    check_folder(figures)

    def draw(trace: Trace) -> None:
        _draw(trace, out, figures)

    if once:
        trace = read_trace(run)
        draw(trace)
        print(trace)
        return
    try:
        _follow(run, every, draw if out or figures else None)
    except KeyboardInterrupt:  # the only way to end it
        return


def _follow(run: Path, every: float, draw: Callable[[Trace], None] | None) -> None:
    """Show and draw what the file holds, until Ctrl-C."""
    from rich.console import Console

    from superscope.cli.terminal import warn
    from superscope.errors import NotFoundError, SuperscopeError
    from superscope.watch.follow import follow

    console = Console(highlight=False)
    show: _Screen | _Lines = _Screen(console) if console.is_terminal else _Lines()
    latest: Trace | None = None
    due, rest = False, 0.0
    with show:
        for found in follow(run, every):
            if isinstance(found, NotFoundError):
                warn(f"{run} is not there{' any more' if latest else ' yet'}; waiting for it")
            elif isinstance(found, SuperscopeError):
                warn(str(found))
            elif found is not None:
                show.show(found)
                latest, due = found, True
            if due and draw is not None and latest is not None and time.monotonic() >= rest:
                began = time.monotonic()
                draw(latest)
                due, rest = False, time.monotonic() + PAUSE * (time.monotonic() - began)


class _Lines:
    """A line for each observation and event."""

    def __init__(self) -> None:
        self._before: Trace | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, trace: Trace) -> None:
        from superscope.watch.follow import news
        from superscope.watch.summary import brief, line_of

        gone, new = news(self._before, trace)
        if gone is not None:
            print(f"the run went back to before step {gone:,}")
        events = {point.step: [e for e in trace.events if e.step == point.step] for point in new}
        for point in new:
            print(brief(point))
            for event in events[point.step]:
                print(line_of(event))
        print(end="", flush=True)
        self._before = trace


class _Screen:
    """A screen that is drawn anew; the last one stays."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self._console = console
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> None:
        self._live.start()

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, trace: Trace) -> None:
        from rich.text import Text

        from superscope.watch.dashboard import dashboard

        shown = Text(dashboard(trace, self._console.width - 1), no_wrap=True, overflow="ellipsis")
        self._live.update(shown, refresh=True)


def _draw(trace: Trace, out: Path | None, figures: Path | None) -> None:
    """Write the pictures that were asked for."""
    from superscope.atomic import write_file
    from superscope.cli.figures import write_figures

    if out is not None:
        from superscope.figures.watch import watch_drawings

        drawn = watch_drawings(trace)
        if drawn:  # there is an observation
            kind = out.suffix.lower()[1:]
            write_file(out, drawn[0].files(kind)[kind])
    write_figures(figures, "watch", lambda room: room.watch_drawings(trace))
