from __future__ import annotations

from itertools import pairwise

import pytest
from matplotlib.figure import Figure

from superscope.figures.draw.axes import limits, log_y, width_axis


def test_limits_hold_all_positive_values_with_room() -> None:
    low, high = limits([0.0, -3.0, float("nan"), 2.0, 50.0, float("inf")])
    assert low < 2
    assert high > 50
    assert limits([7.0])[0] < 7 < limits([7.0])[1]
    assert limits([]) == (0.1, 10.0)


def test_limits_are_as_far_apart_as_asked_and_centered() -> None:
    low, high = limits([5.0], least=10)
    assert high / low == pytest.approx(10)
    assert low * high == pytest.approx(25)


@pytest.mark.parametrize(
    ("widths", "ticks"),
    [
        ([512, 1024, 8192], [512, 1024, 2048, 4096, 8192]),
        ([500, 1000, 2000], [512, 1024, 2048]),
        ([600, 700], [600, 700]),
        ([12], [12]),
    ],
)
def test_width_ticks_are_powers_of_two_or_the_widths_themselves(
    widths: list[int], ticks: list[int]
) -> None:
    panel = Figure(figsize=(6, 3)).add_axes((0.1, 0.1, 0.8, 0.8))
    low, high = width_axis(panel, widths)
    assert panel.get_xlim() == (low, high)
    assert low < min(widths) <= max(widths) < high
    assert panel.get_xticks().tolist() == ticks


def test_a_narrow_panel_has_fewer_ticks_evenly_spaced() -> None:
    panel = Figure(figsize=(1.6, 3)).add_axes((0.1, 0.1, 0.8, 0.8))
    width_axis(panel, [64, 8192])
    ticks = panel.get_xticks().tolist()
    assert 2 <= len(ticks) < 8
    assert len({b / a for a, b in pairwise(ticks)}) == 1


def test_a_logarithmic_axis_has_ticks_within_its_limits() -> None:
    panel = Figure().add_axes((0.1, 0.1, 0.8, 0.8))
    log_y(panel, 0.2, 7)
    shown = [t for t in panel.get_yticks() if 0.2 <= t <= 7]
    assert len(shown) >= 3
