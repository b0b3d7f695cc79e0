"""What a law says of models that are not trained yet: forecasts, plans, and roll-outs."""

from superscope.forecasts import summary as summary
from superscope.forecasts._forecast import End, Forecast, forecast, forecast_at
from superscope.forecasts._plan import Allocation, Plan, PlanOptions, Tolerance, plan
from superscope.forecasts._roll_out import Prediction, RollOut, roll_out
from superscope.forecasts.variants import WIDTH_VARIANTS, Variant
from superscope.laws.options import RollOutOptions as RollOutOptions

__all__ = [
    "WIDTH_VARIANTS",
    "Allocation",
    "End",
    "Forecast",
    "Plan",
    "PlanOptions",
    "Prediction",
    "RollOut",
    "RollOutOptions",
    "Tolerance",
    "Variant",
    "forecast",
    "forecast_at",
    "plan",
    "roll_out",
]
