"""The map in a real browser: points can be seen, pointed at, moved and linked to."""

from __future__ import annotations

import numpy as np
import pytest
from pages import Opened, needs_page

import superscope
from superscope.explorer import read_parts, write_explorer

pytestmark = [pytest.mark.slow, needs_page]


@pytest.fixture(scope="module")
def lens():
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 3)) @ random.normal(size=(3, 16))
    rows += 0.2 * random.normal(size=rows.shape)
    tokens = [f" word{i}" for i in range(400)]
    return superscope.lens(rows, tokens=tokens, frequencies=1 / np.arange(1.0, 401), progress=None)


@pytest.fixture(scope="module")
def folder(lens, tmp_path_factory):
    folder = tmp_path_factory.mktemp("map") / "page"
    write_explorer(lens, out=folder, layouts=["pca"], progress=None)
    return folder


@pytest.fixture(scope="module")
def opened(browser, folder):
    page = Opened(browser, f"{(folder / 'index.html').as_uri()}#view=map")
    yield page
    page.check()


@pytest.fixture
def page(opened):
    """The page with the map as it is at first."""
    opened.page.mouse.move(0, 0)
    opened.page.evaluate("location.hash = '#view=map'")
    opened.page.wait_for_timeout(100)
    return opened.page


def _colors(page):
    """Return how many pixels of the canvas have another color than its corner."""
    return page.evaluate(
        """() => {
            const canvas = document.querySelector("canvas");
            const { data } = canvas.getContext("2d").getImageData(
                0, 0, canvas.width, canvas.height);
            const pixels = new Uint32Array(data.buffer);
            return pixels.reduce((n, one) => n + (one !== pixels[0] ? 1 : 0), 0);
        }"""
    )


def _moved(page, key, times=1):
    page.locator("canvas").focus()
    for _ in range(times):
        page.keyboard.press(key)
    page.wait_for_timeout(350)  # the address is written when the map is still


def _place(page, points, at):
    """Return where a point is on the page, when all is shown."""
    box = page.locator("canvas").bounding_box()
    points = points.astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(box["width"] / (high - low)[0], box["height"] / (high - low)[1]) / 1.06
    x, y = (scale * (points[at] - (low + high) / 2)).tolist()
    return box["x"] + box["width"] / 2 + x, box["y"] + box["height"] / 2 - y


def test_a_point_tells_what_it_is_and_is_chosen(page, folder, lens):
    assert _colors(page) > 400
    points = read_parts(folder)["0-map"].arrays["pca"]
    at = int(points[:, 0].argmax())
    place = _place(page, points, at)
    page.mouse.move(*place)
    tip = page.locator(".tip")
    tip.wait_for()
    assert f'" word{at}" #{at}' in tip.inner_text()
    assert "norm" in tip.inner_text()
    page.mouse.click(*place)
    page.wait_for_selector("table:has(caption:has-text('nearest to'))")
    ids = page.locator("main section td:nth-child(2)").all_inner_texts()
    assert [int(one[1:]) for one in ids] == [near.entry.id for near in lens[at].neighbors]
    assert f"tokens={at}" in page.url


def test_the_nearest_in_the_picture_are_counted(page, folder, lens):
    page.evaluate("location.hash = '#view=map&tokens=17'")
    page.wait_for_selector("caption:has-text('word17')")
    points = read_parts(folder)["0-map"].arrays["pca"].astype(np.float64)
    apart = ((points - points[17]) ** 2).sum(axis=1)
    apart[17] = np.inf
    near = [one.entry.id for one in lens[17].neighbors]
    before = [int((apart < apart[i]).sum()) for i in near]
    told = page.locator("main section td:nth-child(4)").all_inner_texts()
    assert [int(one.replace(",", "")) for one in told] == before
    close = sum(place < 10 for place in before)
    assert f", {close or 'none'} " in page.locator("main section p").inner_text()


def test_keys_move_the_map_and_the_address_replays_it(page, browser):
    _moved(page, "+", 3)
    _moved(page, "ArrowRight", 2)
    assert "zoom=3.375" in page.url and "middle=" in page.url
    spoken = page.locator("main p.status").inner_text()
    assert spoken.startswith('" word')
    again = Opened(browser, page.url)
    again.page.wait_for_timeout(200)
    again.check()
    page.locator("canvas").blur()
    page.wait_for_timeout(100)
    data = "document.querySelector('canvas').toDataURL()"
    assert page.evaluate(data) == again.page.evaluate(data)
    page.locator("canvas").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_selector("main section td")
    assert "tokens=" in page.url
    _moved(page, "0")
    assert "zoom=" not in page.url


def test_colors_have_a_legend_and_the_choice_is_in_the_address(page):
    page.get_by_label("Color by").focus()
    page.get_by_label("Color by").select_option("interference_centered")
    assert "color=interference_centered" in page.url
    assert "× chance" in page.locator(".legend").inner_text()
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.get_by_text("The ends of the picture", exact=True).click()
    page.locator("details table tbody tr").nth(17).wait_for()


def test_the_page_says_what_the_layout_keeps(page, folder):
    layout = read_parts(folder)["0-map"].meta["layouts"][0]
    words = page.locator("figcaption").inner_text()
    assert layout["words"] in words
    assert f"{100 * layout['share']:.2g} %" in words
    assert "a random picture keeps 2.5 %" in words


def test_a_point_of_another_model_is_the_same_text_in_the_first(browser, lens, tmp_path):
    ids = np.arange(400)[::-1]
    other = superscope.lens(lens.head.take(ids), tokens=[f" word{i}" for i in ids], progress=None)
    write_explorer(lens, other, out=tmp_path / "page", layouts=["pca"], progress=None)
    address = (tmp_path / "page/index.html").as_uri()
    opened = Opened(browser, f"{address}#view=map&model=1&tokens=17")
    opened.page.wait_for_selector("caption:has-text('word17')")
    first = opened.page.locator("main section td:nth-child(2)").first.inner_text()
    assert int(first[1:]) == 399 - lens[17].neighbors[0].entry.id
    opened.page.locator("canvas").focus()
    opened.page.keyboard.press("ArrowLeft")
    opened.page.keyboard.press("Enter")
    opened.page.wait_for_selector(".chip:nth-child(2)")
    chosen = opened.page.url.split("tokens=")[1].split("&")[0].split("%2C")[-1]
    opened.page.wait_for_selector(f"caption:has-text('word{chosen}')")
    opened.check()


def test_a_page_without_a_map_says_so(browser, lens, tmp_path):
    write_explorer(lens, out=tmp_path / "page", layouts=[], progress=None)
    opened = Opened(browser, f"{(tmp_path / 'page/index.html').as_uri()}#view=map")
    assert "no map" in opened.page.locator("main").inner_text()
    opened.check()


def test_a_choice_in_the_midst_of_a_move_does_not_take_it_back(page):
    page.locator("canvas").focus()
    page.evaluate(
        """() => {
            const canvas = document.querySelector("canvas");
            for (const key of ["+", "+", "Enter"])
                canvas.dispatchEvent(new KeyboardEvent("keydown", { key }));
        }"""
    )
    page.wait_for_selector("main section td")
    page.wait_for_timeout(350)
    assert "zoom=2.25" in page.url
