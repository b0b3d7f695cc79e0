"""Figures, and the reports: HTML files that need nothing else."""

from superscope.report.law_figures import write_law_figures, write_law_report
from superscope.report.page import write_report
from superscope.report.study_figures import write_study_report
from superscope.report.toy_figures import write_toy_figures

__all__ = [
    "write_law_figures",
    "write_law_report",
    "write_report",
    "write_study_report",
    "write_toy_figures",
]
