"""Forecasts, plans and roll-outs in words and columns, for a terminal and for the report."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from superscope.forecasts._forecast import Forecast
from superscope.forecasts._plan import Plan
from superscope.forecasts._roll_out import RollOut, largest
from superscope.laws import Estimate
from superscope.text import advice, as_text, columns, counted, number, rounded, shown_lines

INPUTS = "", "best", "95 % interval", "costs < 1 %", "change if doubled alone", "grows as C^"


def input_rows(plan: Plan) -> list[tuple[str, ...]]:
    """Return a row for each input: its best value, how well that is known, what it tolerates."""
    rows: list[tuple[str, ...]] = []
    for name, best in plan.ranges.items():
        tolerance, change = plan.tolerances.get(name), plan.returns.get(name)
        rows.append(
            (
                name,
                rounded(best.value),
                interval(best),
                "" if tolerance is None else _ends(tolerance.low, tolerance.high, "any"),
                "" if change is None else str(change),
                f"{plan.exponents[name]:.3f}",
            )
        )
    return rows


def sentences(plan: Plan) -> list[str]:
    """Return what a plan comes to, a sentence each."""
    best, even = plan.best, plan.rounded
    said = [
        f"With {rounded(best.compute)} operations (6 N D) one new model has a loss of "
        f"{plan.new_model}; the law alone says {best.loss}.",
        f"Twice the compute, spent in the best way, changes the loss by {plan.returns['compute']}.",
    ]
    if even is not None:
        percent = 100 * (even.loss.value / best.loss.value - 1)
        said.append(
            f"In round numbers: width {rounded(even.width)}, depth {rounded(even.depth)} and "
            f"{rounded(even.tokens)} tokens. They cost {percent:.2g} % more loss than the best."
        )
    if plan.vocabulary:
        counts = _TIED if plan.tied else _UNTIED
        said.append(f"N includes {counts} for {plan.vocabulary:,} tokens.")
    elif best.width is not None:
        said.append("N counts the layers alone. A vocabulary adds the embedding and the head.")
    return said


_TIED = "one matrix, which is both embedding and head,"
_UNTIED = "the embedding and the head, a matrix each,"


def frontier_header(plan: Plan) -> tuple[str, ...]:
    """Return the names of the columns of :func:`frontier_rows`."""
    return "compute", *plan.ranges, "loss", "95 % interval"


def frontier_rows(plan: Plan) -> list[tuple[str, ...]]:
    """Return a row for each budget."""
    return [
        (
            rounded(a.compute),
            *(rounded(getattr(a, name)) for name in plan.ranges),
            rounded(a.loss.value),
            interval(a.loss),
        )
        for a in plan.frontier
    ]


@as_text.register
def plan_text(plan: Plan) -> str:
    """Return the doubts, the allocation, what it tolerates and the frontier."""
    lines = [*_warnings(plan), *sentences(plan), "", *columns(INPUTS, input_rows(plan))]
    return shown_lines([*lines, "", *columns(frontier_header(plan), frontier_rows(plan))])


def interval(estimate: Estimate) -> str:
    """Return an estimate's interval; a dash for none."""
    if estimate.low is None or estimate.high is None:
        return "–"
    return _ends(estimate.low, estimate.high, "–")


def _ends(low: float | None, high: float | None, absent: str) -> str:
    return " to ".join(absent if end is None else rounded(end) for end in (low, high))


@as_text.register
def forecast_text(forecast: Forecast) -> str:
    """Return a refusal, the doubts, the loss, its parts and what doubling buys."""
    where = [f"{name} {rounded(value)}" for name, value in forecast.inputs.items()]
    lines = [
        *_warnings(forecast),
        ", ".join([*where, forecast.group] if forecast.group else where),
        f"loss       {forecast.loss}, one new model, 95 %",
        *_unbent(forecast),
        f"expected   {forecast.expected}, the law alone",
        f"data       {_beyond(forecast)}",
        f"distance   {_distance(forecast)}",
        "",
    ]
    rows = []
    for part, share in forecast.parts.items():
        change = forecast.doubling.get(part)
        rows.append((part, str(share), "" if change is None else str(change)))
    lines += columns(("part", "of the loss", "when its input doubles"), rows)
    lines += [""] if forecast.ends else []
    lines += [f"{end.reason}: from width {end.width}" for end in forecast.ends]
    return shown_lines(lines)


def _warnings(of: Plan | Forecast) -> list[str]:
    """Return a refusal, and the doubts with an empty line after them."""
    doubts = [*(f"Doubt: {doubt}" for doubt in of.doubts), ""] if of.doubts else []
    return [refusal(of.refused), *doubts] if of.refused else doubts


def refusal(reason: str) -> str:
    """Return that a law says nothing beyond its data, and why."""
    return (
        f"Refused: the law's form does not hold, so it says nothing beyond its data: {reason}. "
        "The numbers are what it would say."
    )


def _unbent(forecast: Forecast) -> list[str]:
    """Return what the loss would be without bends, if bends make its interval wider."""
    if forecast.bend_chance is None:
        return []
    chance = number(forecast.bend_chance, 2)
    return [
        f"unbent     {forecast.unbent}, if the law goes on as it is (chance of a bend within the "
        f"data: {chance})"
    ]


def _distance(forecast: Forecast) -> str:
    away = forecast.distance
    reach = f"the data's own points are at most {away.farthest:.3g} away"
    if away.value is None:
        return f"in a direction in which the data do not vary; {reach}"
    return f"{away.value:.3g} standard deviations from the data's middle, in logarithms; {reach}"


def _beyond(forecast: Forecast) -> str:
    outside = [
        f"{name} {rounded(times)} times the largest" if times > 1
        else f"{name} {rounded(times)} of the smallest"
        for name, times in forecast.beyond.items()
        if times != 1
    ]  # fmt: skip
    return "; ".join(outside) if outside else "every input is inside"


ROLL_OUT = ("variant", "held out", "predicted", "mean |error|", "mean error",
            "mean |error|, common", "in 95 % interval", "median interval", "refused")  # fmt: skip


@as_text.register
def roll_out_text(rolled: RollOut) -> str:
    """Return which variant forecasts best, the comparison, and what could not be fitted."""
    lines = []
    summary = rolled.summary()
    for row in summary.to_dict("records"):
        held_out = int(row["held_out"])
        if rolled.best.get(held_out) == row["variant"]:
            raced = int((summary["held_out"] == held_out).sum())
            best = "forecasts best" if raced > 1 else "is the only variant"
            lines.append(
                f"With the {largest(held_out)} by {rolled.size} held out, {row['variant']} {best}: "
                f"its mean absolute error is {rounded(row['common_mean_absolute_error'])} over "
                f"{counted(row['common'], 'point')}."
            )
    body = [_roll_out_row(row) for row in summary.to_dict("records")]
    lines += ["", *columns(ROLL_OUT, body)] if body else ["No held-out model could be predicted."]
    lines += _refusals(rolled)
    if rolled.impossible:
        lines += ["", "Not possible:"]
        together: dict[tuple[str, str], list[str]] = {}
        for variant, group, reason in rolled.impossible:
            together.setdefault((group, reason), []).append(variant)
        lines += [f"  {g}: {reason} ({', '.join(v)})" for (g, reason), v in together.items()]
    lines += [""] * bool(rolled.notes) + [f"Read: {advice(note)}" for note in rolled.notes]
    return shown_lines(lines)


def _refusals(rolled: RollOut) -> list[str]:
    """Return whose form does not hold, and why: beyond its data such a law says nothing."""
    together: dict[tuple[str, str, int], list[str]] = {}
    for p in rolled.predictions:
        if p.refused:
            variants = together.setdefault((p.group, p.refused, p.held_out), [])
            variants += [p.variant] * (p.variant not in variants)
    if not together:
        return []
    lines = ["", "Refused, because the law's form does not hold for the smaller models:"]
    for (group, reason, held_out), variants in together.items():
        where = f"{group or 'the table'} without its {largest(held_out)}"
        lines.append(f"  {where}: {reason} ({', '.join(variants)})")
    return lines


def _roll_out_row(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    told = int(row["intervals"])
    return (
        row["variant"],
        str(row["held_out"]),
        str(row["predictions"]),
        rounded(row["mean_absolute_error"]),
        f"{row['mean_error']:+.3g}",
        f"{rounded(row['common_mean_absolute_error'])} ({row['common']})",
        f"{row['covered']:.0%} of {told}" if told else "–",
        rounded(row["median_interval"]) if told else "–",
        str(row["refused"]) if row["refused"] else "–",
    )
