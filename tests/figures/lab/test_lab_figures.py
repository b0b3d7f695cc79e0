"""Pictures and page of lab runs show what the result says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from lab_tables import joined, simulate
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from superscope import lab
from superscope.errors import UsageError
from superscope.figures import pictures
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.lab import report_drawings
from superscope.figures.lab._worth import worth_drawing
from superscope.lab import LabReport
from superscope.report import write_lab_report

BUDGETS = (500_000, 2_000_000)


@pytest.fixture(scope="module")
def report() -> LabReport:
    """Two variants at two budgets, narrow heads, and six settings of the baseline."""
    grid = simulate({"muon": 1.25, "sgd": 0.8}, tokens=BUDGETS, noise=0.004)
    heads = simulate({"factored=32": 0.5, "factored=64": 0.8}, widths=(128,), noise=0.004)
    heads = heads[heads["variant"] != "adamw"]
    rates = (simulate({}, noise=0.01, rng=k, learning_rate=0.0015 * 2**k) for k in range(6))
    return lab.report(joined(grid, heads, *rates))


def marks(panel: Axes) -> list[float]:
    """Return where marks of a single point lie, along x."""
    return sorted(float(line.get_xdata()[0]) for line in panel.lines if len(line.get_xdata()) == 1)


def test_a_report_draws_all_of_it(report: LabReport) -> None:
    drawn = report_drawings(report)
    assert [d.name for d in drawn if isinstance(d, Drawing)] == [
        "worth", "gains", "overlap-loss", "slopes", "heads",
    ]  # fmt: skip
    for result in (report, report.gains, report.slopes, report.correlations, report.heads[0]):
        for name in pictures(result):
            assert result.plot(name, theme="dark").axes


def test_factors_lie_where_they_are(report: LabReport) -> None:
    (panel,) = report.gains.plot().axes
    found = [c.factor.value for c in report.gains.comparisons]
    assert marks(panel) == pytest.approx(sorted(found))
    names = [t.get_text() for t in panel.texts]
    assert names == ["muon", "sgd"]


def test_gains_lie_where_they_are(report: LabReport) -> None:
    panels = report.gains.plot("gains").axes
    for panel, width in zip(panels, (32, 64, 128), strict=True):
        of = [c for c in report.gains.comparisons if len(c.widths) > 1]
        assert marks(panel) == sorted(
            w.gain.value for c in of for w in c.widths if w.width == width
        )
        assert [t.get_text() for t in panel.texts] == ["muon", "sgd"]


def test_many_variants_and_budgets_are_drawn_within_the_panels() -> None:
    """Each in a row of its own, and no two budgets on top of each other."""
    many = {f"variant {k}": 0.5 + k / 8 for k in range(12)}
    gains = lab.gains(simulate(many, tokens=BUDGETS, widths=(24, 96, 192), noise=0.004))
    for name in ("worth", "gains"):
        for panel in gains.plot(name).axes:
            left, right = panel.get_xlim()
            bottom, top = panel.get_ylim()
            rows = []
            for line in panel.lines:
                x, y = line.get_xdata(), line.get_ydata()
                if len(x) == 1:
                    rows.append(float(y[0]))
                    assert left < x[0] < right and top < y[0] < bottom
            assert len(set(rows)) == len(rows) == 24
            assert len(panel.texts) == 12


def test_bounds_are_arrows_and_open_intervals_lead_to_the_edge() -> None:
    gains = lab.gains(simulate({"far": 5, "near": 1.2}, noise=0.004))
    far, near = gains.comparisons
    near = replace(near, factor=replace(near.factor, high=None, high_beyond="widest"))
    wide = replace(near.factor, low=None, low_beyond="narrowest")
    both = replace(near, choice=replace(near.choice, variant="both"), factor=wide)
    (panel,) = replace(gains, comparisons=(far, near, both)).plot().axes
    (arrow,) = (line for line in panel.lines if line.get_marker() == ">")
    assert list(arrow.get_xdata()) == [far.factor.above]
    left, right = panel.get_xlim()
    bars = [[far.factor.above, right], [near.factor.low, right], [left, right]]
    drawn = [
        list(line.get_xdata()) for line in panel.lines if line.get_color() == arrow.get_color()
    ]
    assert [ends for ends in drawn if len(ends) == 2] == bars
    caption = " ".join(worth_drawing(gains).caption.split())
    assert "An arrow is a bound" in caption and "a mark without one has one seed" in caption


def test_every_rank_has_its_tick() -> None:
    ranks = (24, 48, 192)
    table = simulate({f"factored={r}": r / 192 for r in ranks}, widths=(192,), noise=0.004)
    bodies = simulate({}, widths=ranks, noise=0.004, rng=1)
    table = joined(table[table["variant"] != "adamw"], bodies)
    (panel,) = lab.head_or_body(table)[0].plot().axes
    assert panel.get_xticks().tolist() == list(ranks)


def test_slopes_and_heads_lie_where_they_are(report: LabReport) -> None:
    last = report.slopes.plot().axes[-1]
    raw = [s.value.value for v in report.slopes.variants if v.tokens == 2_000_000 for s in v.slopes
           if s.column != "loss"]  # fmt: skip
    assert marks(last) == pytest.approx(sorted(raw))
    (panel,) = report.heads[0].plot().axes
    assert marks(panel) == [32, 32, 64, 64]


def test_a_point_is_a_setting(report: LabReport) -> None:
    raw, centered = report.correlations.plot().axes
    cells = [c for c in report.correlations.cells if len(c.loss) >= 4]
    assert len(cells) == 3
    for panel, name in ((raw, "raw"), (centered, "centered")):
        drawn = [line.get_xdata() for line in panel.lines if len(line.get_xdata()) > 2]
        for line, cell in zip(drawn, cells, strict=True):
            np.testing.assert_array_equal(line, getattr(cell, name))


def test_a_panel_is_drawn_in_axes_of_the_user(report: LabReport) -> None:
    ax = Figure().subplots()
    report.gains.plot(ax=ax)
    assert ax.has_data()
    with pytest.raises(UsageError, match="several panels"):
        report.slopes.plot(ax=ax)


def test_what_cannot_be_drawn_says_why() -> None:
    alone = lab.report(simulate({}, widths=(64,)))
    reasons = [d.reason for d in report_drawings(alone) if isinstance(d, Missing)]
    assert reasons == [
        "No gain is a factor of width.", "No variant has a gain.",
        "No variant was trained at four settings of one width and budget or more.",
        "No variant was trained at two widths.",
    ]  # fmt: skip


def test_the_page_has_verdicts_tables_and_figures(report: LabReport, tmp_path: Path) -> None:
    write_lab_report(report, tmp_path / "a.html")
    write_lab_report(report, tmp_path / "b.html")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert page == (tmp_path / "b.html").read_text("utf-8")
    assert "<h2>muon</h2>" in page and "<p>worth +" in page and "It persists." in page
    for key in ("gains", "settings", "slopes", "correlations", "heads-1", "figure-worth"):
        assert f'id="{key}"' in page and f'href="#{key}"' in page
    assert "<script" not in page


def test_names_of_others_are_escaped(tmp_path: Path) -> None:
    script = "<script>alert(1)</script>"
    table = simulate({script: 1.2}, noise=0.004, dataset=script)
    write_lab_report(lab.report(table), tmp_path / "page.html")
    assert "<script" not in (tmp_path / "page.html").read_text("utf-8")
