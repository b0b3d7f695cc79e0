from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from superscope.errors import UsageError
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.geometry import geometry_drawings
from superscope.geometry import Geometry, measure_head
from superscope.heads import Head


def test_a_geometry_is_drawn_in_four_panels_under_its_name(random_geometry: Geometry) -> None:
    figure = random_geometry.plot()
    assert [panel.get_title(loc="left") for panel in figure.axes] == [
        "overlaps of pairs", "row norms", "spectrum", "overlap against width",
    ]  # fmt: skip
    assert figure.texts[0].get_text() == "lab/random: V = 2,000, m = 64"
    assert all(panel.has_data() for panel in figure.axes)


@pytest.mark.parametrize(
    ("what", "panels"), [("overlap", 2), ("norms", 1), ("spectrum", 1), ("width", 1)]
)
def test_each_picture_stands_alone_or_in_axes_of_the_users(
    random_geometry: Geometry, what: str, panels: int
) -> None:
    assert len(random_geometry.plot(what).axes) == panels
    own = Figure()
    panel = own.add_subplot()
    assert random_geometry.plot(what, ax=panel) is own
    assert own.axes == [panel]
    assert panel.has_data()
    assert panel.get_xlabel()
    assert panel.get_legend() is not None


def test_an_unknown_picture_lists_those_there_are(random_geometry: Geometry) -> None:
    names = "overview, overlap, norms, spectrum, width"
    with pytest.raises(UsageError, match=f"no picture 'norm' of a Geometry; choose .*: {names}"):
        random_geometry.plot("norm")


def test_four_panels_do_not_fit_into_one(random_geometry: Geometry) -> None:
    with pytest.raises(UsageError, match="several panels"):
        random_geometry.plot(ax=Figure().add_subplot())


def test_an_unknown_theme_lists_those_there_are(random_geometry: Geometry) -> None:
    with pytest.raises(UsageError, match="no theme 'night'; choose one of: light, dark"):
        random_geometry.plot(theme="night")


def test_the_dark_theme_has_the_dark_color_of_each_role(random_geometry: Geometry) -> None:
    light = random_geometry.plot("spectrum").axes[0]
    dark = random_geometry.plot("spectrum", theme="dark").axes[0]
    assert [line.get_color() for line in light.lines] == [
        LIGHT[role] for role in ("ink", "raw", "centered")
    ]
    from matplotlib.colors import to_hex

    assert [to_hex(line.get_color()) for line in dark.lines] == [
        DARK[role] for role in ("ink", "raw", "centered")
    ]
    assert to_hex(dark.figure.get_facecolor()) == DARK["paper"]
    assert to_hex(dark.xaxis.label.get_color()) == DARK["ink"]


def test_without_pairs_three_panels_remain(rng: np.random.Generator) -> None:
    geometry = measure_head(Head.from_array(rng.normal(size=(30, 4))), pairs="none")
    first, *others = geometry.plot().axes
    assert [text.get_text() for text in first.texts] == ["pairs were not measured"]
    assert all(panel.has_data() for panel in others)
    assert [d.name for d in geometry_drawings([geometry])] == ["norms", "spectrum", "width"]


def test_drawings_of_several_models_have_names_of_their_own(random_geometry: Geometry) -> None:
    names = [d.name for d in geometry_drawings([random_geometry] * 2)]
    assert len(set(names)) == len(names) == 7
    assert names[-1] == "width"


def test_a_name_with_dollars_and_foreign_letters_is_drawn_as_it_is(
    rng: np.random.Generator,
) -> None:
    head = Head.from_array(rng.normal(size=(30, 4)), model="$\\frac{1}\n漢")
    text = measure_head(head).plot().texts[0].get_text()
    assert text.startswith("\\$\\frac{1}\\n□: V = 30")
