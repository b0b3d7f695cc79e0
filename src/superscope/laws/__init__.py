"""Scaling laws: fitted to losses, judged, and used to forecast and to plan."""

from superscope.laws.derived import Estimate
from superscope.laws.fit import fit
from superscope.laws.forecast import End, Forecast, forecast
from superscope.laws.forms import FORMS, Form, Term
from superscope.laws.law import Law
from superscope.laws.options import FitOptions
from superscope.laws.plan import Allocation, Plan, Tolerance, plan
from superscope.laws.public import load_public
from superscope.laws.roll_out import WIDTH_VARIANTS, RollOut, Variant, roll_out
from superscope.laws.simulate import TRUTHS, simulate
from superscope.laws.status import Finding, FitStatus
from superscope.laws.table import load_table
from superscope.laws.uncertainty import Interval

__all__ = [
    "FORMS",
    "TRUTHS",
    "WIDTH_VARIANTS",
    "Allocation",
    "End",
    "Estimate",
    "Finding",
    "FitOptions",
    "FitStatus",
    "Forecast",
    "Form",
    "Interval",
    "Law",
    "Plan",
    "RollOut",
    "Term",
    "Tolerance",
    "Variant",
    "fit",
    "forecast",
    "load_public",
    "load_table",
    "plan",
    "roll_out",
    "simulate",
]
