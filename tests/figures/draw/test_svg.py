from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes

from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.svg import draw


def paint(axes: tuple[Axes, ...]) -> None:
    axes[0].plot([1, 2], [3, 4], color=LIGHT["raw"], marker="o")
    axes[0].set_title('a < b & "c"')


def drawing(key: str = "k", label: str = "a line") -> str:
    return str(draw(paint, key=key, label=label, height=2.0))


def test_it_is_a_bare_element_with_a_label() -> None:
    svg = drawing(label='what "it" shows <b>')
    assert svg.startswith("<svg ")
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == 'what "it" shows <b>'
    assert root.get("role") == "img"
    assert root.get("viewBox")
    tags = {element.tag for element in root.iter()}
    assert tags <= {"svg", "g", "path", "defs", "clipPath", "rect", "use"}  # text as paths
    assert "<!--" not in svg
    assert "<?" not in svg


def test_ids_of_two_figures_differ_and_references_stay_inside() -> None:
    found = []
    for key in ("one", "two"):
        svg = drawing(key)
        ids = re.findall(r'\bid="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
        assert references
        assert {a or b for a, b in references} <= set(ids)
        found.append(set(ids))
    assert not found[0] & found[1]


def test_the_same_figure_is_the_same_text() -> None:
    assert drawing() == drawing()


def test_whoever_writes_it_the_figure_is_the_same() -> None:
    plain = drawing()
    with matplotlib.rc_context({"font.size": 30, "text.usetex": True, "axes.facecolor": "red"}):
        assert drawing() == plain
        assert matplotlib.rcParams["font.size"] == 30


def test_colors_are_the_pages_variables() -> None:
    svg = drawing()
    assert "var(--raw)" in svg
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) == set()
    assert LIGHT.keys() == DARK.keys()
    assert len(set(LIGHT.values())) == len(LIGHT)
