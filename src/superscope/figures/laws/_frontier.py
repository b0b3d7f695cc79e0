"""The figure of what a law says of compute: the best loss and the best inputs over budgets."""

from __future__ import annotations

from typing import Any

from superscope.figures.draw.drawing import Drawing
from superscope.forecasts import plan
from superscope.forecasts.budget import point_compute
from superscope.laws import Law


def law_frontier(law: Law, compute: float | None = None, **options: Any) -> Drawing:
    """Return the figure of the best loss and inputs over budgets around `compute`.

    By default the budget is the largest among the points; `vocabulary` and `tied` are those of
    :func:`superscope.forecasts.plan`.
    """
    from superscope.figures.forecasts import plan_frontier  # its package uses this one's view

    if compute is None:
        compute = float(point_compute(law).max())
    return plan_frontier(plan(law, compute, **options), law)
