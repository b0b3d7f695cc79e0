"""Colors that stand side by side can be told apart, also in greyscale and by the color-blind."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from superscope.figures.draw.colors import DARK, LIGHT, SERIES, THEMES, series
from superscope.figures.toy.keys import decay_colors, width_colors

GROUPS = (("raw", "centered", "frequency", "ink"), ("opt", "qwen", "gpt2", "pythia"))
PAIRS = [pair for group in GROUPS for pair in combinations(group, 2)]
DEUTERANOPIA = np.array([
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.011820, 0.042940, 0.968881],
])  # fmt: skip
"""Of linear RGB: Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def linear(color: str) -> np.ndarray:
    values = np.array(to_rgb(color))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return lightness L* and the hue coordinates a*, b* of CIE 1976."""
    t = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(color: str, paper: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted(float((TO_XYZ @ linear(c))[1]) for c in (color, paper))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_colors_differ_in_greyscale_and_to_deuteranopes(
    theme: str, one: str, other: str
) -> None:
    first, second = (linear(THEMES[theme][role]) for role in (one, other))
    assert abs(lab(first)[0] - lab(second)[0]) > 8
    assert np.linalg.norm(lab(DEUTERANOPIA @ first) - lab(DEUTERANOPIA @ second)) > 20


@pytest.mark.parametrize("theme", THEMES)
def test_marks_stand_out_from_the_paper_and_letters_more(theme: str) -> None:
    colors = THEMES[theme]
    for role in SERIES:
        assert contrast(colors[role], colors["paper"]) > 3
    for role in ("ink", "muted"):
        assert contrast(colors[role], colors["paper"]) > 4.5


def test_themes_have_the_same_roles_and_no_color_has_two() -> None:
    assert LIGHT.keys() == DARK.keys()
    assert len(set(LIGHT.values())) == len(LIGHT)


def test_no_two_of_many_look_alike() -> None:
    styles = list(series(f"family {k}" for k in range(70)).values())
    assert len({(s.marker, s.filled) for s in styles[:20]}) == 20  # also without color
    assert len({s.color for s in styles[:7]}) == 7
    assert len({(s.color, str(s.dash)) for s in styles[:28]}) == 28
    assert len({(s.color, s.marker) for s in styles}) == 70
    assert all(s.filled and s.dash == "-" for s in styles[:7])
    outline = next(s for s in styles if not s.filled)
    assert outline.marks()["markerfacecolor"] == LIGHT["paper"] != outline.color
    assert outline.line()["linestyle"] == outline.dash


def test_a_name_that_comes_again_has_one_style() -> None:
    styles = series(["OPT", "Qwen2.5", "OPT"])
    assert list(styles) == ["OPT", "Qwen2.5"]
    assert set(styles.values()) <= set(series("abcdefg").values())


def test_decays_and_widths_differ_in_lightness_and_stand_out_from_either_paper() -> None:
    decays = decay_colors([-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0])
    growth, decay = list(decays.items())[:4], list(decays.items())[4:]
    widths = sorted(width_colors([4, 8, 16, 32, 64]).items(), reverse=True)
    for ramp in (sorted(growth), sorted(decay, reverse=True), widths):
        lightness = np.array([lab(linear(color))[0] for _, color in ramp])
        assert (np.diff(lightness) > 4).all(), "the larger is the darker"
        for theme in THEMES.values():
            assert all(contrast(color, theme["paper"]) > 2 for _, color in ramp)
