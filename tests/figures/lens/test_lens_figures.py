"""Pictures of tokens show what the results say, whatever the tokens' texts are."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from studies import make_evaluation

import superscope
from superscope.errors import UsageError
from superscope.figures.lens import lens_drawings
from superscope.figures.lens._cost import binned
from superscope.figures.lens._interference import MOST_TOKENS, scatter
from superscope.lens import GroupCost, Lens, NeighborCost, TokenCosts
from superscope.lens.estimate import Estimate

HOSTILE = ("$x$", "</script>", "\x1b[2J", "\u202etxt", "漢字", 'q"\\', "")


@pytest.fixture
def lens() -> Lens:
    rows = np.random.default_rng(0).standard_normal((120, 6))
    rows[:30] *= 0.01  # the shortest 1 % are near to many
    return superscope.lens(rows, tokens=[*HOSTILE, *map(str, range(len(HOSTILE), 120))])


def test_every_token_lies_at_its_norm_and_interference(lens: Lens) -> None:
    found = scatter(lens)
    ((norms, values),) = found.classes.values()
    g = lens.geometry
    np.testing.assert_allclose(sorted(norms), sorted(g.norms.values), rtol=1e-6)
    assert values.mean() == pytest.approx(6 * g.centered.mean_square_overlap, rel=1e-4)
    (panel,) = lens.plot().axes
    assert panel.get_ylim()[0] < values.min() < values.max() < panel.get_ylim()[1]


def test_of_many_tokens_some_are_drawn_and_the_ends_are_named() -> None:
    rows = np.random.default_rng(0).standard_normal((MOST_TOKENS + 500, 4))
    lens = superscope.lens(rows)
    found = scatter(lens)
    assert found.drawn == MOST_TOKENS
    assert {text for _, _, text in found.named} >= {
        f"#{end.entry.id}" for end in lens.overview.most_packed[:3]
    }
    (drawing,) = lens_drawings(lens)
    assert f"{MOST_TOKENS:,} of {len(rows):,} tokens" in drawing.caption


def test_the_marks_of_a_token_are_its_neighbors(lens: Lens) -> None:
    token = lens["漢字"]
    panels = token.plot().axes
    assert len(panels) == 1 + (token.longer_neighbors is not None)
    drawn = [float(x.get_xdata()[0]) for x in panels[0].lines if x.get_marker() == "o"]
    assert drawn == [n.overlap for n in token.neighbors]


def test_the_numbers_of_a_comparison_are_in_its_cells(lens: Lens) -> None:
    compared = lens.compare([1, 2, 3])
    raw, centered = compared.plot(theme="dark").axes
    for panel, square in ((raw, compared.squares[0]), (centered, compared.squares[1])):
        texts = [t.get_text().replace("−", "-") for t in panel.texts]
        assert f"{square.overlaps[0, 1]:.2f}" in texts
    with pytest.raises(UsageError, match="several panels"):
        compared.plot(ax=Figure().subplots())


def test_a_row_without_direction_has_no_picture() -> None:
    rows = np.random.default_rng(0).standard_normal((9, 3))
    rows[4] = 0
    with pytest.raises(UsageError, match="#4 has no neighbors"):
        superscope.lens(rows)[4].plot()


def test_hostile_texts_are_drawn_to_the_letter(lens: Lens) -> None:
    tokens = [lens[i] for i in range(3)]
    for drawing in lens_drawings(lens, tokens, lens.compare([0, 1, 2, 3, 4, 5, 6])):
        files = drawing.files("svg")
        assert b"</script>" not in files["svg"]


def test_every_margin_is_counted(lens: Lens) -> None:
    can = lens.argmax()
    (panel,) = can.plot().axes
    (steps,) = (p for p in panel.patches if hasattr(p, "get_data"))
    assert steps.get_data().values.sum() == can.argmaxable


def make_cost(tokens: int = 200) -> NeighborCost:
    """Return costs in which the loss of a token is 10 times its interference."""
    rng = np.random.default_rng(0)
    known = make_evaluation(64, "lab/m")
    counts = np.repeat([3, 30], tokens // 2)
    interference = rng.uniform(0.01, 0.1, tokens)
    one = Estimate(0.2, 0.01)
    groups = [
        GroupCost(name, 10, Estimate(3.0, 0.1), one, Estimate(0.1, None), one, 0, None, None)
        for name in ("all", "1 to 10", "10 to 100")
    ]
    return NeighborCost(
        known.model, known.text, known.settings, Estimate(3.0, 0.1), "mean", 10, 4, 0, "frequency",
        "text",
        groups[0], 0.0, 0, 0.0, 0.0, None, (), tuple(groups[1:]),
        TokenCosts(
            np.arange(tokens), counts, counts.astype(float), interference,
            10 * interference * counts, *(np.zeros(tokens) for _ in range(8)),
        ),
        (None,) * tokens, (None,) * tokens,
    )  # fmt: skip


def test_losses_are_binned_at_equal_frequency() -> None:
    cost = make_cost()
    low, high = binned(cost)
    assert (low.name, high.name) == ("1 to 10", "10 to 100")
    for b in (low, high):
        assert (np.diff(b.interference) > 0).all()
        np.testing.assert_allclose(b.loss, 10 * b.interference, rtol=0.2)
        assert (b.error > 0).all()
    left, right = cost.plot(theme="dark").axes
    assert len(left.lines) == 2
    assert [t.get_text() for t in right.get_xticklabels()] == ["$10^{0}$", "$10^{1}$"]
    with pytest.raises(UsageError, match="No decade"):
        make_cost(4).plot()


def test_listed_rows_are_drawn_below_the_end_of_the_list() -> None:
    rows = np.random.default_rng(0).normal(size=(200, 16))
    rows[:20] = 3 + rows[:20] / 20
    found = superscope.lens(rows).undertrained(reference=range(5))
    (panel,) = found.plot().axes
    every, listed = (p.get_data().values.sum() for p in panel.patches if hasattr(p, "get_data"))
    assert (every, listed) == (200, len(found.found))


def test_every_reading_is_counted() -> None:
    found = superscope.budgets(np.random.default_rng(0).standard_normal((60, 8)), rates=0.05)
    (panel,) = found.plot(theme="dark").axes
    drawn = [p.get_data().values.sum() for p in panel.patches if hasattr(p, "get_data")]
    assert drawn == [60, 60]
    with pytest.raises(UsageError, match="no interference"):
        superscope.budgets(np.eye(4)).plot()


def test_a_budget_stands_beside_random_dictionaries() -> None:
    rows = np.random.default_rng(0).standard_normal((60, 8)) + 2
    found = superscope.budget(0, rows, rates=0.05)
    (panel,) = found.plot(theme="dark").axes
    drawn = [float(line.get_xdata()[0]) for line in panel.lines]
    assert found.reading.interference in drawn
    assert found.random.interference in drawn
    with pytest.raises(UsageError, match="no interference"):
        superscope.budget(0, np.eye(4)).plot()
