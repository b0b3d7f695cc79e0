"""Follow the file of a trace while its training goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path

from superscope.errors import FormatError, NotFoundError, SuperscopeError
from superscope.watch.point import TracePoint
from superscope.watch.trace import Trace
from superscope.watch.trace_file import read_trace

Stamp = tuple[int, int, int]


def follow(
    path: Path, every: float = 2.0, sleep: Callable[[float], object] = time.sleep
) -> Iterator[Trace | SuperscopeError | None]:
    """Yield a trace whenever its file is another one, for ever.

    The file is written whole and renamed, so that no half of one is read.

    Parameters
    ----------
    path
        The .parquet file, which need not be there yet.
    every
        Seconds between two looks.
    sleep
        What waits for so long.

    Yields
    ------
    Trace, SuperscopeError or None
        What the file holds now, or why it cannot be read; None if it is as before.

    Raises
    ------
    UsageError
        The path has another suffix.
    """
    seen: Stamp | None = None
    first = True
    while True:
        now = _stamp(path)
        found: Trace | SuperscopeError | None = None
        if first or now != seen:
            try:
                found = read_trace(path)
            except (FormatError, NotFoundError) as error:
                found = error
        seen, first = now, False
        yield found
        sleep(every)


def news(before: Trace | None, now: Trace) -> tuple[int | None, tuple[TracePoint, ...]]:
    """Return what is new in a trace.

    Parameters
    ----------
    before, now
        The trace that was read last, if any, and the one that is read now.

    Returns
    -------
    tuple
        The first step that is no longer there or another one, as of a run that was resumed, or
        None; and the new observations.
    """
    old = () if before is None else before.points
    pairs = zip(old, now.points, strict=False)
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return (old[same].step if same < len(old) else None), now.points[same:]


def _stamp(path: Path) -> Stamp | None:
    """Return what changes when a file is replaced; None where there is none."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_size, seen.st_mtime_ns
