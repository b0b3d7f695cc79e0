"""``superscope plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from superscope.forecasts import PlanOptions


def plan(
    law: Annotated[Path, Parameter(name="LAW")],
    *,
    compute: float,
    options: Annotated[PlanOptions, Parameter(name="*")] = PlanOptions(),  # noqa: B008  (frozen)
    json: Annotated[bool, Parameter(negative="")] = False,
    report: Path | None = None,
    figures: Path | None = None,
) -> None:
    """Spend a compute budget: the width, depth and tokens with the least loss.

    Parameters
    ----------
    law
        File that superscope fit --out wrote: a law shape or chinchilla.
    compute
        Compute budget C = 6 N D, in floating-point operations.
    json
        Print one line of JSON instead.
    report
        Write a self-contained HTML report of law and plan to this file.
    figures
        Write the figures to this folder, each as PNG, PDF and SVG.
    """
    from superscope.cli.figures import check_folder
    from superscope.cli.outputs import check_page
    from superscope.cli.written import read_law
    from superscope.forecasts import plan as plan_budget

    check_page(report)
    check_folder(figures)
    fitted = read_law(law)
    planned = plan_budget(fitted, compute, options)
    if report is not None:
        from superscope.report import write_law_report

        write_law_report(fitted, report, plan=planned)
    if figures is not None:
        from superscope.report import write_law_figures

        write_law_figures(fitted, figures, plan=planned)
    print(planned.to_json() if json else planned)
