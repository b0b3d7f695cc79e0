"""``superscope toy table``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from superscope.toy import ToyPoint


def toy_table(
    runs: Annotated[Path, Parameter(name="RUNS")],
    *,
    out: Path | None = None,
    losses: Path | None = None,
    curves: Path | None = None,
) -> None:
    """Measure the runs of a folder, and write one row for each.

    Parameters
    ----------
    runs
        Folder that toy sweep wrote.
    out
        The table, .parquet or .csv; default: CSV on the standard output.
    losses
        Also write each run's loss by cause, its strongly represented share, and the mean
        dimensionality of its represented features, to this .csv.
    curves
        Also write each run's loss over its steps, averaged over 40 spans of equal ratio, to this
        .csv, for superscope fit --law time --x step.
    """
    from superscope.cli.written import finished_runs
    from superscope.observations import to_frame
    from superscope.tables import check_suffix, write_table
    from superscope.text import counted
    from superscope.toy import loss_curves, losses_table

    if out is not None:
        check_suffix(out)
    if losses is not None:
        check_suffix(losses, (".csv",))
    if curves is not None:
        check_suffix(curves, (".csv",))
    points = sorted(finished_runs(runs).points, key=_order)
    frame = to_frame(point.observation for point in points)
    if losses is not None:
        write_table(losses_table(points), losses)
    if curves is not None:
        write_table(loss_curves(runs, progress=None), curves)
    if out is None:
        print(frame.to_csv(index=False), end="")
    else:
        write_table(frame, out)
        print(f"{counted(len(frame), 'run')} in {out}")


def _order(point: ToyPoint) -> tuple[Any, ...]:
    c = point.config
    return c.n, str(c.frequencies), c.alpha, c.decay, c.width, c.seed, c.identity
