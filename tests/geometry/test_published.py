from __future__ import annotations

from collections import Counter

from superscope.geometry.published import published_overlaps


def test_the_25_points_of_figure_8a_ship_with_the_package() -> None:
    points = published_overlaps()
    assert Counter(p.family for p in points) == {"opt": 8, "Qwen": 7, "gpt2": 4, "pythia": 6}
    known = {p.model: (p.width, p.mean_square_overlap) for p in points}
    assert known["opt-350m"] == (512, 0.086566)
    assert known["pythia-12b"] == (5120, 0.000994)
    assert known["Qwen2.5-72B"] == (8192, 0.009523)


def test_every_published_head_overlaps_more_than_chance() -> None:
    assert all(p.mean_square_overlap > 1 / p.width for p in published_overlaps())
