"""Report progress from functions, and show it as a bar in a terminal or a notebook."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING, Any, Literal, Protocol

from superscope.errors import UsageError
from superscope.text import duration

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

SHOW_AFTER = 0.5  # seconds of work before a bar appears
DRAW_EVERY = 0.1  # seconds between two updates of a bar
LINE_EVERY = 60.0  # seconds between lines of progress in a log


class Progress(Protocol):
    """A function that is called as ``progress(stage, done, total)`` during the work."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


ProgressChoice = Progress | Literal["auto", "lines"] | bool | None
"""What a function takes as ``progress``: see :func:`chosen`."""


def silent(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def expect(progress: Progress, costs: Mapping[str, float]) -> None:
    """Announce the coming stages and their relative costs, so that one time left covers them all.

    A progress that is a plain function does not receive this.
    """
    if isinstance(progress, _Reporter):
        progress.plan(costs)


def at_share(progress: Progress, stage: str, done: int, total: int, share: float) -> None:
    """Report how far a stage is whose parts take unequally long: the share of its work.

    A progress that is a plain function does not receive the share.
    """
    if isinstance(progress, _Reporter):
        progress(stage, done, total, share)
    else:
        progress(stage, done, total)


@contextmanager
def chosen(progress: ProgressChoice = "auto") -> Iterator[Progress]:
    """Yield the progress that the user chose, and remove its bar when the block ends.

    Parameters
    ----------
    progress
        ``"auto"`` shows a bar in a terminal or a notebook, and nothing elsewhere. ``"lines"``
        also prints a line a minute to a log. None or False shows nothing. A function is called as
        ``progress(stage, done, total)``.

    Raises
    ------
    UsageError
        `progress` is none of these.
    """
    if callable(progress):
        yield progress
        return
    if progress not in ("auto", "lines", True, False, None):
        raise UsageError(
            f"progress={progress!r}; expected 'auto', 'lines', None or a function of "
            "(stage, done, total)"
        )
    view = _view(lines=progress == "lines") if progress else None
    if view is None:
        yield silent
        return
    reporter = _Reporter(view)
    try:
        _shown.append(view)
        yield reporter
    finally:
        _shown.remove(view)
        reporter.close()


@dataclass(frozen=True)
class Standing:
    """How far a stage is, or all stages of a plan.

    Attributes
    ----------
    stage, done, total
        As reported.
    key
        What the bar shows: the name of a stage, or the empty string for a whole plan.
    share
        How much of it is done, from 0 to 1.
    since
        Seconds since its first report.
    left
        Seconds until the end at the mean speed so far, or None if that is not known yet.
    """

    stage: str
    done: int
    total: int
    key: str
    share: float
    since: float
    left: float | None


class _View(Protocol):
    """Shows standings to the user."""

    def show(self, standing: Standing) -> None: ...

    def close(self) -> None: ...


@dataclass
class _Reporter:
    """A progress that computes the time left and passes it to a view.

    A thread keeps showing a stage that has reported its start and then nothing for a while.
    """

    view: _View
    costs: Mapping[str, float] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    begun: dict[str, tuple[float, float]] = field(default_factory=dict)
    latest: Standing | None = None
    watch: threading.Thread | None = None
    closed: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def plan(self, costs: Mapping[str, float]) -> None:
        """Set the coming stages and their relative costs."""
        self.costs, self.shares = costs, {}
        self.begun[""] = (time.monotonic(), 0.0)

    def __call__(self, stage: str, done: int, total: int, share: float | None = None) -> None:
        """Show how far a stage is; by default its parts count alike."""
        if share is None:
            share = done / total if total else 1.0
        with self.lock:
            self._show(stage, done, total, share)
        if self.watch is None:
            self.watch = threading.Thread(target=self._watch, daemon=True)
            self.watch.start()

    def _show(self, stage: str, done: int, total: int, share: float) -> None:
        now = time.monotonic()
        key = stage
        if stage in self.costs:
            self.shares[stage] = max(share, self.shares.get(stage, 0.0))
            work = sum(cost * self.shares.get(name, 0.0) for name, cost in self.costs.items())
            key, share = "", work / sum(self.costs.values())
        start, before = self.begun.setdefault(key, (now, share))
        left = None
        if before < share < 1 and now > start:
            left = (now - start) / (share - before) * (1 - share)
        standing = Standing(stage, done, total, key, share, now - start, left)
        self.view.show(standing)
        self.latest = None if share >= 1 else standing
        if share >= 1:
            self.begun.pop(key)

    def _watch(self) -> None:
        """Show the latest standing at regular intervals."""
        while not self.closed.wait(SHOW_AFTER):
            self.show_again()

    def show_again(self) -> None:
        """Show the latest standing with its current times."""
        with self.lock:
            if self.latest is not None and not self.closed.is_set():
                start, _ = self.begun[self.latest.key]
                self.view.show(replace(self.latest, since=time.monotonic() - start))

    def close(self) -> None:
        """Stop showing progress, and clear the view."""
        with self.lock:
            self.closed.set()
            self.view.close()


_shown: list[_View] = []  # a bar inside another bar would garble both


def _view(lines: bool) -> _View | None:
    """Return a view for this terminal or notebook, or None if there is neither."""
    if _shown or multiprocessing.parent_process() is not None:
        return None
    if threading.current_thread() is not threading.main_thread():
        return None
    display = _notebook_display()
    if display is not None:
        return _Notebook(display)
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if terminal and os.environ.get("TERM") not in ("dumb", "unknown"):
        return _Terminal()
    return _Log() if lines else None


def _notebook_display() -> Callable[..., Any] | None:
    """Return IPython's ``display`` if this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if ipython is None or type(shell).__name__ != "ZMQInteractiveShell":
        return None
    display: Callable[..., Any] = ipython.display.display
    return display


class _Terminal:
    """One bar on stderr for each stage, or for a whole plan."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    def show(self, standing: Standing) -> None:
        key = standing.key
        if standing.since < SHOW_AFTER and key not in self._tasks:
            return
        if self._bars is None:
            self._bars = _rich_bars()
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(standing.stage, total=1.0, left="")
        self._bars.update(
            self._tasks[key],
            description=standing.stage,
            completed=standing.share,
            left=_left(standing),
        )
        if standing.share >= 1:
            self._bars.remove_task(self._tasks.pop(key))

    def close(self) -> None:
        if self._bars is not None:
            self._bars.stop()


def _rich_bars() -> Bars:
    """Return started bars of rich, which is imported only when there is something to show."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[left]}"), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    bars.start()
    return bars


class _Notebook:
    """A bar below the running cell; it disappears when the work is done."""

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._handle: Any = None
        self._drawn = 0.0

    def show(self, standing: Standing) -> None:
        now = time.monotonic()
        if standing.since < SHOW_AFTER or now - self._drawn < DRAW_EVERY:
            return
        self._drawn = now
        self._draw(
            f"<progress value='{standing.share:.4f}' max='1'></progress> "
            f"{100 * standing.share:.0f} % {escape(standing.stage)} {_left(standing)}"
        )

    def _draw(self, html: str) -> None:
        data = {"text/html": html, "text/plain": ""}
        if self._handle is None:
            self._handle = self._display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)

    def close(self) -> None:
        if self._handle is not None:
            self._draw("")


class _Log:
    """A line on stderr from time to time, with the time left."""

    def __init__(self) -> None:
        self._printed = time.monotonic()

    def show(self, standing: Standing) -> None:
        now = time.monotonic()
        if now - self._printed < LINE_EVERY and standing.share < 1:
            return
        self._printed = now
        count = f"{standing.stage}: {standing.done:,} of {standing.total:,}"
        if standing.total == 1:  # it has no parts
            count = f"{standing.stage}: done"
        left = _left(standing)
        sys.stderr.write(f"{count}, {left}\n" if left else f"{count}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Do nothing: printed lines stay."""


def _left(standing: Standing) -> str:
    return "" if standing.left is None else f"{duration(standing.left)} left"
