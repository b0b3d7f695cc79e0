"""What a law says of models that are not trained yet: forecasts, plans, and roll-outs."""

from superscope.forecasts import summary as summary
from superscope.forecasts._forecast import End, Forecast, forecast, forecast_at
from superscope.forecasts._plan import Allocation, Plan, Tolerance, plan
from superscope.forecasts._roll_out import (
    WIDTH_VARIANTS,
    Prediction,
    RollOut,
    Variant,
    roll_out,
)

__all__ = [
    "WIDTH_VARIANTS",
    "Allocation",
    "End",
    "Forecast",
    "Plan",
    "Prediction",
    "RollOut",
    "Tolerance",
    "Variant",
    "forecast",
    "forecast_at",
    "plan",
    "roll_out",
]
