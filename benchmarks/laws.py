"""Scaling laws: speed, coverage of the intervals, forecasts, and published fits beside ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks import laws_coverage, laws_published, laws_roll_out, laws_speed
from benchmarks.result import Result, Section

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def run(quick: bool) -> Iterator[Result | Section]:
    """Yield the parts as they come, the timed one first."""
    yield from laws_speed.run(quick, DATA)
    yield from laws_coverage.run(quick)
    yield from laws_roll_out.run()
    yield from laws_published.run(quick, DATA)
