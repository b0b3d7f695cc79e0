"""Scaling laws: speed, coverage of the intervals, the form, forecasts, and published fits."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import (
    laws_coverage,
    laws_errors,
    laws_form,
    laws_published,
    laws_roll_out,
    laws_speed,
)
from benchmarks.result import Result, Section
from benchmarks.setting import Setting


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield the parts as they come, the timed one first."""
    yield from laws_speed.run(setting)
    yield from laws_coverage.run(setting)
    yield from laws_errors.run(setting)
    yield from laws_form.run(setting)
    yield from laws_roll_out.run(setting)
    yield from laws_published.run(setting)
