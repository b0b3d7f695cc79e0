"""What forecasts, plans and roll-outs have in common: frames, JSON and how they print."""

from __future__ import annotations

import numpy as np
import pytest

from superscope.forecasts import Forecast, Plan, RollOut, Variant, forecast, plan, roll_out
from superscope.laws import fit, simulate

QUICK = {"resamples": 0, "starts": 8, "judge": False}


@pytest.fixture(scope="module")
def results() -> tuple[Forecast, Plan, RollOut]:
    law = fit(simulate("shape"), "shape", **QUICK)
    return (
        forecast(law, width=4096, depth=32, tokens=1e12),
        plan(law, 1e22),
        roll_out(simulate("time"), [Variant("time", "time")], resamples=0, starts=8, hold_out=(1,)),
    )


def test_nothing_is_lost_in_json(results) -> None:
    for result in results:
        again = type(result).from_json(result.to_json())
        assert again == result
        assert str(again) == str(result)


def test_a_repr_is_one_line_and_the_html_has_the_text(results) -> None:
    for result in results:
        assert len(repr(result).splitlines()) == 1
        assert result._repr_html_().startswith("<pre")


def test_frames_hold_the_numbers(results) -> None:
    said, planned, rolled = results
    frame = said.to_frame().set_index("quantity")
    assert frame.loc["loss", "value"] == said.loss.value
    assert frame.loc[list(said.parts), "value"].sum() == pytest.approx(said.expected.value)
    assert np.isnan(frame.loc["floor", "doubling"])
    inputs = planned.to_frame().set_index("input")
    assert inputs.loc["width", "value"] == planned.best.width
    assert inputs["low"].notna().all()
    frontier = planned.frontier_frame()
    assert len(frontier) == len(planned.frontier)
    assert planned.best.loss.value in set(frontier["loss"])
    assert list(rolled.to_frame()["variant"]) == ["time"]
