from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from markupsafe import Markup
from matplotlib.figure import Figure

from superscope.errors import UsageError
from superscope.figures.draw.canvas import spread
from superscope.figures.draw.drawing import Drawing
from superscope.figures.draw.style import styled
from superscope.figures.toy import sweep_drawings
from superscope.figures.toy._exponent import exponent_table
from superscope.figures.toy._norms import norm_shares, represented_by_decay
from superscope.figures.toy._phase import phase_cells
from superscope.figures.toy._width import strong_law, weak_law
from superscope.figures.toy.groups import BY_WIDTH, group_runs
from superscope.figures.toy.keys import decay_colors, decay_mark
from superscope.figures.toy.text import exponent_text
from superscope.observations import Observation
from superscope.report import write_toy_report
from superscope.report.toy.page import exponent_lines, render_toy
from superscope.text import fixed, signed
from superscope.toy import Phase, ToyRuns
from superscope.toy.config import ToyConfig
from superscope.toy.point import NORM_EDGES, ToyPoint
from superscope.toy.theory import weak_loss, welch_floor

NAMES = [
    "loss-width", "exponent-map", "exponent-alpha", "represented-decay", "norms",
    "overlap-width", "loss-unrepresented",
]  # fmt: skip
WIDTHS = (4, 8, 16)


def run(loss: float | None = None, **fields: Any) -> ToyPoint:
    """Return a run of a known loss: 2 m^(−1) unless given."""
    config = ToyConfig(**{"n": 60, "width": 8, "steps": 100} | fields)
    counts = np.zeros(len(NORM_EDGES) - 1)
    represented = config.n if config.decay < 0 else min(config.width, config.n)
    counts[0], counts[40] = config.n - represented, represented
    return ToyPoint(
        config=config,
        observation=Observation(
            source="toy",
            run=config.identity,
            width=config.width,
            features=config.n,
            loss=2 / config.width if loss is None else loss,
            represented_fraction=represented / config.n,
            mean_square_overlap=1 / config.width,
        ),
        unrepresented_loss=0.0,
        interference_loss=0.0,
        expected_loss=0.0 if config.decay < 0 else 1.9 / config.width,
        norm_counts=counts,
        above_one=0.0,
        overlap_above_one=0.9 / config.width if config.decay < 0 else None,
    )


def law(exponent: float, widths: Iterable[int] = WIDTHS, **fields: Any) -> list[ToyPoint]:
    """Return runs whose loss is 3 m^(−exponent) exactly."""
    return [run(3 * m**-exponent, width=m, **fields) for m in widths]


@pytest.fixture(scope="module")
def sweep() -> list[ToyPoint]:
    """Exponent 1 under growth, 0.25 + α under decay."""
    return [
        p
        for alpha in (0.0, 1.0, 2.0)
        for decay in (-1.0, 0.0, 0.5)
        for p in law(1.0 if decay < 0 else 0.25 + alpha, alpha=alpha, decay=decay)
    ]


@pytest.fixture(scope="module")
def page(sweep: list[ToyPoint], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of the sweep, as it is written."""
    file = tmp_path_factory.mktemp("toy") / "report.html"
    write_toy_report(of(sweep), file)
    return file.read_text("utf-8")


def of(points: Iterable[ToyPoint]) -> ToyRuns:
    return ToyRuns(tuple(points), (), ())


def drawings(points: list[ToyPoint]) -> dict[str, Drawing]:
    return {drawing.name: drawing for drawing in sweep_drawings(group_runs(points))}


def captions(points: list[ToyPoint]) -> dict[str, str]:
    return {name: drawing.caption for name, drawing in drawings(points).items()}


def test_an_exact_power_law_gives_its_exponent() -> None:
    (group,) = group_runs(law(0.73)).groups
    fit = group.series[0].fit
    assert fit is not None
    assert fit.value == pytest.approx(0.73, abs=1e-12)
    assert fit.low == pytest.approx(0.73, abs=1e-6)
    assert fit.high == pytest.approx(0.73, abs=1e-6)
    assert fit.points == 3


def test_the_map_holds_the_exponent_of_each_cell(sweep: list[ToyPoint]) -> None:
    runs = group_runs(sweep)
    table = exponent_table(runs.groups, runs.decays)
    np.testing.assert_allclose(
        table, [[1, 0.25, 0.25], [1, 1.25, 1.25], [1, 2.25, 2.25]], atol=1e-12
    )


def test_a_cell_without_two_widths_is_blank(sweep: list[ToyPoint]) -> None:
    fewer = [p for p in sweep if (p.config.alpha, p.config.decay) != (1.0, 0.5)]
    fewer.append(run(alpha=1.0, decay=0.5))
    runs = group_runs(fewer)
    table = exponent_table(runs.groups, runs.decays)
    assert np.argwhere(np.isnan(table)).tolist() == [[1, 2]]
    assert "Blank: 1 of 9 cells" in captions(fewer)["exponent-map"]


def test_seeds_are_points_of_one_fit() -> None:
    runs = group_runs([p for seed in range(3) for p in law(1.0, seed=seed)])
    (group,) = runs.groups
    (series,) = group.series
    assert series.fit is not None
    assert series.fit.points == 9


def test_a_run_given_twice_counts_once() -> None:
    runs = group_runs(law(1.0) * 2)
    assert runs.repeated == 3
    assert runs.groups[0].series[0].fit.points == 3  # type: ignore[union-attr]


def test_widths_without_superposition_and_useless_losses_are_left_out_and_named() -> None:
    points = [*law(1.0), run(1e-9, width=60), run(0.0, width=10), run(float("nan"), width=11)]
    (group,) = group_runs(points).groups
    assert group.series[0].fit is not None
    assert group.series[0].fit.value == pytest.approx(1.0)
    caption = captions(points)["loss-width"]
    assert "Left out of the fits: 1 run of a width of at least n" in caption
    assert "Left out: 2 runs without a positive finite loss" in caption


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"n": 50}, "n = 50"),
        ({"batch": 64}, "batch = 64"),
        ({"density": 2.0}, "density E = 2"),
        ({"groups": 2}, "group size = 2"),
        ({"groups": ((0, 1), (2, 3))}, "group size = given"),
        ({"anticorrelated": 2}, "anticorrelated = 2"),
        ({"importance": 0.9}, "importance = 0.9"),
        ({"output": "linear"}, "output = linear"),
        ({"bias": "zeros"}, "start of b = zeros"),
        ({"steps": 200}, "steps = 200"),
        ({"warmup": 7}, "warmup = 7"),
        ({"engine": "torch"}, "engine = torch"),
        ({"learning_rate": 0.02}, "learning rate = 0.02"),
        ({"bias_learning_rate": 0.02}, "learning rate b = 0.02"),
        ({"frequencies": "linear"}, "linear"),
        ({"frequencies": "exponential"}, "exponential"),
        ({"frequencies": (0.5,) * 60}, "given"),
    ],
)
def test_whatever_else_differs_is_a_panel_named_by_it(fields: dict[str, Any], name: str) -> None:
    points = law(1.0, alpha=0.5) + law(2.0, **{"alpha": 0.5} | fields)
    runs = group_runs(points)
    assert len(runs.groups) == 2
    fits = sorted(g.series[0].fit.value for g in runs.groups)  # type: ignore[union-attr]
    assert fits == pytest.approx([1, 2])
    (changed,) = (g for g in runs.groups if g.series[0].fit.value > 1.5)  # type: ignore[union-attr]
    assert name in changed.title.split(", ")
    assert len({group.title for group in runs.groups}) == 2


def test_defaults_written_out_are_the_same_setting() -> None:
    points = law(1.0, seed=0) + law(1.0, seed=1, warmup=10, bias_learning_rate=0.01, scale=3.0)
    assert [len(g.points) for g in group_runs(points).groups] == [6]


def test_alpha_means_nothing_under_another_law() -> None:
    points = law(1.0, frequencies="linear", alpha=0.0)
    points += law(1.0, frequencies="linear", alpha=1.0, seed=1)
    (group,) = group_runs(points).groups
    assert group.alpha is None
    assert group.title == "linear"


def test_a_learning_rate_chosen_for_each_width_does_not_split_the_widths() -> None:
    points = [run(3 / m, width=m, learning_rate=0.1 / m, bias_learning_rate=2 / m) for m in WIDTHS]
    runs = group_runs(points)
    (group,) = runs.groups
    assert dict(group.setting)["learning_rate"] == BY_WIDTH
    assert group.series[0].fit is not None
    assert "0.025 at m = 4, 0.00625 at m = 16" in captions(points)["loss-width"]
    two_at_one_width = [*points, run(width=4, learning_rate=0.5)]
    assert len(group_runs(two_at_one_width).groups) == 4


def test_the_strong_law_falls_as_one_over_m_and_ends_at_n() -> None:
    (group,) = group_runs(law(1.0, decay=-1.0)).groups
    widths, losses = strong_law(group, np.array([4.0, 8.0, 30.0, 60.0, 90.0]))  # type: ignore[misc]
    assert widths.tolist() == [4, 8, 30]
    assert losses[0] == pytest.approx(0.75)
    assert losses[2] / losses[0] == pytest.approx(welch_floor(60, 30) / welch_floor(60, 4))


def test_the_weak_law_is_drawn_under_decay_only() -> None:
    widths = np.array([4.0, 16.0])
    (growing,) = group_runs(law(1.0, decay=-1.0)).groups
    (decaying,) = group_runs(law(1.0, decay=0.5)).groups
    assert weak_law(growing, widths) is None
    assert strong_law(decaying, widths) is None
    at, losses = weak_law(decaying, widths)  # type: ignore[misc]
    assert at.tolist() == [4, 16]
    assert losses[1] == weak_loss(decaying.probabilities, 16)


def test_rings_are_drawn_where_growth_left_norms_above_one() -> None:
    growing, decaying = captions(law(1.0, decay=-1.0)), captions(law(1.0, decay=1.0))
    assert "Rings" in growing["overlap-width"]
    assert "Rings" not in decaying["overlap-width"]


def test_represented_fractions_and_norms_are_those_of_the_runs(sweep: list[ToyPoint]) -> None:
    group = group_runs(sweep).groups[0]
    assert represented_by_decay(group, 8) == ([-1.0, 0.0, 0.5], [1.0, 8 / 60, 8 / 60])
    shares = norm_shares(group.series[1])
    assert shares.sum() == pytest.approx(1)
    assert shares[40] == pytest.approx((4 + 8 + 16) / 180)


def test_a_sweep_draws_seven_figures(sweep: list[ToyPoint], page: str) -> None:
    figures = drawings(sweep)
    assert list(figures) == NAMES
    for figure in figures.values():
        assert figure.title
        assert figure.caption
    elements = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    labels = [ElementTree.fromstring(svg).get("aria-label") for svg in elements]
    assert set(labels) == {figure.label for figure in figures.values()}


PHASE = {"n": 2, "width": 1, "alpha": 0.0, "decay": 0.0}


def test_the_phase_diagram_shows_the_best_seed_of_each_cell() -> None:
    points = [
        replace(run(loss, density=density, importance=importance, seed=seed, **PHASE), phase=phase)
        for density in (0.1, 1.0)
        for importance in (0.2, 1.0, 5.0)
        for seed, loss, phase in ((0, 0.2, Phase.ALIGNED), (1, 0.1, Phase.ANTIPODAL))
    ]
    (cells,) = phase_cells(group_runs(points)).values()
    assert sorted(cells) == [(p, r) for p in (0.05, 0.5) for r in (0.2, 1.0, 5.0)]
    assert {p.phase for p in cells.values()} == {Phase.ANTIPODAL}
    drawing = drawings(points)["phases"]
    assert "lowest loss" in drawing.caption
    figure = drawing.figure()
    figure.draw_without_rendering()
    assert len(figure.axes[0].patches) == 6
    low, high = figure.axes[0].get_xlim()
    assert low > high  # sparser to the right
    of(points).plot("phases")


def test_settings_of_a_phase_diagram_stand_side_by_side() -> None:
    points = [run(density=0.5, **PHASE), run(density=0.5, output="linear", **PHASE)]
    figure = drawings(points)["phases"].figure()
    assert [panel.get_title(loc="left") for panel in figure.axes] != ["", ""]
    with pytest.raises(UsageError, match="2 features in width 1"):
        of([run()]).plot("phases")


def test_colors_tell_growth_from_decay_and_every_decay_from_the_next() -> None:
    colors = decay_colors([-1.0, -0.01, 0.0, 0.001, 0.01, 1.0])
    assert len(set(colors.values())) == 6
    red, blue = (
        (int(colors[d][1:3], 16), int(colors[d][5:7], 16)) for d in (1.0, -1.0)
    )  # fmt: skip
    assert red[0] > red[1]
    assert blue[0] < blue[1]
    assert len({decay_mark(d) for d in (-1.0, 0.0, 1.0)}) == 3


def test_a_choice_of_panels_keeps_both_ends() -> None:
    assert spread(range(17), 6) == (0, 4, 8, 12, 16)
    assert spread(range(6), 6) == tuple(range(6))
    chosen = spread(range(24), 6)
    assert (chosen[0], chosen[-1], len(chosen)) == (0, 23, 6)


def test_many_alphas_and_decays_are_drawn_in_a_choice_that_is_named() -> None:
    points = [
        p
        for alpha in np.linspace(0, 2, 9)
        for decay in np.linspace(-1, 1, 10)
        for p in law(1.0, widths=(4, 8), alpha=float(alpha), decay=float(decay))
    ]
    figures = drawings(points)
    assert "Drawn are 5 of 9 groups" in figures["loss-width"].caption
    assert "Drawn are 4 of 10 decays" in figures["norms"].caption
    with styled():
        assert len(figures["loss-width"].paint().axes) == 5 + 1  # and the bar of decays
        assert len(figures["norms"].paint().axes) == 5 * 4


@pytest.mark.parametrize(
    ("points", "name", "said"),
    [
        ([run()], "loss-width", "All runs have the width 8, and an exponent takes two"),
        ([run()], "exponent-map", "Blank: 1 of 1 cells"),
        ([run(decay=-1.0)], "represented-decay", "All runs have the decay −1"),
        ([run(alpha=0.5)], "exponent-alpha", "All runs have the α 0.5"),
        ([run()], "overlap-width", "All runs have the width 8"),
        (
            law(1.0, frequencies="linear"),
            "exponent-alpha",
            "other frequency laws (linear) have no α",
        ),
        (
            [run(decay=-1.0), run(decay=1.0)],
            "loss-unrepresented",
            "1 run with an expected loss of 0.",
        ),
        ([run(float("nan"))], "loss-unrepresented", "1 run without a positive finite loss"),
    ],
)
def test_what_is_missing_is_said(points: list[ToyPoint], name: str, said: str) -> None:
    assert said in captions(points)[name]


@pytest.mark.parametrize(
    "points",
    [
        [run()],
        [run(float("nan"))],
        [run(width=60), run(width=80)],
        [run(n=1, width=1)],
        [run(decay=d) for d in (-1.0, 0.0, 1.0)],
        law(1.0, frequencies="linear") + law(1.0, frequencies="exponential"),
        law(1.0, widths=(4, 8)),
        [replace(p, observation=Observation(source="toy")) for p in law(1.0)],
    ],
    ids=["one", "no loss", "wide", "one feature", "one width", "laws", "two runs", "nothing known"],
)
def test_whatever_is_missing_all_seven_are_drawn(points: list[ToyPoint]) -> None:
    for name, drawing in zip(NAMES, drawings(points).values(), strict=True):
        assert drawing.name == name
        drawing.figure().draw_without_rendering()


def test_two_runs_leave_no_interval() -> None:
    runs = group_runs(law(1.0, widths=(4, 8)))
    assert exponent_text(runs.groups[0].series[0].fit) == "1.00  no interval"
    (line,) = exponent_lines(runs)
    assert (line.exponent, line.interval, line.runs) == ("1.00", "–", 2)


def test_numbers_have_the_sign_of_print_and_no_negative_zero() -> None:
    assert signed(-5 / 9) == "−0.556"
    assert fixed(-0.001) == "0.00"
    assert fixed(-1.234) == "−1.23"


def test_the_same_runs_make_the_same_bytes(
    page: str, sweep: list[ToyPoint], tmp_path: Path
) -> None:
    again = tmp_path / "again.html"
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        write_toy_report(of(sweep[::-1]), again)
    assert again.read_text("utf-8") == page
    assert not re.search(r"CreationDate|Software|20[2-9]\d-\d\d-\d\d", page)


def test_the_page_holds_everything_it_shows(page: str) -> None:
    assert page.count("<svg ") == 2 * 7  # for wide pages and for narrow ones
    assert "<script" not in page
    assert "url(http" not in page
    assert "@import" not in page
    links = re.findall(r'(?:src|href)="([^"#][^"]*)"', page)
    assert set(links) == {"data:,", "https://arxiv.org/abs/2505.10465"}  # an icon, and a citation
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_the_page_tables_every_exponent(page: str) -> None:
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td>', page)
    assert len(rows) == 9
    assert rows[0] == ("α\u00a0=\u00a00", "−1")
    assert "<td>4 8 16</td><td>3</td><td>2.25</td>" in page


def test_text_is_escaped_and_no_text_of_a_run_reaches_the_page(sweep: list[ToyPoint]) -> None:
    hostile = '<script>alert("$x_{")</script>'
    points = [
        replace(p, observation=replace(p.observation, family=hostile, model=hostile, run=hostile))
        for p in sweep
    ]
    runs = group_runs(points)
    assert "alert" not in render_toy(runs, [])
    (figure, *_) = sweep_drawings(runs)
    renamed = replace(runs, groups=(replace(runs.groups[0], title=hostile),))
    page = render_toy(renamed, [(replace(figure, caption=hostile), Markup("<svg/>"))])
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_no_runs_are_no_figures(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one"):
        of([]).plot("loss_width")
    file = tmp_path / "out.html"
    with pytest.raises(UsageError, match="at least one"):
        write_toy_report(of([]), file)
    assert not file.exists()


def test_a_page_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(UsageError, match=rf"cannot write {file / 'report.html'}"):
        write_toy_report(of([run()]), file / "report.html")
    assert file.read_text() == "in the way"


@pytest.mark.parametrize("alphas", [(0.0,), (0.5, 1.0), (0.0, 0.1, 2.0)])
def test_every_exponent_lies_inside_its_panel(alphas: tuple[float, ...]) -> None:
    decays = (-1.0, -0.5, 0.0, 0.5, 1.0)
    points = [p for alpha in alphas for decay in decays for p in law(1.0, alpha=alpha, decay=decay)]
    (panel,) = of(points).plot("exponent_alpha").axes
    low, high = panel.get_xlim()
    marks = [
        float(x) for line in panel.lines if line.get_marker() in "osD"
        for x in np.atleast_1d(line.get_xdata())
    ]  # fmt: skip
    assert len(marks) == len(alphas) * len(decays)
    assert all(low < x < high for x in marks)


def test_a_sweep_draws_itself(sweep: list[ToyPoint]) -> None:
    overview = of(sweep).plot()
    assert [panel.get_title(loc="left") for panel in overview.axes] == [
        "loss, α = 1", "overlap, α = 1", "exponents", "cause of the loss"
    ]  # fmt: skip
    assert of(sweep).plot("norms").axes
    with pytest.raises(UsageError, match="choose one of: overview, loss_width, exponent_map"):
        of(sweep).plot("fitted")


@pytest.mark.parametrize(
    "name",
    ["loss_width", "exponent_map", "exponent_alpha", "represented_decay", "overlap_width",
     "loss_unrepresented"],
)  # fmt: skip
def test_a_picture_of_one_panel_stands_in_axes_of_the_user(name: str) -> None:
    figure = Figure()
    ax = figure.subplots()
    assert of(law(1.0, decay=-1.0) + law(1.0, decay=0.5)).plot(name, ax=ax) is figure
    assert ax.has_data() or ax.patches
    assert ax.get_xlabel()


def test_a_picture_of_several_groups_has_no_room_in_one_panel(sweep: list[ToyPoint]) -> None:
    with pytest.raises(UsageError, match="several panels"):
        of(sweep).plot("loss_width", ax=Figure().subplots())
    of(sweep).plot("exponent_alpha", ax=Figure().subplots())
