"""``superscope roll-out``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from superscope.forecasts import RollOutOptions


def roll_out(
    table: Annotated[str, Parameter(name="TABLE")],
    *,
    law: Annotated[
        tuple[Literal["power", "width", "chinchilla", "shape", "time", "coupled", "broken"], ...],
        Parameter(consume_multiple=True, negative=""),
    ],
    options: Annotated[RollOutOptions, Parameter(name="*")] = RollOutOptions(),  # noqa: B008
    data_dir: Path | None = None,
    out: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Compare laws by what they forecast: fit the small models, predict the large ones.

    Parameters
    ----------
    table
        A .csv, .parquet or .jsonl file, or a public table's name.
    law
        One law or several. The law width alone is compared with itself: exponent free, 1 or
        pooled over the groups, and without a floor. Two more are rivals to compare with: coupled,
        parameters and tokens in one power (Kaplan et al. 2020), and broken, a power of --x whose
        exponent changes (Caballero et al. 2023).
    data_dir
        Folder that holds the public tables, for machines without a network.
    out
        Write every prediction to this .csv file.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.figures import check_folder, write_figures
    from superscope.cli.outputs import check_table
    from superscope.cli.terminal import progress_bar
    from superscope.forecasts import roll_out as roll
    from superscope.laws import load_table
    from superscope.tables import write_table

    check_table(out, (".csv",))
    check_folder(figures)
    with progress_bar() as progress:
        rolled = roll(
            load_table(
                table, data_dir, separator=options.separator, decimal=options.decimal
            ), law, options, progress=progress,
        )  # fmt: skip
    write_figures(figures, "forecasts", lambda room: [room.roll_out_errors(rolled)])
    print(rolled)
    if out is not None:
        write_table(rolled.to_frame(), out)
