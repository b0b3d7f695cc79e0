"""Scaling laws: fitted to losses, and judged."""

from superscope.laws import summary as summary
from superscope.laws._fit import fit
from superscope.laws._simulate import TRUTHS, simulate
from superscope.laws.derived import Estimate
from superscope.laws.forms import FORMS, Form, Term
from superscope.laws.law import Law
from superscope.laws.options import FitOptions
from superscope.laws.public import load_public
from superscope.laws.status import Finding, FitStatus
from superscope.laws.table import load_table
from superscope.laws.uncertainty import Interval

__all__ = [
    "FORMS",
    "TRUTHS",
    "Estimate",
    "Finding",
    "FitOptions",
    "FitStatus",
    "Form",
    "Interval",
    "Law",
    "Term",
    "fit",
    "load_public",
    "load_table",
    "simulate",
]
