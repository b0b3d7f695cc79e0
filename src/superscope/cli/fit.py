"""``superscope fit``."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from superscope.errors import UsageError
from superscope.laws.options import FitOptions

if TYPE_CHECKING:
    import pandas as pd


def fit(
    table: Annotated[str, Parameter(name="TABLE")],
    *,
    law: Literal["power", "width", "chinchilla", "shape", "time"],
    by: str | None = None,
    options: Annotated[FitOptions, Parameter(name="*")] = FitOptions(),  # noqa: B008  (frozen)
    data_dir: Path | None = None,
    sensitivity: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
    out: Path | None = None,
    report: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Fit a scaling law and say first whether the data identify it.

    Parameters
    ----------
    table
        A .csv, .parquet or .jsonl file, or a public table: published-llms, chinchilla-shapes,
        gemstones.
    law
        power, L = A x^-alpha + B; width, a floor per family and data set; chinchilla, of
        parameters and tokens; shape, of width, depth and tokens; time.
    by
        Fit the rows of each value of this column separately, such as each family, and compare the
        exponents.
    data_dir
        Folder that holds the public tables, for machines without a network.
    sensitivity
        Also print the exponents with other points excluded.
    json
        Print the parameters, verdict, findings and facts as JSON.
    out
        Write the law to this .json file, which forecast and plan read.
    report
        Write a self-contained HTML report to this file.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.atomic import check_writable, write_file
    from superscope.cli.figures import check_folder
    from superscope.cli.terminal import progress_bar
    from superscope.laws import fit as fit_law
    from superscope.laws import load_table
    from superscope.laws.summary import law_summary, refit_header, refit_rows
    from superscope.text import columns

    single = out is not None or report is not None or figures is not None or sensitivity
    if by is not None and single:
        raise UsageError(
            "--by fits several laws, but --out, --report, --figures and --sensitivity need a "
            "single one; leave out --by or these"
        )
    for file in (out, report):
        if file is not None:
            check_writable(file)
    check_folder(figures)
    read = load_table(table, data_dir, separator=options.separator, decimal=options.decimal)
    if by is not None:
        _fit_by(read, law, by, options, json=json)
        return
    with progress_bar() as progress:
        fitted = fit_law(read, law, options, progress=progress)
    if out is not None:
        write_file(out, fitted.to_json())
    if report is not None:
        from superscope.report import write_law_report

        write_law_report(fitted, report)
    if figures is not None:
        from superscope.report import write_law_figures

        write_law_figures(fitted, figures)
    if json:
        print(dumps(law_summary(fitted), allow_nan=False))
    else:
        print(fitted)
        if sensitivity:
            print("", *columns(refit_header(fitted), refit_rows(fitted)), sep="\n")


def _fit_by(table: pd.DataFrame, law: str, by: str, options: FitOptions, *, json: bool) -> None:
    """Print one law for each value of a column, and whether their exponents differ."""
    from superscope.cli.terminal import progress_bar
    from superscope.laws import fit_by
    from superscope.laws.summary import groups_summary

    with progress_bar() as progress:
        found = fit_by(table, law, by, options, progress=progress)
    print(dumps(groups_summary(found), allow_nan=False) if json else found)
