"""The page of a reading's budget, or of many: one HTML file without a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from superscope._version import __version__
from superscope.arguments import checked
from superscope.atomic import write_file
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.lens._budget import budget_drawing
from superscope.figures.lens._budgets import budgets_drawing
from superscope.lens import ReadingBudget, ReadingBudgets
from superscope.report.files import encoded, template
from superscope.report.geometry.page import shown_drawing
from superscope.text import as_text, counted, fixed, named, number, percent, token_name, visible

MOST = 1000  # directions on a page, those that are read worst


@dataclass(frozen=True)
class _Rows:
    """The table of a page."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    more: str = ""


@checked
def write_budget_report(result: ReadingBudget | ReadingBudgets, path: Path) -> None:
    """Write the budget of a reading, or of many, as one self-contained HTML file.

    Parameters
    ----------
    result
        What :func:`superscope.budget` or :func:`superscope.budgets` returned.
    path
        File to write. It appears whole or not at all.

    Raises
    ------
    UsageError
        The file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import superscope
    >>> from superscope.report import write_budget_report
    >>> rows = np.random.default_rng(0).standard_normal((100, 10))
    >>> write_budget_report(superscope.budget(3, rows), Path("budget.html"))
    """
    if isinstance(result, ReadingBudget):
        what, figure, table = result.direction, budget_drawing(result), _contributors(result)
    else:
        what = counted(len(result.ids), "direction")
        figure, table = budgets_drawing(result), _directions(result)
    question = f"How well can {visible(what, quote='')} be read in {named(result.dictionary)}?"
    page = template("budget.html").render(
        title=f"budget of {visible(what, quote='')}",
        question=question,
        figure=shown_drawing(figure),
        text=as_text(result),
        rows_title=table.title,
        columns=table.columns,
        rows=table.rows,
        more=table.more,
        version=__version__,
        light=LIGHT,
        dark=DARK,
    )
    write_file(path, encoded(page))


def _contributors(b: ReadingBudget) -> _Rows:
    return _Rows(
        "What disturbs most",
        ("direction", "c", "rate", "of the interference"),
        [
            (token_name(c.id, c.text), fixed(c.overlap, 3), number(c.rate, 3), percent(c.share))
            for c in b.contributors
        ],
    )


def _directions(b: ReadingBudgets) -> _Rows:
    frame = b.to_frame().sort_values("d_prime", kind="stable")[:MOST]
    left = len(b.ids) - len(frame)
    rows = [
        (
            row["direction"], number(row["interference"], 3), number(row["random_interference"], 3),
            number(row["d_prime"], 3), fixed(row["auc"], 3), fixed(row["auc_gaussian"], 3),
            row["verdict"],
        )
        for row in frame.to_dict("records")
    ]  # fmt: skip
    return _Rows(
        "Each direction, the worst first",
        ("direction", "interference", "among random", "d′", "AUC", "AUC, Gaussian", "than random"),
        rows,
        f"{left:,} more are left out here; the table has all." if left else "",
    )
