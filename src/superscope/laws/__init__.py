"""Scaling laws: fitted to losses, and judged."""

from superscope.laws import summary as summary
from superscope.laws import summary_nested as summary_nested
from superscope.laws._compare import Comparison, Difference, compare
from superscope.laws._fit import fit
from superscope.laws._nested import NestedTest, Restricted, nested_test
from superscope.laws._simulate import TRUTHS, simulate
from superscope.laws.form_test import FormTest
from superscope.laws.formula import FORMS, Form, Term
from superscope.laws.groups import LawsByGroup, fit_by
from superscope.laws.intervals import Estimate, Interval
from superscope.laws.lack_of_fit import check_form
from superscope.laws.law import Law
from superscope.laws.options import FitOptions
from superscope.laws.prediction import Band
from superscope.laws.slope import Exponent, fit_exponent
from superscope.laws.status import Finding, FitStatus
from superscope.laws.table import load_public, load_table

__all__ = [
    "FORMS",
    "TRUTHS",
    "Band",
    "Comparison",
    "Difference",
    "Estimate",
    "Exponent",
    "Finding",
    "FitOptions",
    "FitStatus",
    "Form",
    "FormTest",
    "Interval",
    "Law",
    "LawsByGroup",
    "NestedTest",
    "Restricted",
    "Term",
    "check_form",
    "compare",
    "fit",
    "fit_by",
    "fit_exponent",
    "load_public",
    "load_table",
    "nested_test",
    "simulate",
]
