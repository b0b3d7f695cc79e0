"""The laws of a study: overlap and loss fitted against width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superscope.errors import SuperscopeError
from superscope.laws import Law, fit
from superscope.study.result import StudyLaws
from superscope.text import counted

if TYPE_CHECKING:
    import pandas as pd

LEAST_WIDTHS = 3  # different widths before a law is tried


def fit_laws(table: pd.DataFrame) -> StudyLaws:
    """Fit overlap and loss against width.

    Parameters
    ----------
    table
        Of observations; rows without an overlap or a loss do not count for that law.

    Returns
    -------
    StudyLaws
        The laws, or why there are none.
    """
    missing: dict[str, str] = {}

    def law(name: str, column: str) -> Law | None:
        rows = table[table[column].notna() & table["width"].notna()]
        widths = rows["width"].nunique()
        if widths < LEAST_WIDTHS:
            count = counted(widths, "different width")
            missing[name] = f"{count}; a law takes {LEAST_WIDTHS} or more"
            return None
        try:
            if name == "loss":
                if rows["family"].notna().any():  # a floor for each family, and one for the others
                    rows = rows.assign(family=rows["family"].fillna("no family"))
                return fit(rows, "width", resample="row", progress=None)
            # In logarithms: an overlap of a narrow model must not outweigh all others.
            return fit(
                rows, "power", x="width", columns={"loss": column}, fix={"B": 0.0},
                resample="row", progress=None,
            )  # fmt: skip
        except SuperscopeError as error:
            missing[name] = str(error)
            return None

    return StudyLaws(
        overlap=law("overlap", "mean_square_overlap"),
        overlap_centered=law("overlap_centered", "mean_square_overlap_centered"),
        loss=law("loss", "loss"),
        missing=missing,
    )
