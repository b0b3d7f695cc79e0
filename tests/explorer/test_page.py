"""A real browser opens the page from disk."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from pages import Opened, needs_page
from traces import make_trace

import superscope
from superscope.errors import SuperscopeError
from superscope.explorer import write_explorer
from superscope.lens.token_columns import ARGMAX

pytestmark = [pytest.mark.slow, needs_page]
HOSTILE = ["<script>alert(1)</script>", "\u202eright", "\x00\x07", "a" * 100_000, "\n", ' "']


@pytest.fixture(scope="module")
def lens():
    """A head of 600 tokens, some of them hostile, two of them equal."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(600, 24)).astype(np.float32)
    rows[7] = rows[3]
    tokens = [*HOSTILE, *(f" word{i}" for i in range(594))]
    return superscope.lens(rows, tokens=tokens, frequencies=1 / np.arange(1.0, 601), progress=None)


@pytest.fixture(scope="module")
def page(lens, tmp_path_factory):
    folder = tmp_path_factory.mktemp("explorer") / "page"
    write_explorer(lens, out=folder, layouts=["pca"], progress=None)
    return folder / "index.html"


def _nearest(opened):
    opened.page.wait_for_selector("main td")
    texts = opened.page.locator("table:has(caption:has-text('nearest to')) td:nth-child(2)")
    return [int(text[1:]) for text in texts.all_inner_texts()]


@pytest.mark.parametrize("center", ["none", "mean", "frequency"])
def test_the_rows_nearest_are_those_of_the_lens(browser, lens, page, center):
    looked = superscope.lens(lens.head, center=center, frequencies=lens.frequencies, progress=None)
    for token in (3, 5, 40):
        opened = Opened(browser, f"{page.as_uri()}#tokens={token}&center={center}")
        assert _nearest(opened) == [near.entry.id for near in looked[token].neighbors]
        opened.check()
        opened.page.close()


def test_tokens_are_found_by_keyboard_and_the_address_replays_them(browser, page):
    opened = Opened(browser, f"{page.as_uri()}#view=find")
    box = opened.page.get_by_role("combobox", name=re.compile("A token"))
    box.fill("WORD12")
    box.press("ArrowDown")
    box.press("Enter")
    box.fill("#40")
    box.press("Enter")
    opened.page.wait_for_selector("caption:has-text('with each other')")
    shown = opened.page.locator("main .table").all_inner_texts()
    again = Opened(browser, opened.page.url)
    again.page.wait_for_selector("caption:has-text('with each other')")
    assert again.page.locator("main .table").all_inner_texts() == shown
    assert "tokens=18%2C40" in opened.page.url
    opened.page.go_back()
    opened.page.wait_for_selector("caption:has-text('with each other')", state="detached")
    assert opened.page.url.endswith("tokens=18")
    opened.check()


def test_tokens_of_any_model_are_found_and_the_others_stand_beside(browser, lens, tmp_path):
    ids = np.arange(599, 299, -1)
    tokens = [f" word{i}" if i % 2 else f" other{i}" for i in ids]
    other = superscope.lens(lens.head.take(ids), tokens=tokens, progress=None)
    write_explorer(lens, other, out=tmp_path / "page", layouts=[], progress=None)
    opened = Opened(browser, f"{(tmp_path / 'page/index.html').as_uri()}#view=find&tokens=11")
    opened.page.get_by_label("Model").select_option("1")
    for typed in ("other400", " word401"):
        opened.page.get_by_role("combobox", name=re.compile("A token")).fill(typed)
        opened.page.keyboard.press("Enter")
    # The first model has " word401", which is its 407th, and nothing like " other400".
    at = int(np.flatnonzero(ids == 400)[0])
    assert f"tokens=11%2C1-{at}%2C407" in opened.page.url and "model=1" in opened.page.url
    opened.page.wait_for_selector("caption:has-text('nearest to \" word401')")
    sections = opened.page.locator("main .columns > section")
    names = [one.get_attribute("aria-label") for one in sections.all()]
    assert names == [other.model + " (2)", lens.model]
    opened.page.locator(".chip a").nth(1).click()
    opened.page.wait_for_selector("caption:has-text('nearest to \" other400')")
    near = [entry.entry.id for entry in other[at].neighbors]
    assert _nearest(opened) == near
    assert "no such entry" in sections.nth(1).inner_text()
    again = Opened(browser, opened.page.url)
    assert _nearest(again) == near
    opened.check()


def test_hostile_tokens_are_text(browser, page):
    opened = Opened(browser, f"{page.as_uri()}#tokens=0,1,2,3,4,5")
    _nearest(opened)
    assert opened.page.locator("main script").count() == 0
    assert opened.page.evaluate("document.body.scrollWidth") <= 1280
    opened.check()


def test_one_file_holds_it_all(browser, lens, tmp_path):
    write_explorer(lens, out=tmp_path / "one.html", single=True, layouts=[], progress=None)
    opened = Opened(browser, f"{(tmp_path / 'one.html').as_uri()}#tokens=40")
    assert len(_nearest(opened)) == 10
    opened.check()


def test_results_of_other_rooms_are_shown_with_their_pictures(browser, lens, tmp_path):
    trace = make_trace()
    write_explorer(lens, out=tmp_path / "page", results=[trace], layouts=[], progress=None)
    opened = Opened(browser, f"{(tmp_path / 'page' / 'index.html').as_uri()}#view=results")
    opened.page.wait_for_function("document.querySelector('main img')?.naturalWidth > 0")
    assert str(trace).splitlines()[2].strip() in opened.page.locator("main pre").inner_text()
    image = opened.page.locator("main img")  # of all panels, none of them again
    wide = image.evaluate("image => image.naturalWidth")
    opened.page.set_viewport_size({"width": 400, "height": 900})
    narrow = "wide => document.querySelector('main img').naturalWidth < wide / 2"
    opened.page.wait_for_function(narrow, arg=wide)
    opened.check()


def test_columns_of_tables_are_shown_of_each_token(browser, lens, tmp_path):
    tables = [pd.DataFrame({"id": [7, 40], "cost": [0.25, 0.5]}), lens.argmax().tokens()]
    write_explorer(lens, out=tmp_path / "page", tables=tables, layouts=["pca"], progress=None)
    opened = Opened(browser, f"{(tmp_path / 'page' / 'index.html').as_uri()}#tokens=7")
    _nearest(opened)
    facts = opened.page.locator(".facts").first.inner_text().split("\n")
    assert facts[facts.index("cost") + 1] == "0.25"
    assert facts[facts.index("status") + 1] == "tied"
    opened.page.get_by_text("What this means").click()
    assert ARGMAX["twin"].meaning in opened.page.locator("details[open]").inner_text()
    opened.page.locator("dt:has-text('twin') + dd a").first.click()
    opened.page.wait_for_selector("h3:has-text('#3')")
    opened.page.evaluate("location.hash = '#view=map&color=column+margin'")
    color = opened.page.get_by_label("Color by")
    assert color.locator("option:checked").inner_text() == "margin, logits"
    assert (
        f"margin, logits: {ARGMAX['margin'].meaning}." in opened.page.locator("main").inner_text()
    )
    color.select_option("column twin")
    legend = opened.page.locator(".legend").inner_text()
    assert "with one (2)" in legend and "without (598)" in legend
    opened.check()


@pytest.mark.parametrize(
    ("rows", "tokens"),
    [(np.eye(5) + 0.1, None), (np.eye(3, 8), ["a", "b", "c"]), (np.zeros((4, 3)), None)],
    ids=["ids", "fewer rows than columns", "zero"],
)
def test_unusual_heads_are_shown_or_refused(browser, tmp_path, rows, tokens):
    rows = rows.astype(np.float32)
    if not rows.any():
        with pytest.raises(SuperscopeError, match="rows are zero"):
            write_explorer(rows, out=tmp_path / "page", layouts=[], progress=None)
        assert list(tmp_path.iterdir()) == []
        return
    write_explorer(
        superscope.lens(rows, tokens=tokens, progress=None),
        out=tmp_path / "page",
        layouts=[],
        progress=None,
    )
    opened = Opened(browser, f"{(tmp_path / 'page' / 'index.html').as_uri()}#tokens=1")
    assert len(_nearest(opened)) == len(rows) - 1
    opened.check()


def test_a_browser_without_workers_is_told(browser, page):
    context = browser.new_context()
    context.add_init_script("delete globalThis.Worker")
    opened = context.new_page()
    opened.goto(page.as_uri())
    opened.wait_for_selector("text=This browser has no workers")


def test_a_part_that_is_missing_is_named(browser, lens, tmp_path):
    write_explorer(lens, out=tmp_path / "page", layouts=[], progress=None)
    (tmp_path / "page" / "data" / "0-about.js").unlink()
    opened = browser.new_page()
    opened.goto((tmp_path / "page" / "index.html").as_uri())
    opened.wait_for_selector("text=0-about.js is missing: keep the page's folder together")


def test_rows_that_are_missing_are_named_where_they_are_asked_for(browser, lens, tmp_path):
    write_explorer(lens, out=tmp_path / "page", layouts=[], progress=None)
    (tmp_path / "page" / "data" / "0-exact-0.js").unlink()
    opened = browser.new_page()
    opened.goto(f"{(tmp_path / 'page' / 'index.html').as_uri()}#tokens=1,2")
    opened.wait_for_selector("[role=alert]:has-text('0-exact-0.js is missing')")


def test_a_row_without_direction_is_near_to_none(browser, tmp_path):
    rows = np.random.default_rng(0).normal(size=(20, 4))
    rows[7] = 0
    write_explorer(rows, out=tmp_path / "page", layouts=[], progress=None)
    opened = Opened(browser, f"{(tmp_path / 'page' / 'index.html').as_uri()}#tokens=3,7")
    opened.page.wait_for_selector("text=Its row has no direction here")
    assert "–" in opened.page.locator("table:has(caption:has-text('each other'))").inner_text()
    opened.check()


@pytest.mark.parametrize(
    "fragment",
    [
        "tokens=" + ",".join(map(str, range(600))),
        "tokens=-1,600,9e9,NaN,99999999999999999999&center=constructor&view=__proto__",
        "__proto__=1&tokens=3&center=none&center=none&%zz&view=find",
    ],
    ids=["many tokens", "none that are known", "broken"],
)
def test_an_address_of_anything_opens_the_page(browser, page, fragment):
    opened = Opened(browser, f"{page.as_uri()}#view=find&{fragment}")
    opened.page.wait_for_selector("main td, main .examples a")
    assert opened.page.locator("main table").first.locator("td").count() <= 50 * 50
    opened.check()


def test_the_choice_of_a_centering_keeps_the_focus(browser, page):
    opened = Opened(browser, f"{page.as_uri()}#tokens=3&center=none")
    _nearest(opened)
    choice = opened.page.get_by_label("Rows are compared")
    choice.focus()
    choice.select_option("mean")
    opened.page.wait_for_selector("figcaption:has-text(', centered')")
    assert opened.page.evaluate("document.activeElement.tagName") == "SELECT"
    opened.page.locator("nav a[aria-current]").focus()
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.textContent") == "Find and compare"


def test_the_policy_lets_nothing_be_asked_for(browser, page):
    opened = Opened(browser, page.as_uri())
    asked = "fetch('https://example.org/').then(() => 'came', () => 'refused')"
    assert opened.page.evaluate(asked) == "refused"
    assert any("Content Security Policy" in said for said in opened.complaints)
