"""Figures, and the report: one HTML file that needs nothing else."""

from superscope.report.page import write_report

__all__ = ["write_report"]
