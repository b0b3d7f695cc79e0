"""Figures, and the reports: HTML files that need nothing else."""

from superscope.report.geometry.page import write_report
from superscope.report.lab import write_lab_report
from superscope.report.laws import write_law_figures, write_law_report
from superscope.report.lens import write_budget_report, write_lens_report
from superscope.report.study import write_study_report
from superscope.report.study.emergence import write_emergence_report
from superscope.report.toy import write_toy_report

__all__ = [
    "write_budget_report",
    "write_emergence_report",
    "write_lab_report",
    "write_law_figures",
    "write_law_report",
    "write_lens_report",
    "write_report",
    "write_study_report",
    "write_toy_report",
]
