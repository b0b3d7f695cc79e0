"""From a table to the points a law is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from superscope.errors import UsageError
from superscope.laws.exclusion import Excluded, drop_highest, exclude, group_rows, unmatched
from superscope.laws.formula import Form
from superscope.laws.options import FitOptions
from superscope.laws.pooling import grouping, pooled
from superscope.laws.rows import known, listed, rows_named
from superscope.laws.rules import OWN_FLOOR
from superscope.laws.status import Finding, FitStatus
from superscope.laws.table_columns import numeric_columns, renamed
from superscope.text import counted

APART = 3e4  # numbers further apart than this, with nothing between, are of two units
GAP, UNITS = 100.0, (1e6, 1e9)  # or less far, if one side times such a factor falls on the other
SMALLEST, LARGEST = 1e-100, 1e100  # powers of numbers beyond these overflow
NAMES = ("model", "run", "revision", "dataset")  # columns that name a point


@dataclass(frozen=True)
class Points:
    """What a law is fitted to: one row a point.

    Attributes
    ----------
    inputs
        The terms' inputs, offsets subtracted; shape (n, k).
    loss, weights
        Shape (n,); weights have the mean 1.
    group, groups
        Each point's group, shape (n,), and the groups' labels (one, empty, without groups).
    unit, units
        Each point's resampling unit, shape (n,), and what the units are: a column, or ``row``.
    unit_names
        The unit's value of each point; empty where units are rows.
    rows, labels
        Each point's row in the table, counted from 1, and its name.
    features
        Most features (vocabulary) among the points; 0 if not known.
    loss_se
        Stated standard errors of the losses, shape (n,); (0,) where the table states none.
    """

    inputs: npt.NDArray[np.float64]
    loss: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    group: npt.NDArray[np.int64]
    groups: tuple[str, ...]
    unit: npt.NDArray[np.int64]
    units: str
    unit_names: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    labels: tuple[str, ...]
    features: int
    loss_se: npt.NDArray[np.float64]

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.loss)

    @property
    def unit_count(self) -> int:
        """How many units there are to resample."""
        return int(self.unit.max()) + 1

    @property
    def independent(self) -> bool:
        """Whether each point is a unit of its own."""
        return self.unit_count == len(self)


@dataclass(frozen=True)
class Selection:
    """A table's points and what was left out.

    Attributes
    ----------
    points
        What is fitted.
    grouped_by
        The columns that made the groups.
    excluded
        What each rule left out.
    findings
        What looks wrong about the numbers' units, and which columns the law pools.
    notes
        How numbers were read that are not written plainly.
    """

    points: Points
    grouped_by: tuple[str, ...]
    excluded: tuple[Excluded, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def check_column(frame: pd.DataFrame, form: Form, name: str) -> None:
    """Raise UsageError if a table lacks a column that a law needs."""
    try:
        known(frame, name, f"the law {form.name} needs the column {name}")
    except UsageError as error:
        raise UsageError(f"{error}; name yours with columns={{'{name}': 'YOURS'}}") from None


def select(table: pd.DataFrame, form: Form, options: FitOptions) -> Selection:
    """Return the points of a table that a law is fitted to; its index counts its rows from 0.

    Raises
    ------
    UsageError
        A column that the table lacks, numbers that no law can take (with their rows), or nothing
        left after exclusion.
    """
    if table.empty:
        raise UsageError("the table has no rows")
    frame = renamed(table, options)
    needed = ["loss", *form.columns]
    if options.weights == "loss_se":
        needed.append("loss_se")
    for name in needed:
        check_column(frame, form, name)
    frame, notes = numeric_columns(frame, needed, options.decimal)
    kinds = (*OWN_FLOOR, *(options.group or ()))
    kept, excluded = exclude(frame, options.exclude, options.where, kinds)
    notes = (*notes, *unmatched(frame, (*options.where, *options.exclude)))
    for name in needed:
        _refuse(frame[name], kept, name)
    groups = grouping(frame[kept], form, options)
    if options.drop_highest:
        kept, highest = drop_highest(frame, kept, options.drop_highest, groups)
        excluded = (*excluded, highest)
    for term in form.terms:
        low = frame[term.column].to_numpy(np.float64, na_value=np.nan) <= term.offset
        if (low & kept).any():
            where = rows_named(frame, low & kept)
            raise UsageError(f"{term.column} must be above the offset {term.offset:g} in {where}")
    frame = frame[kept]
    unit, units = _units(frame, options.resample)
    by_label = group_rows(frame, groups)
    group = np.empty(len(frame), np.int64)
    for i, rows in enumerate(by_label.values()):
        group[rows] = i
    return Selection(
        Points(
            np.column_stack(
                [frame[t.column].to_numpy(np.float64) - t.offset for t in form.terms]
            ),
            frame["loss"].to_numpy(np.float64, copy=True), _weights(frame, options, form), group,
            tuple(by_label), unit, units,
            () if units == "row" else tuple(frame[units].astype("string").fillna("absent")),
            frame.index.to_numpy(np.int64) + 1, _labels(frame), _features(frame),
            _stated_errors(frame, options),
        ),
        groups, excluded,
        (
            *_copies(frame), *_units_in_doubt(frame, form),
            *pooled(frame, form, options, groups, units),
        ),
        notes,
    )  # fmt: skip


def _copies(frame: pd.DataFrame) -> tuple[Finding, ...]:
    """Return a finding on rows that repeat another one, as where a table was joined with itself."""
    again = frame[frame["loss"].duplicated(keep=False)]  # few, while texts of all rows take long
    count = int(again.astype(str).duplicated().sum())
    if not count:
        return ()
    repeat = counted(count, "row repeats", "rows repeat")
    counts = "counts as a point" if count == 1 else "count as points"
    own = "its" if count == 1 else "their"
    text = (
        f"{repeat} an earlier one in every column and {counts} of {own} own: if copies, all errors "
        "are too small"
    )
    return (Finding(FitStatus.REPEATED, "", text),)


def _refuse(values: pd.Series, kept: npt.NDArray[np.bool_], name: str) -> None:
    """Raise UsageError for numbers no law can take among the rows kept."""
    if isinstance(values.dtype, np.dtype):
        plain = values.to_numpy(np.float64)
    else:  # nullable: a missing value is not NaN
        plain = values.to_numpy(np.float64, na_value=1.0)
        absent = values.isna().to_numpy(np.bool_) & kept
        if absent.any():
            raise UsageError(
                f"{name} is absent in {rows_named(values, absent)}; fill it in, or leave the rows "
                f'out by exclude="{name} == absent"'
            )
    wrong = kept & ~((plain > SMALLEST) & (plain < LARGEST))
    if wrong.any():
        what = ", ".join(f"{v:g}" for v in plain[wrong][:3])
        more = ", …" if wrong.sum() > 3 else ""
        kinds = dict.fromkeys(f"<= {0:g}" if v <= SMALLEST else f"== {v:g}" for v in plain[wrong])
        rules = " and ".join(f'exclude="{name} {kind}"' for kind in list(kinds)[:3])
        raise UsageError(
            f"{name} must be positive and finite; it is {what}{more} in "
            f"{rows_named(values, wrong)}. Leave such rows out by {rules}"
        )


def _units(frame: pd.DataFrame, wanted: str | None) -> tuple[npt.NDArray[np.int64], str]:
    """Return each row's resampling unit, and the column it is from."""
    if wanted is None:
        wanted = "row"
        for name in ("run", "model"):
            if name in frame and frame[name].notna().all() and frame[name].nunique() > 1:
                # Where each row has its own, rows are the units already.
                wanted = name if frame[name].duplicated().any() else "row"
                break
    if wanted == "row":
        return np.arange(len(frame)), "row"
    known(frame, wanted, "resample")
    return pd.factorize(frame[wanted], use_na_sentinel=False)[0].astype(np.int64), wanted


def _weights(frame: pd.DataFrame, options: FitOptions, form: Form) -> npt.NDArray[np.float64]:
    if options.weights == "none":
        return np.ones(len(frame))
    error = frame["loss_se"].to_numpy(np.float64)
    if form.residual == "log":
        error = error / frame["loss"].to_numpy(np.float64)
    weights = 1 / np.square(error)
    return np.asarray(weights / weights.mean(), np.float64)


def _stated_errors(frame: pd.DataFrame, options: FitOptions) -> npt.NDArray[np.float64]:
    """Return the standard errors of the losses; none unless every one is positive and finite."""
    other = "loss" in options.columns and "loss_se" not in options.columns
    if other or "loss_se" not in frame or not pd.api.types.is_numeric_dtype(frame["loss_se"]):
        return np.empty(0)  # of another quantity, or absent
    errors = frame["loss_se"].to_numpy(np.float64, copy=True, na_value=np.nan)
    return errors if np.isfinite(errors).all() and (errors > 0).all() else np.empty(0)


def _labels(frame: pd.DataFrame) -> tuple[str, ...]:
    parts = [frame[c].astype("string") for c in NAMES if c in frame and frame[c].notna().all()]
    parts = [p for p in parts if p.nunique() > 1]
    rows = [f"row {i + 1}" for i in frame.index]
    if not parts:
        return tuple(rows)
    names = parts[0]
    for part in parts[1:]:
        names = names + " on " + part
    repeated = names.duplicated(keep=False)
    return tuple(
        f"{name} ({row})" if twice else str(name)
        for name, row, twice in zip(names, rows, repeated, strict=True)
    )


def _features(frame: pd.DataFrame) -> int:
    if "features" not in frame or not pd.api.types.is_numeric_dtype(frame["features"]):
        return 0
    most = frame["features"].astype("Float64").max()
    return int(most) if pd.notna(most) and 0 < most < LARGEST else 0


def _units_in_doubt(frame: pd.DataFrame, form: Form) -> tuple[Finding, ...]:
    """Return what looks like thousands, millions or billions among plain counts."""
    found = []
    for name in form.columns:
        order = frame[name].astype(np.float64).sort_values()
        ratio = order.to_numpy()[1:] / order.to_numpy()[:-1]
        if not len(ratio) or ratio.max() <= GAP:
            continue
        at = int(ratio.argmax()) + 1
        low, high = order.iloc[:at], order.iloc[at:]
        moved = [low.median() * unit for unit in UNITS]
        if ratio.max() > APART or any(high.min() / 10 < m < high.max() * 10 for m in moved):
            few = low if len(low) < len(high) else high
            found.append(
                f"{name} jumps from {low.iloc[-1]:.4g} to {high.iloc[0]:.4g}, with nothing "
                f"between: {listed(sorted(int(i) + 1 for i in few.index))} may be in another unit"
            )
    known_columns = {
        c for c in ("width", "depth", "parameters", "tokens")
        if c in frame and pd.api.types.is_numeric_dtype(frame[c]) and frame[c].notna().all()
    }  # fmt: skip

    def compare(above: str, below: str, ratio: pd.Series, low: float, high: float) -> None:
        middle = float(ratio.astype(np.float64).median())
        if not low < middle < high:
            found.append(f"{above} are {middle:.2g} times {below}: one may be in another unit")

    if {"parameters", "tokens"} <= known_columns:
        compare("tokens", "parameters", frame["tokens"] / frame["parameters"], 1e-3, 1e6)
    if {"parameters", "width", "depth"} <= known_columns:
        body = 12 * frame["depth"] * frame["width"] * frame["width"]
        compare("parameters", "12 depth width²", frame["parameters"] / body, 1e-3, 1e4)
    return tuple(Finding(FitStatus.UNITS, text.partition(" ")[0], text) for text in found)
