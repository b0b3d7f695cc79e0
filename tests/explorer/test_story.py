"""The story: each screen opens, replays from its address, and shows superscope's own numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from pages import Opened, needs_page
from repackings import make_repacking

import superscope
from superscope.explorer import write_explorer
from superscope.explorer.published import published_law

pytestmark = [pytest.mark.slow, needs_page]
SCREENS = range(1, 8)
FEATURES, WIDTH = 300, 12


@pytest.fixture(scope="module")
def lens():
    rows = np.random.default_rng(0).normal(size=(FEATURES, WIDTH)).astype(np.float32) + 0.5
    return superscope.lens(rows, tokens=[f" word{i}" for i in range(FEATURES)], progress=None)


@pytest.fixture(scope="module")
def repacking():
    return replace(make_repacking(other=True), rows=FEATURES, width=WIDTH)


@pytest.fixture(scope="module")
def address(lens, repacking, tmp_path_factory):
    """Two models: one with texts and narrower heads, one of ids with room for all."""
    folder = tmp_path_factory.mktemp("story") / "page"
    roomy = np.random.default_rng(1).normal(size=(9, 20)).astype(np.float32)
    write_explorer(lens, roomy, out=folder, results=[repacking], layouts=(), progress=None)
    return (folder / "index.html").as_uri()


@pytest.fixture(scope="module")
def opened(browser, address):
    page = Opened(browser, address)
    yield page
    page.check()


def _screen(opened, screen, more=""):
    """Go to a screen by its address, and return what it says."""
    opened.page.evaluate("hash => { location.hash = hash }", f"view=story&screen={screen}{more}")
    opened.page.wait_for_selector(f"h2:has-text('{screen}. ')")
    if screen == 1:
        opened.page.wait_for_selector("caption:has-text('nearest')")
    return _text(opened)


def _text(opened):
    return opened.page.locator("main section").first.inner_text()


def test_it_comes_first_and_keys_and_buttons_turn_its_screens(browser, address):
    opened = Opened(browser, address)
    title = opened.page.locator("main h2")
    assert title.inner_text().startswith("1. ")
    opened.page.keyboard.press("ArrowRight")
    assert title.inner_text().startswith("2. ")
    slider = opened.page.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")  # the slider's own
    assert title.inner_text().startswith("2. ")
    assert "arrows=6" in opened.page.url
    opened.page.get_by_role("button", name="Next").click()
    assert title.inner_text().startswith("3. ")
    assert title.evaluate("one => one === document.activeElement")
    opened.page.keyboard.press("ArrowLeft")
    assert title.inner_text().startswith("2. ")
    assert "screen=2" in opened.page.url
    assert opened.page.get_by_role("button", name="Back").is_enabled()
    opened.page.get_by_role("link", name="7. ").click()
    assert opened.page.get_by_role("button", name="Next").is_disabled()
    opened.check()
    opened.page.close()


@pytest.mark.parametrize("model", [1, 2])
def test_every_screen_opens_and_says_where_its_numbers_come_from(opened, model):
    for screen in SCREENS:
        text = _screen(opened, screen, f"&story.model={model}")
        assert "Where the numbers come from" in text
        assert "NaN" not in text and "undefined" not in text
        assert opened.page.evaluate("document.documentElement.scrollWidth") <= 1280
    opened.check()


def test_an_address_replays_what_was_seen(browser, opened):
    for screen, more in ((1, "&tokens=40"), (2, "&arrows=7"), (7, "&story.model=2")):
        seen = _screen(opened, screen, more)
        again = Opened(browser, opened.page.url)
        if screen == 1:
            again.page.wait_for_selector("caption:has-text('nearest')")
        assert _text(again) == seen
        again.page.close()


def test_the_directions_are_those_of_the_lens(opened, lens):
    _screen(opened, 1, "&tokens=40")
    rows = opened.page.locator("table:has(caption:has-text('\" word40\"')) tbody tr")
    rows.first.wait_for()
    shown = [row.split() for row in rows.all_inner_texts()]
    for near, row in zip(lens[40].neighbors[:5], shown, strict=True):
        assert f"{near.overlap:.4f}" in row
        assert f'{near.entry.text.strip()}"' in row


def test_overlaps_bounds_and_noise_are_those_of_the_geometry(opened, lens):
    raw, centered = lens.geometry.raw, lens.geometry.centered
    room = _screen(opened, 2)
    assert f"{raw.welch_floor:.4g}" in room and f"{1 / WIDTH:.4g}" in room
    strength = _screen(opened, 3)
    assert f"By its norms it is {lens.geometry.regime}" in strength
    assert f"{100 * lens.geometry.represented_fraction:.4g} %" in strength
    interference = _screen(opened, 4)
    for overlap in (raw, centered):
        assert f"{overlap.mean_square_overlap:.4g}" in interference
        assert f"{overlap.ratio_to_random:.3g}×" in interference
        assert f"{overlap.effective_width:.3g} of {WIDTH}" in interference
    assert lens.geometry.evidence.meaning in interference
    reading = _screen(opened, 6)
    assert f"k = {1 / centered.mean_square_overlap:.3g} for centered rows" in reading
    hardest = lens.tokens().nlargest(8, "interference_centered")["token"]
    assert all(token.strip() in reading for token in hardest)


def test_room_for_all_is_said_rightly(opened):
    assert "V ≤ m, so there is room for all" in _screen(opened, 2, "&story.model=2")
    assert "V ≤ m" in _screen(opened, 3, "&story.model=2")
    assert "is there: V = 9, m = 20" in _screen(opened, 5, "&story.model=2")
    assert "#4" in _screen(opened, 1, "&story.model=2")


def test_toys_are_weak_and_strong(opened):
    _screen(opened, 3)
    opened.page.wait_for_selector("caption:text-is('The two toys')")
    row = opened.page.locator("tr:has(th:text-is('regime')) td")
    assert row.all_inner_texts() == ["weak", "strong"]


def test_the_overlap_of_toys_follows_chance_until_all_have_room(opened):
    text = _screen(opened, 5)
    opened.page.wait_for_selector("caption:has-text('each doubling')")
    rows = opened.page.locator("table:has(caption:has-text('each doubling')) tbody tr")
    cells = [re.split(r"\s*\t\s*", row) for row in rows.all_inner_texts()]
    widths, losses, overlaps = ([float(row[k]) for row in cells] for k in (0, 1, 3))
    assert losses == sorted(losses, reverse=True)
    for width, overlap in list(zip(widths, overlaps, strict=True))[:3]:
        assert 0.75 / width < overlap < 1.25 / width
    assert overlaps[-1] < 0.1 / widths[-1]
    law = published_law()
    assert f"α = {law['alpha']:.3g} ({law['low']:.3g} to {law['high']:.3g}" in text


def test_narrower_heads_are_there_or_how_to_make_them_is_said(opened, repacking):
    text = _screen(opened, 7)
    half = repacking.half
    assert f"{half.excess.value:.3g} ± {half.excess.error:.2g} nats per token" in text
    for rank in repacking.ranks:
        assert f"{repacking.best(rank).excess.value:.3g} ± " in text
    assert "superscope repack MODEL" in _screen(opened, 7, "&story.model=2")
