"""A trace is drawn: every panel it has numbers for, events at their steps, and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from traces import make_trace

from superscope import Observation, Trace
from superscope.errors import UsageError
from superscope.figures.watch import watch_drawings
from superscope.watch import TracePoint


def titles(figure: Figure) -> list[str]:
    return [panel.get_title(loc="left") for panel in figure.axes]


def test_the_panels_are_those_of_which_there_are_numbers() -> None:
    trace = make_trace()
    assert titles(trace.plot()) == [
        "overlap", "effective width", "row norms", "what all rows share",
        "change since the last observation", "rows to look at",
    ]  # fmt: skip
    bare = Trace((TracePoint(5, Observation("checkpoint", loss=3.0)),))
    assert titles(bare.plot()) == ["loss"]
    names = [drawing.name for drawing in watch_drawings(trace)]
    assert names[:2] == ["training", "training-overlap"]
    assert "training-loss" not in names
    with pytest.raises(UsageError, match="no numbers for loss"):
        trace.plot("loss")
    with pytest.raises(UsageError, match="No observation"):
        Trace(()).plot()
    assert watch_drawings(Trace(())) == ()


def test_lines_are_the_numbers_beside_chance_and_the_floor() -> None:
    trace = make_trace()
    (panel,) = trace.plot("overlap").axes
    drawn = [np.asarray(one.get_ydata(), float).tolist() for one in panel.lines]
    seen = [point.observation for point in trace.points]
    assert [o.mean_square_overlap for o in seen] in drawn
    assert [o.mean_square_overlap_centered for o in seen] in drawn
    assert [1 / 8] * 2 in drawn  # across the panel
    assert [(40 - 8) / (8 * 39)] * 2 in drawn


def test_events_stand_at_their_steps_in_every_panel() -> None:
    trace = make_trace()
    for panel in trace.plot().axes:
        at = {
            one.get_xdata()[0]
            for one in panel.lines
            if len({*np.asarray(one.get_xdata())}) == 1 and one.get_ydata()[0] == 0
        }
        assert {100, 200} <= at
    figure = trace.plot()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"event: mean row", "event: dead"} <= set(labels)
    assert len(labels) == len(set(labels))
    said = watch_drawings(trace)[0].caption
    assert "Step 100: The mean row is 50 % of every row." in said


@pytest.mark.parametrize(
    ("steps", "scale"),
    [
        ([0, 1, 2, 4, 8, 1000, 2000], "symlog"),
        (list(range(0, 5000, 100)), "linear"),
        ([0], "linear"),
        ([7, 8], "linear"),
    ],
)
def test_steps_that_are_close_at_first_have_a_logarithmic_axis(
    steps: list[int], scale: str
) -> None:
    first = make_trace().points[0]
    trace = Trace(tuple(replace(first, step=step) for step in steps))
    for panel in trace.plot().axes:
        assert panel.get_xscale() == scale
        low, high = panel.get_xlim()
        assert low <= steps[0] <= steps[-1] <= high


def test_missing_numbers_are_gaps() -> None:
    trace = make_trace()
    gap = replace(trace.points[1], observation=Observation("checkpoint"), mean_row_share=None)
    (panel,) = Trace((trace.points[0], gap, trace.points[2])).plot("mean-row").axes
    values = panel.lines[0].get_ydata()
    assert [math.isnan(value) for value in np.asarray(values, float)] == [False, True, False]
