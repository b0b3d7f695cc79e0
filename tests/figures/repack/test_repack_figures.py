"""Pictures of narrower heads show the ranks, the costs and the laws of the result."""

from __future__ import annotations

import pandas as pd
import pytest
from repackings import WAYS, WIDTH, make_repacking

from superscope.errors import UsageError
from superscope.figures.repack import repack_drawings

FAMILY = pd.DataFrame({
    "width": [128, 256, 512, 1024], "loss": [2 + 100 / m for m in (128, 256, 512, 1024)],
})  # fmt: skip


def test_every_head_lies_at_its_rank_and_cost() -> None:
    found = make_repacking()
    (panel,) = found.plot().axes
    for way, bars in zip(WAYS, panel.containers, strict=True):
        drawn = bars.lines[0]
        costs = [(float(s.rank), s.excess.value) for s in found.curve(way)]
        assert list(zip(*drawn.get_data(orig=True), strict=True)) == costs
    low, high = panel.get_ylim()
    assert low < min(s.excess.value for s in found.scores)
    assert high > max(s.excess.value for s in found.scores)


def test_the_law_is_continued_and_a_family_stands_beside_it() -> None:
    found = make_repacking(family=FAMILY)
    drawn = {drawing.name: drawing for drawing in repack_drawings(found)}  # type: ignore[union-attr]
    assert list(drawn) == ["curve", "overlap", "agreement"]
    assert "extrapolated" in drawn["curve"].caption
    assert "family.csv" in drawn["curve"].caption
    (panel,) = found.plot("curve").axes
    stars = next(line for line in panel.lines if line.get_marker() == "*")
    assert stars.get_xdata() == pytest.approx([128, 256])
    assert stars.get_ydata() == pytest.approx([100 / 128 - 100 / 512, 100 / 512], rel=1e-3)
    assert panel.get_xlim()[1] > 2 * WIDTH


def test_heads_that_cost_nothing_are_not_on_a_logarithmic_axis() -> None:
    free = make_repacking(dict.fromkeys(WAYS, 0.0))
    with pytest.raises(UsageError, match="No narrower head has a greater loss"):
        free.plot("curve")
    with pytest.raises(UsageError, match="predict as the full head"):
        free.plot("agreement")
    assert len(free.plot("overlap").axes) == 1
