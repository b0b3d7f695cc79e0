"""A file of a trace is followed: never half a file, replaced files, resumed runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import make_trace

from superscope import Trace
from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.watch import write_trace
from superscope.watch.dashboard import BARS, dashboard, sparkline
from superscope.watch.follow import follow, news


def at_once(path: Path) -> Iterator[object]:
    return follow(path, sleep=lambda seconds: None)


def upto(count: int) -> Trace:
    trace = make_trace()
    return Trace(trace.points[:count], tuple(e for e in trace.events if e.step < 100 * count))


def test_what_is_new_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    seen = at_once(path)
    assert isinstance(next(seen), NotFoundError)
    assert next(seen) is None
    write_trace(upto(1), path)
    assert next(seen) == upto(1)
    assert next(seen) is None
    write_trace(upto(3), path)
    assert next(seen) == upto(3)
    path.write_bytes(b"something else")
    assert isinstance(next(seen), FormatError)
    assert next(seen) is None
    write_trace(upto(2), path)
    assert next(seen) == upto(2)
    path.unlink()
    assert isinstance(next(seen), NotFoundError)
    with pytest.raises(UsageError, match=r"\.parquet"):
        next(at_once(tmp_path / "run.csv"))


def test_no_reader_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    done = threading.Event()

    def train() -> None:
        for count in (*[1, 2, 3] * 5, 3):
            write_trace(upto(count), path)
        done.set()

    writer = threading.Thread(target=train)
    writer.start()
    found = []
    for one in at_once(path):
        found.append(one)
        if done.is_set() and one == upto(3):
            break
        if done.is_set() and one is None and upto(3) in found:
            break
    writer.join()
    assert {type(one) for one in found} <= {Trace, NotFoundError, type(None)}


def test_a_resumed_run_goes_back() -> None:
    trace = make_trace()
    assert news(None, trace) == (None, trace.points)
    assert news(upto(1), trace) == (None, trace.points[1:])
    assert news(trace, trace) == (None, ())
    again = replace(trace.points[1], own_update=0.7)
    resumed = Trace((trace.points[0], again), ())
    assert news(trace, resumed) == (100, (again,))
    assert news(trace, upto(1)) == (100, ())


@given(st.lists(st.none() | st.floats(-1e6, 1e6), min_size=1, max_size=300), st.integers(1, 100))
def test_bars_stand_for_values(values: list[float | None], width: int) -> None:
    bars = sparkline(values, width)
    assert len(bars) == min(width, len(values))
    if len(values) <= width:
        assert [bar == " " for bar in bars] == [value is None for value in values]
        drawn = [(value, BARS.index(bar)) for value, bar in zip(values, bars, strict=True) if value]
        assert [b for _, b in sorted(drawn)] == sorted(b for _, b in drawn)


def test_a_screen_has_the_course_of_each_quantity_and_the_events() -> None:
    shown = dashboard(make_trace(), 80)
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert shown.startswith("array: 3 observations to step 200")
    assert "mean c²" in shown
    assert "1 row is near zero" in shown
    assert "loss" not in shown
    assert dashboard(Trace(())) == "no observation yet"
