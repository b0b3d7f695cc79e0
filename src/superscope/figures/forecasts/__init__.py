"""Pictures of forecasts, plans and roll-outs, one function each.

Every function takes a result of :mod:`superscope.forecasts`, and the keywords ``ax`` and
``theme``; `curve` and `frontier` take the ``law`` as well.
"""

from superscope.figures.forecasts._forecast import forecast_curve, forecast_parts
from superscope.figures.forecasts._frontier import plan_frontier
from superscope.figures.forecasts._roll_out import roll_out_errors
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.forecasts import Forecast, Plan, RollOut

__all__ = ["curve", "errors", "forecast_curve", "forecast_parts", "frontier", "parts",
           "plan_frontier", "roll_out_errors"]  # fmt: skip

parts = picture("parts", forecast_parts)
curve = picture("curve", forecast_curve)
frontier = picture("frontier", plan_frontier)
errors = picture("errors", roll_out_errors)


@pictures.register
def _(_: Forecast) -> dict[str, PictureFunction]:
    return {"parts": parts, "curve": curve}


@pictures.register
def _(_: Plan) -> dict[str, PictureFunction]:
    return {"frontier": frontier}


@pictures.register
def _(_: RollOut) -> dict[str, PictureFunction]:
    return {"errors": errors}
