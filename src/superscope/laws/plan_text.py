"""A plan in words and columns, for a terminal and for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from superscope.text import columns, rounded

if TYPE_CHECKING:
    from superscope.laws.derived import Estimate
    from superscope.laws.plan import Plan

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
    said = [
        f"With {rounded(plan.best.compute)} operations (6 N D) one new model has a loss of "
        f"{plan.new_model}; the law alone says {plan.best.loss}.",
        "Compute doubled and spent as well changes the loss by "
        f"{plan.returns['compute']}.",
    ]  # fmt: skip
    if plan.rounded is not None:
        r = plan.rounded
        said.append(
            f"In round numbers: width {rounded(r.width)}, depth {rounded(r.depth)} and "
            f"{rounded(r.tokens)} tokens; the loss is "
            f"higher by {r.loss.value / plan.best.loss.value - 1:.2g} of itself."
        )
    if plan.vocabulary:
        head = "is counted once, for the head is the same" if plan.tied else "and the head count"
        said.append(f"Of N, the embedding of {plan.vocabulary:,} tokens {head}.")
    elif plan.best.width is not None:
        said.append("N counts the layers alone; a vocabulary adds the embedding and the head.")
    return said


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


def plan_text(plan: Plan) -> str:
    """Return the doubts, the allocation, what it tolerates and the frontier."""
    lines = [f"Doubt: {doubt}" for doubt in plan.doubts] + [""] * bool(plan.doubts)
    lines += [*sentences(plan), "", *columns(INPUTS, input_rows(plan))]
    return "\n".join([*lines, "", *columns(frontier_header(plan), frontier_rows(plan))])


def interval(estimate: Estimate) -> str:
    """Return an estimate's interval; a dash for none."""
    if estimate.low is None or estimate.high is None:
        return "–"
    return _ends(estimate.low, estimate.high, "–")


def _ends(low: float | None, high: float | None, absent: str) -> str:
    return " to ".join(absent if end is None else rounded(end) for end in (low, high))
