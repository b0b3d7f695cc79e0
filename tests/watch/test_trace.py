"""A trace: its table, its file, its text."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traces import make_trace

import superscope
from superscope import Observation, Trace
from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.observations import COLUMNS, read_observations
from superscope.watch import Event, EventKind, TracePoint, read_trace, write_trace


def test_the_mean_row_is_what_rows_share() -> None:
    rows = np.random.default_rng(0).standard_normal((300, 8))
    rows -= rows.mean(axis=0)
    shares = []
    for shift in (0.0, 1.0, 1e4):
        measured = superscope.measure(rows + shift, pairs="none", device="cpu")
        shares.append(TracePoint.of(0, measured).mean_row_share)
    # |shift|² against |shift|² + mean |w|², which is the mean square of the 300 × 8 numbers
    assert shares == pytest.approx([0, 1 / (1 + np.mean(rows**2)), 1], abs=1e-6)


def test_a_point_has_the_row_of_the_one_table_and_its_regime() -> None:
    measured = superscope.measure(np.eye(5)[:, :3] + 0.1, pairs="none", device="cpu")
    point = TracePoint.of(7, measured)
    assert point.observation == measured.observation()
    assert point.regime == measured.regime
    assert TracePoint(0, Observation("published")).regime is None


def test_rows_near_zero_are_dead_and_rows_far_above_the_median_run_away() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 4))
    rows[3] = 0
    rows[4] *= 1e-6
    rows[5] *= 1e3
    point = TracePoint.of(0, superscope.measure(rows, pairs="none", device="cpu"))
    assert (point.dead_rows, point.runaway_rows) == (2, 1)


def test_the_table_has_a_row_for_each_observation_and_the_columns_of_the_one_table() -> None:
    trace = make_trace()
    frame = trace.to_frame()
    assert frame["step"].tolist() == [point.step for point in trace.points]
    assert set(COLUMNS) < set(frame.columns)
    assert frame["drift_update"].isna().tolist() == [True, False, False]
    assert trace.event_frame()["kind"].tolist() == ["mean row", "dead"]


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_file_gives_the_same_trace_back(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    steps = data.draw(st.lists(st.integers(0, 10**9), unique=True, min_size=1).map(sorted))
    number = st.none() | st.floats(0, 1)
    points = tuple(
        TracePoint(
            step,
            Observation("checkpoint", model=data.draw(st.text(max_size=3)),
                        mean_square_overlap=data.draw(number)),
            own_update=data.draw(number), dead_rows=data.draw(st.none() | st.integers(0, 9)),
        )
        for step in steps
    )  # fmt: skip
    kinds = st.sampled_from(list(EventKind))
    events = tuple(
        Event(step, data.draw(kinds), data.draw(st.text(max_size=5)), (1, step)) for step in steps
    )
    trace, path = Trace(points, events), tmp_path_factory.mktemp("trace") / "run.parquet"
    write_trace(trace, path)
    assert read_trace(path) == trace


def test_other_programs_read_the_file(tmp_path: Path) -> None:
    trace, path = make_trace(), tmp_path / "run.parquet"
    write_trace(trace, path)
    assert pd.read_parquet(path)["mean_row_share"].tolist() == [
        point.mean_row_share for point in trace.points
    ]
    table = read_observations(path)
    assert table["width"].tolist() == [8, 8, 8]


def test_a_reader_never_finds_half_a_file(tmp_path: Path) -> None:
    path, done = tmp_path / "run.parquet", threading.Event()
    first = make_trace().points[0]
    write_trace(Trace((first,)), path)
    lengths: list[int] = []

    def follow() -> None:
        while not done.is_set():
            lengths.append(len(read_trace(path).points))

    reader = threading.Thread(target=follow)
    reader.start()
    for count in range(2, 30):
        write_trace(Trace(tuple(replace(first, step=step) for step in range(count))), path)
    done.set()
    reader.join()
    assert lengths == sorted(lengths) and lengths[-1] >= 1


def test_what_is_no_trace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.parquet"):
        read_trace(tmp_path / "none.parquet")
    with pytest.raises(UsageError, match=r"\.parquet"):
        write_trace(make_trace(), tmp_path / "run.csv")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(FormatError, match="not a trace"):
        read_trace(tmp_path / "text.parquet")
    pd.DataFrame({"step": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(FormatError, match="no column"):
        read_trace(tmp_path / "other.parquet")


def test_its_text_shows_the_last_observations_and_the_events() -> None:
    text = str(make_trace())
    assert "3 observations" in text and "200" in text
    first = Trace(make_trace().points[:1])
    assert "1 observation\n" in str(first)
    assert 'step 200: 1 row is near zero: " cat" #1.' in text
    assert str(Trace(())) != repr(Trace(()))
