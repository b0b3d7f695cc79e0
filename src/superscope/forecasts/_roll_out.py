"""Which law forecasts best: fit the small models, predict the large ones, and compare."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.forecasts._forecast import forecast_at
from superscope.forecasts.rivals import RIVALS, like_form, rival_forecasts
from superscope.forecasts.variants import Variant, named_variants
from superscope.laws import Estimate, FitOptions, Law, check_form, fit, load_table
from superscope.laws.exclusion import group_rows
from superscope.laws.intervals import NORMAL
from superscope.laws.options import RollOutOptions
from superscope.laws.points import check_column, select
from superscope.laws.rows import known, numbered
from superscope.laws.table_columns import numeric_columns, renamed
from superscope.options import changed, taking
from superscope.plotting import Pictured
from superscope.progress import ProgressChoice, chosen
from superscope.result import Result
from superscope.text import counted


@dataclass(frozen=True)
class Prediction:
    """A held-out point and what a law fitted without it says.

    Attributes
    ----------
    variant, group, label
        How it was fitted, and which point it is.
    held_out
        How many of the group's largest models were.
    points
        How many points of the group were fitted.
    loss, predicted
        Measured and forecast.
    low, high
        The forecast's 95 % interval, with bends that the points do not exclude; None where there
        is none.
    refused
        Why the law's form does not hold for the points it was fitted to, which then says nothing
        of larger models; empty where it may, or for a rival, which is not tested.
    """

    variant: str
    group: str
    label: str
    held_out: int
    points: int
    loss: float
    predicted: float
    low: float | None
    high: float | None
    refused: str = ""

    @property
    def error(self) -> float:
        """Predicted minus measured loss."""
        return self.predicted - self.loss

    @property
    def covered(self) -> bool | None:
        """Whether the interval holds the measured loss; None without an interval."""
        if self.low is None or self.high is None:
            return None
        return self.low <= self.loss <= self.high


@dataclass(frozen=True)
class RollOut(Result, Pictured):
    """How well laws fitted to the small models predict the large ones.

    Attributes
    ----------
    size
        The column by which models are small or large.
    predictions
        Every held-out point under every variant.
    impossible
        Variant, group and reason of what could not be fitted.
    notes
        How the table was read, and rules that match no row.
    """

    size: str
    predictions: tuple[Prediction, ...]
    impossible: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return the predictions, one row each."""
        names = ("variant", "group", "label", "held_out", "points", "loss", "predicted", "low",
                 "high", "error", "covered", "refused")  # fmt: skip
        return pd.DataFrame([{n: getattr(p, n) for n in names} for p in self.predictions])

    def summary(self) -> pd.DataFrame:
        """Return one row for each variant and number held out.

        Only points that every variant predicts are compared; the errors are in units of loss.
        `refused` counts predictions of laws whose form does not hold.
        """
        table = self.to_frame()
        if table.empty:
            return table
        variants = table.groupby("held_out")["variant"].transform("nunique")
        seen = table.groupby(["held_out", "group", "label"])["variant"].transform("nunique")
        common = table[seen == variants]
        rows = []
        for (held_out, variant), own in table.groupby(["held_out", "variant"], sort=False):
            both = common[(common.held_out == held_out) & (common.variant == variant)]
            told = own["covered"].dropna()
            rows.append({
                "held_out": held_out, "variant": variant, "predictions": len(own),
                "mean_absolute_error": own["error"].abs().mean(), "mean_error": own["error"].mean(),
                "common": len(both), "common_mean_absolute_error": both["error"].abs().mean(),
                "intervals": len(told), "covered": told.astype(float).mean(),
                "median_interval": (own["high"] - own["low"]).median(),
                "refused": int((own["refused"] != "").sum()),
            })  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def best(self) -> dict[int, str]:
        """The variant with the least mean absolute error, by number held out."""
        summary = self.summary().dropna(subset=["common_mean_absolute_error"])
        least: dict[int, tuple[float, str]] = {}
        for row in summary.to_dict("records"):
            entry = (float(row["common_mean_absolute_error"]), str(row["variant"]))
            held_out = int(row["held_out"])
            least[held_out] = min(entry, least.get(held_out, entry))
        return {held_out: variant for held_out, (_, variant) in least.items()}

    def __repr__(self) -> str:
        """Return how much was predicted, in one line."""
        variants = len({p.variant for p in self.predictions})
        predicted = counted(len(self.predictions), "prediction")
        return f"RollOut({predicted} by {counted(variants, 'variant')} of laws)"


def largest(count: int) -> str:
    """Return what is held out, in words."""
    return "largest model" if count == 1 else f"{count} largest models"


@taking(RollOutOptions)
@checked
def roll_out(
    table: pd.DataFrame | Path | str,
    variants: Sequence[Variant | str] | str,
    options: RollOutOptions = RollOutOptions(),  # noqa: B008  (frozen)
    *,
    progress: ProgressChoice = "auto",
    **changes: Any,
) -> RollOut:
    """Fit the small models of every group, and predict the larger ones.

    Parameters
    ----------
    table
        As for :func:`superscope.laws.fit`.
    variants
        Ways to fit; they may be of different laws. A law's name stands for that law fitted to all
        groups together; ``"width"`` alone for :data:`WIDTH_VARIANTS`; ``"coupled"`` and
        ``"broken"`` for rivals of chinchilla and power, fitted to each group by itself.
    options
        Common to all variants; the keywords change them. Groups are held out one by one.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("roll-out", done, total)``.
    **changes
        Options, by name.

    Returns
    -------
    RollOut
        The errors of every variant on the models that were held out.

    Raises
    ------
    UsageError
        No variants, or a table that cannot be fitted.

    Examples
    --------
    >>> from superscope.forecasts import roll_out
    >>> from superscope.laws import simulate
    >>> table = simulate("shape", seed=2).head(100)
    >>> roll_out(table, ["power", "shape"], x="width", resamples=0, hold_out=(5,)).best
    {5: 'shape'}
    """
    settings = changed(options, changes, "roll_out")
    variants = named_variants(variants)
    if not variants:
        raise UsageError("a roll-out needs variants; name a law, or several")
    base = settings.of_fit()
    loaded = load_table(table, separator=base.separator, decimal=base.decimal)
    frame = renamed(numbered(loaded), base)
    first = like_form(variants[0].law, _options_of(variants[0].law, base))
    by = settings.size or first.columns[0]
    if settings.size is None:
        check_column(frame, first, by)
    else:
        known(frame, settings.size, f"size={settings.size!r}")
    frame, _ = numeric_columns(frame, (by,), base.decimal)
    selection = select(frame, first, base)
    kept = frame.iloc[selection.points.rows - 1].reset_index(drop=True)
    kept = kept.assign(point=selection.points.labels)
    split = Split(kept, selection.grouped_by, by)
    # What a rule left out is gone; the columns have their names here.
    base = base.changed(
        {"columns": {}, "where": (), "exclude": (), "drop_highest": 0, "wide": None}
    )
    predictions: list[Prediction] = []
    impossible: list[tuple[str, str, str]] = []
    work = [(variant, count) for count in settings.hold_out for variant in variants]
    with chosen(progress) as report:
        for done, (variant, count) in enumerate(work):
            report("roll-out", done, len(work))
            for made in _predicted(split, variant, base, count):
                if isinstance(made, Prediction):
                    predictions.append(made)
                else:
                    impossible.append(made)
        report("roll-out", len(work), len(work))
    return RollOut(by, tuple(predictions), tuple(dict.fromkeys(impossible)), selection.notes)


@dataclass(frozen=True)
class Split:
    """A table whose groups are divided into small and large models.

    Attributes
    ----------
    frame
        The table, its points' names in the column ``point``.
    grouped_by
        Columns that make the groups.
    size
        Column of the models' size.
    """

    frame: pd.DataFrame
    grouped_by: tuple[str, ...]
    size: str

    def groups(self, held_out: int) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
        """Return the small and the large models of each group, by its label."""
        result = {}
        for label, rows in group_rows(self.frame, self.grouped_by).items():
            group = self.frame.iloc[rows]
            sizes = np.sort(group[self.size].astype(np.float64).unique())
            large = group[self.size].astype(np.float64) >= sizes[-held_out:][0]
            result[label] = group[~large], group[large]
        return result


def _options_of(law: str, options: FitOptions) -> FitOptions:
    """Return the options without what belongs to another law."""
    return options.changed(
        {
            "x": options.x if law in ("power", "time", "broken") else None,
            "depth_offset": options.depth_offset if law == "shape" else 0.0,
        }
    )


def _predicted(
    split: Split, variant: Variant, base: FitOptions, held_out: int
) -> Iterator[Prediction | tuple[str, str, str]]:
    """Yield each held-out point's prediction, or why a group has none."""
    groups = split.groups(held_out)
    small = [train for train, _ in groups.values() if len(train)]
    if not small:
        yield variant.name, "every group", "no smaller models are left"
        return
    together = pd.concat(small)
    options = _options_of(variant.law, base).changed(dict(variant.changes))
    grouped = {"group": split.grouped_by or ("none",)}
    pooled = None
    if (variant.pooled or variant.shared) and variant.law not in RIVALS:
        try:
            pooled = fit(together, variant.law, options.changed(grouped), progress=None)
        except UsageError as error:
            yield variant.name, "every group", str(error)
            return
    pooled = None if pooled is None else _tested(pooled)
    held = [options]
    if variant.shared and pooled is not None:
        held = [_held(options, pooled, variant.shared, errors) for errors in (0, 1, -1)]
    for label, (train, test) in groups.items():
        try:
            if variant.law in RIVALS:
                for point, loss, said in rival_forecasts(variant.law, train, test, options):
                    yield Prediction(
                        variant.name, label, point, held_out, len(train), loss,
                        said.value, said.low, said.high,
                    )  # fmt: skip
                continue
            if pooled is not None and variant.pooled:
                law, floor = pooled, label
            else:
                law, floor = _alone(train, variant, held[0]), None
            moved = [_alone(train, variant, other) for other in held[1:]]
            if law.degrees_of_freedom < 1:
                raise UsageError(f"{len(law.points)} points for as many parameters")
            law = law if law is pooled else _tested(law)
            for point, loss, said in _forecasts(law, floor, test, moved):
                yield Prediction(
                    variant.name, label, point, held_out, len(train), loss,
                    said.value, said.low, said.high, law.refused,
                )  # fmt: skip
        except UsageError as error:
            where = f"{label or 'the table'} without its {largest(held_out)}"
            yield variant.name, where, str(error)


def _tested(law: Law) -> Law:
    """Return a law with the test of its form, which forecasts ask for, and without a judge."""
    return replace(law, form_test=check_form(law))


def _alone(table: pd.DataFrame, variant: Variant, options: FitOptions) -> Law:
    """Return the fit of one group's models, with a floor for all."""
    return fit(table, variant.law, options.changed({"group": ("none",)}), progress=None)


def _held(options: FitOptions, pooled: Law, shared: Sequence[str], errors: int) -> FitOptions:
    """Return options that hold exponents at the pooled fit's, so many standard errors away."""
    values = {
        name: max(0.0, pooled.parameters[name] + errors * (pooled.standard_errors[name] or 0.0))
        for name in shared
    }
    return options.changed({"fix": {**options.fix, **values}})


def _forecasts(
    law: Law, floor: str | None, test: pd.DataFrame, moved: Sequence[Law]
) -> Iterator[tuple[str, float, Estimate]]:
    """Yield each point's name, its loss, and the loss the law forecasts.

    moved: the law with the exponents it shares a standard error higher, and lower; their forecasts
    widen its interval.
    """
    for row in test.to_dict("records"):
        inputs = {column: float(row[column]) for column in law.form.columns}
        said = forecast_at(law, inputs, floor).loss
        if moved and said.low is not None and said.high is not None:
            high, low = (forecast_at(other, inputs, floor).loss.value for other in moved)
            shared = NORMAL * (high - low) / 2
            said = Estimate(
                said.value,
                said.value - math.hypot(said.value - said.low, shared),
                said.value + math.hypot(said.high - said.value, shared),
            )
        yield str(row["point"]), float(row["loss"]), said
