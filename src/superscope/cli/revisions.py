"""``superscope measure MODEL --revisions PATTERN``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from superscope.errors import UsageError
from superscope.text import counted, named

if TYPE_CHECKING:
    from superscope._measure import MeasureOptions
    from superscope.watch import RevisionTrace, TracePoint

SHOWN = 5  # names of revisions in a sentence


def measure_over_training(
    models: Sequence[str],
    pattern: str,
    options: MeasureOptions,
    *,
    others: Mapping[str, object],
    json: bool,
    table: Path | None,
    figures: Path | None,
) -> None:
    """Measure the revisions of one model, write what was asked for, and print the last ones.

    Parameters
    ----------
    models
        What the command was given.
    pattern
        Of the names of revisions.
    options
        How to measure.
    others
        Options of the command that are for single models, by name; none may be set.
    json, table, figures
        As of the command.

    Raises
    ------
    UsageError
        There is not one model, an option does not fit, or revisions were not measured.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_table
    from superscope.cli.terminal import progress_bar, stopped, warn
    from superscope.watch.revisions import SUFFIX, kept_in, measure_revisions

    if len(models) != 1:
        raise UsageError("--revisions are of one MODEL; name a single one")
    for name, value in others.items():
        if value is not None:
            raise UsageError(f"--{name} does not go with --revisions; leave out one of them")
    check_table(table)
    check_folder(figures)
    model = models[0]
    with progress_bar(lines=True) as progress:
        try:
            trace = measure_revisions(model, pattern, options, progress=progress)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(stopped("revision", kept_in(model), SUFFIX)) from None
    if table is not None:  # write files first, because a closed pipe ends the printing
        _write(trace, table)
    write_figures(figures, "watch", lambda room: room.watch_drawings(trace))
    if trace.unnumbered:
        warn(f"left out, because they have no number of a step: {_some(trace.unnumbered)}")
    for one in trace.missing:
        warn(f"{named(one.name)}: {one.why}")
    if json:
        for point in trace.points:
            print(_line(point), flush=True)
    else:
        print(trace)
    if trace.missing:
        raise UsageError(
            f"{len(trace.missing)} of {len(trace.points) + len(trace.missing)} revisions were not "
            f"measured: {_some([one.name for one in trace.missing])}; the same command tries them "
            "again"
        )


def _write(trace: RevisionTrace, table: Path) -> None:
    """Write a trace: Parquet as `superscope watch` reads it, or CSV."""
    from superscope.tables import write_table
    from superscope.watch import write_trace

    if table.suffix.lower() == ".parquet":
        write_trace(trace, table)
    else:
        write_table(trace.to_frame(), table)


def _line(point: TracePoint) -> str:
    """Return an observation as one line of JSON."""
    from superscope.result import derived
    from superscope.serialize import encode

    return encode(point, derived)


def _some(names: Sequence[str]) -> str:
    """Return the first few of some names, and how many there are."""
    shown = ", ".join(named(name) for name in names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown}, … ({counted(len(names), 'name')})"
