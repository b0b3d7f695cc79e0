"""Charts are renewed where they stand, and one that has left the page is kept by nothing."""

from __future__ import annotations

import numpy as np
import pytest
from pages import Opened, needs_page

import superscope
from superscope.explorer import write_explorer

pytestmark = [pytest.mark.slow, needs_page]
COUNTED = """
globalThis.listening = 0;
const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
const held = new WeakMap();
const scheme = (list) => list.media.includes("color-scheme"); // uPlot follows the resolution
const of = (list) => held.get(list) ?? held.set(list, new Set()).get(list);
MediaQueryList.prototype.addEventListener = function (type, listener) {
  if (scheme(this) && !of(this).has(listener)) listening += 1;
  of(this).add(listener);
  add.call(this, type, listener);
};
MediaQueryList.prototype.removeEventListener = function (type, listener) {
  if (of(this).delete(listener) && scheme(this)) listening -= 1;
  remove.call(this, type, listener);
};
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("charts") / "page"
    rows = np.random.default_rng(0).normal(size=(60, 8))
    write_explorer(superscope.lens(rows, progress=None), out=folder, layouts=[], progress=None)
    return (folder / "index.html").as_uri()


def test_a_chart_that_has_left_the_page_listens_to_nothing(browser, address):
    page = browser.new_page()
    page.add_init_script(COUNTED)
    page.goto(f"{address}#view=find&tokens=1")
    for token in range(2, 6):
        page.wait_for_function("() => document.querySelectorAll('.uplot').length === 1")
        page.wait_for_function("() => listening === 1")
        page.evaluate(f"location.hash = '#view=find&tokens={token}'")
        page.wait_for_selector(f"main caption:has-text('nearest to #{token},')")
    page.evaluate("location.hash = '#view=find'")
    page.wait_for_function("() => document.querySelectorAll('.uplot').length === 0")
    page.wait_for_function("() => listening === 0")


def test_new_numbers_and_new_colors_are_drawn(browser, address):
    opened = Opened(browser, f"{address}#view=toy&toy.n=12&toy.m=2&toy.decay=1&toy.steps=20000")
    page = opened.page
    page.wait_for_function("() => document.querySelectorAll('.uplot').length === 2")
    norms = page.locator(".chart canvas").first
    kept, before = norms.element_handle(), norms.evaluate("one => one.toDataURL()")
    page.wait_for_function("([one, before]) => one.toDataURL() !== before", arg=[kept, before])
    assert kept.evaluate("one => one.isConnected")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_timeout(300)
    light = norms.evaluate("one => one.toDataURL()")
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(300)
    assert page.locator(".chart canvas").first.evaluate("one => one.toDataURL()") != light
    opened.check()
