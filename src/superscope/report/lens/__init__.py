"""The page of a lens: search a token, see its neighborhood."""

from superscope.report.lens.budget import write_budget_report
from superscope.report.lens.page import write_lens_report

__all__ = ["write_budget_report", "write_lens_report"]
