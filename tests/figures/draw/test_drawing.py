from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
import pytest
from extras import needed
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from superscope.errors import UsageError
from superscope.figures.draw.canvas import Key, block, grid, keyed, line
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.draw.style import FULL_WIDTH, NARROW
from superscope.report.files import write_figures


def fill(panel: Axes) -> None:
    panel.plot([1, 2], [3, 4], color=LIGHT["raw"], marker="o", markeredgecolor=LIGHT["paper"])
    panel.fill_between([1, 2], [3, 4], [4, 5], color=LIGHT["ink"], alpha=0.2)
    panel.stairs([1, 2], [1, 1.5, 2], fill=True, color=LIGHT["centered"], alpha=0.5)
    panel.set_title('a < b & "c"')


def drawing(name: str = "k", label: str = "a line", panels: int = 1) -> Drawing:
    key = Key((line("law", "-"), block("band", LIGHT["ink"], 0.2)), heading="both")

    def paint() -> Figure:
        figure, axes = grid([""] * panels, key, height=1.5, columns=3)
        for panel in axes:
            fill(panel)
        return figure

    def panel(ax: Axes) -> None:
        fill(ax)
        keyed(ax, key)

    return Drawing(name, "title", "caption", label, paint, panel if panels == 1 else None)


def elements(shown: str) -> list[ElementTree.Element]:
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", shown, re.DOTALL)]


def test_it_is_a_bare_element_with_a_label() -> None:
    shown = drawing(label='what "it" shows <b>', panels=3).element()
    for root in elements(shown):
        assert root.get("aria-label") == 'what "it" shows <b>'
        assert root.get("role") == "img"
        assert root.get("viewBox")
        tags = {element.tag for element in root.iter()}
        assert tags <= {"svg", "g", "path", "defs", "clipPath", "rect", "use"}  # text as paths
    assert "<!--" not in shown
    assert "<?" not in shown


def test_ids_of_two_figures_differ_and_references_stay_inside() -> None:
    found = []
    for name in ("one", "two"):
        shown = drawing(name, panels=3).element()
        ids = re.findall(r'\bid="([^"]+)"', shown)
        assert len(ids) == len(set(ids))
        references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', shown)
        assert references
        assert {a or b for a, b in references} <= set(ids)
        found.append(set(ids))
    assert not found[0] & found[1]


def test_whoever_writes_it_the_figure_is_the_same() -> None:
    plain, files = drawing().element(), drawing().files("png", "pdf", "svg")
    with matplotlib.rc_context({"font.size": 30, "text.usetex": True, "axes.facecolor": "red"}):
        assert drawing().element() == plain
        assert drawing().files("png", "pdf", "svg") == files
        assert matplotlib.rcParams["font.size"] == 30


def test_colors_are_the_pages_variables() -> None:
    shown = drawing().element()
    assert "var(--raw)" in shown
    assert set(re.findall(r"#[0-9a-f]{6}\b", shown)) == set()


def test_a_wide_figure_has_a_narrow_form_for_telephones() -> None:
    wide, narrow = (float(e.get("viewBox", "").split()[2]) / 72
                    for e in elements(drawing(panels=3).element()))  # fmt: skip
    assert wide > 1.1 * NARROW
    assert narrow <= NARROW + 0.01
    assert len(elements(drawing().element())) == 2


@pytest.mark.parametrize("width", [NARROW, FULL_WIDTH])
def test_panels_lie_within_the_figure_and_not_on_each_other(width: float) -> None:
    figure = drawing(panels=3).figure(width=width)
    assert figure.get_size_inches()[0] <= width + 0.01
    boxes = [panel.get_position() for panel in figure.axes]
    assert all(0 < b.x0 < b.x1 < 1 and 0 < b.y0 < b.y1 < 1 for b in boxes)
    for k, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[k + 1 :])


def test_dark_is_light_with_each_roles_other_color() -> None:
    figure = drawing().figure(theme="dark")
    (panel,) = figure.axes
    curve, band, steps = panel.lines[0], panel.collections[0], panel.patches[0]
    assert to_hex(curve.get_color()) == DARK["raw"]
    assert to_hex(curve.get_markeredgecolor()) == DARK["paper"]
    assert to_hex(band.get_facecolor()[0]) == DARK["ink"]
    assert band.get_facecolor()[0][3] == pytest.approx(0.2)
    assert to_hex(steps.get_facecolor()) == DARK["centered"]
    assert steps.get_facecolor()[3] == pytest.approx(0.5)
    assert to_hex(figure.legends[0].get_texts()[0].get_color()) == DARK["ink"]
    assert to_hex(panel.title.get_color()) == DARK["ink"]
    assert not set(LIGHT.values()) & {to_hex(line.get_color()) for line in panel.lines}


def test_a_notebook_shows_a_figure_once_at_its_size() -> None:
    formatters = needed("IPython.core.formatters")
    figure = drawing().figure()
    data, metadata = formatters.DisplayFormatter().format(figure)
    assert data["image/png"][:4] == b"\x89PNG"
    assert metadata["image/png"]["width"] == round(96 * figure.get_size_inches()[0])
    assert set(data) == {"image/png", "text/plain"}


def test_axes_of_the_users_keep_their_figure_and_get_a_key() -> None:
    own = Figure()
    left, right = own.subplots(1, 2)
    assert drawing().figure(ax=right) is own
    assert not left.has_data()
    assert right.has_data()
    assert [t.get_text() for t in right.get_legend().get_texts()] == ["law", "band"]


def test_several_panels_refuse_one_ax() -> None:
    with pytest.raises(
        UsageError, match="'k' has several panels, so it cannot be drawn in ax; leave ax out"
    ):
        drawing(panels=2).figure(ax=Figure().add_subplot())


def test_what_cannot_be_drawn_says_why() -> None:
    with pytest.raises(UsageError, match="No pairs were measured"):
        Missing("Overlaps", "No pairs were measured.").figure()


def test_figures_are_written_three_ways(tmp_path: Path) -> None:
    written = write_figures([drawing("a"), drawing("b")], tmp_path / "new")
    assert [path.name for path in written] == [
        "a.png", "a.pdf", "a.svg", "b.png", "b.pdf", "b.svg",
    ]  # fmt: skip
    assert all(path.stat().st_size > 1000 for path in written)


def test_a_long_label_does_not_put_all_others_into_one_column() -> None:
    labels = ["a", "b", "a label of some length, as of a model", "c", "d", "e"]
    assert Key(tuple(line(label, "-") for label in labels)).rows(NARROW) <= 3
    assert Key(tuple(line("much longer " * 6, "-") for _ in range(3))).rows(NARROW) == 3


def test_a_key_lies_within_the_figure() -> None:
    figure = drawing().figure(width=NARROW)
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    assert box.y1 <= figure.bbox.y1
    assert box.y0 >= figure.axes[0].get_window_extent().y1
