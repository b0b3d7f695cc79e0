"""Which columns of a table give points a floor of their own, and which a law pools."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from superscope.errors import UsageError
from superscope.laws.formula import Form
from superscope.laws.options import FitOptions
from superscope.laws.rows import known, rows_named
from superscope.laws.rules import OWN_FLOOR
from superscope.laws.status import Finding, FitStatus
from superscope.text import named

PROVENANCE = ("source", "revision")  # say where a row is from, not what was measured


def grouping(frame: pd.DataFrame, form: Form, options: FitOptions) -> tuple[str, ...]:
    """Return the columns that make groups: as asked, or family and dataset where they differ.

    Raises
    ------
    UsageError
        No such column, or a default one that is absent in some rows.
    """
    if options.group == ("none",):
        return ()
    if options.group is not None:
        return tuple(known(frame, name, "group") for name in options.group)
    own = [c for c in OWN_FLOOR if c in frame and c not in form.columns and frame[c].notna().any()]
    if form.name != "width":  # whose groups are always named
        own = [c for c in own if frame[c].nunique(dropna=False) > 1]
    for name in own:
        absent = frame[name].isna()
        if absent.any():
            rows = rows_named(frame, absent.to_numpy(np.bool_))
            raise UsageError(
                f"{name} is absent in {rows}, and each has a floor of its own; fill it in, or "
                "choose other columns for group (none: one floor for all)"
            )
    return tuple(own)


def pooled(
    frame: pd.DataFrame, form: Form, options: FitOptions, groups: Sequence[str], unit: str
) -> tuple[Finding, ...]:
    """Return a finding for each column whose values a law pools with nothing to tell them apart.

    What tells values apart is an input that is constant within each, such as a model's width.
    """
    asked = options.group == ("none",)
    inputs = list(form.columns)
    found = []
    for name in map(str, frame.columns):
        if name in (*groups, *inputs, "loss", "loss_se", *PROVENANCE):
            continue
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column) or column.isna().all():
            continue
        words = column.astype("string").fillna("(absent)")
        values = words.nunique()
        if not 1 < values <= len(frame) / 2:
            continue
        if groups and _determined(words, frame, groups):
            continue
        if any((frame[c].groupby(words).nunique() == 1).all() for c in inputs):
            continue
        text, way_out = _said(name, words, values, unit), FitStatus.POOLED.remedy
        if asked:
            text += ", as asked: whether they differ was not tested"
        if name == unit:
            way_out = way_out.partition(";")[0]  # its values are resampled whole already
        found.append(Finding(FitStatus.POOLED, name, text, way_out))
    return tuple(found)


def _determined(words: pd.Series, frame: pd.DataFrame, columns: Sequence[str]) -> bool:
    """Whether rows alike in these columns are alike in the words."""
    return bool((words.groupby([frame[c] for c in columns], dropna=False).nunique() == 1).all())


def _said(name: str, words: pd.Series, values: int, unit: str) -> str:
    such = ", ".join(named(value, 40) for value in words.drop_duplicates()[:3])
    how = f"; resamples are of whole values of {name}" if name == unit else ""
    return (
        f"{named(name)} has {values:,} values (such as {such}) that share one law and one "
        f"floor{how}"
    )
