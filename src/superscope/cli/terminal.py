"""Print tables to stdout, and progress and messages to stderr."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.progress import Progress, chosen
from superscope.text import advice, counted, visible

if TYPE_CHECKING:
    from superscope.geometry import Geometry


def print_geometry(geometry: Geometry) -> None:
    """Print the table of a geometry, in color on a terminal that wants it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from superscope.geometry.summary import summarize

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
    """Print a line on stderr; arguments of Python are written as options."""
    shown = visible(" ".join(advice(message).split()), quote="", longest=2000)
    print(f"superscope: {shown}", file=sys.stderr)


def stopped(what: str, folder: Path, suffix: str = ".npz", begun: int = 0) -> str:
    """Return how many parts of a stopped command are kept in a folder, and how to continue."""
    done = len(list(folder.glob(f"[!.]*{suffix}")))
    if not (done or begun):
        return f"stopped: no {what} was done yet"
    kept = counted(done, f"{what} is", f"{what}s are")
    also = f", {begun:,} begun," if begun else ""
    return f"stopped: {kept} done{also} and kept in {folder}; the same command continues from there"


def progress_bar(lines: bool = False) -> AbstractContextManager[Progress]:
    """Show progress on stderr while the block runs, if it is a terminal.

    With `lines`, a log also gets a line from time to time.
    """
    return chosen("lines" if lines else "auto")
