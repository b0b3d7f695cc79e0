"""The toy model trains in a real browser, and a link replays it."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from pages import Opened, needs_page

import superscope
from superscope.explorer import write_explorer

pytestmark = [pytest.mark.slow, needs_page]
QUICK = "view=toy&toy.n=12&toy.m=2&toy.decay=1&toy.alpha=1.5&toy.steps=300"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy") / "page"
    rows = np.random.default_rng(0).normal(size=(50, 8))
    write_explorer(superscope.lens(rows, progress=None), out=folder, progress=None)
    return (folder / "index.html").as_uri()


def _trained(opened: Opened) -> str:
    status = opened.page.locator("main [role=status]", has_text=re.compile("^Trained"))
    status.wait_for()
    return status.inner_text()


def test_a_link_replays_a_run_whatever_was_seen_before(browser, address):
    first = Opened(browser, f"{address}#{QUICK}")
    said = _trained(first)
    assert said.startswith("Trained with n = 12 and m = 2: weak superposition")
    facts = first.page.locator("main dl").inner_text()
    again = Opened(browser, address)
    again.page.goto(f"{address}#{QUICK}")
    assert _trained(again) == said
    assert again.page.locator("main dl").inner_text() == facts
    for opened in (first, again):
        opened.check()
        opened.page.close()


def test_sliders_change_the_run_and_the_address(browser, address):
    opened = Opened(browser, f"{address}#{QUICK}")
    _trained(opened)
    assert opened.page.get_by_role("button", name="Pause").is_disabled()  # nothing runs
    opened.page.get_by_label("width m").fill("20")
    status = opened.page.locator("main [role=status]", has_text="m = 20: room for all")
    status.wait_for()
    assert "8 of the 20 dimensions are more than they need" in status.inner_text()
    assert "toy.m=20" in opened.page.url
    assert "toy.seed=0" in opened.page.url  # all settings, whatever the defaults are
    opened.page.get_by_role("button", name="Run widths").click()
    chart = opened.page.locator("figure:has(figcaption:has-text('Loss against width'))")
    assert chart.locator(".table").count() == 0  # no table is made that nobody sees
    chart.locator("summary").click()
    chart.locator(".table tbody tr").nth(6).wait_for()
    assert "toy.widths=all" in opened.page.url
    with opened.page.expect_download() as saved:
        chart.get_by_role("button", name="Save as CSV").click()
    assert saved.value.suggested_filename == "loss-against-width.csv"
    table = pd.read_csv(saved.value.path())
    shown = chart.locator(".table tbody tr").first.locator("th, td").all_inner_texts()
    assert [table["width m"][0], table["regime"][0]] == [int(shown[0]), shown[1]]
    assert f"{table['loss'][0]:.3g}" == shown[2]
    opened.check()
    opened.page.close()


def test_a_paused_training_stands_still(browser, address):
    opened = Opened(browser, f"{address}#view=toy&toy.steps=20000")
    opened.page.locator("main dd").first.wait_for()
    opened.page.get_by_role("button", name="Pause").click()
    opened.page.wait_for_timeout(300)
    step = opened.page.locator("main dd").first.inner_text()
    opened.page.wait_for_timeout(500)
    assert opened.page.locator("main dd").first.inner_text() == step
    opened.page.get_by_role("button", name="Go on").click()
    opened.page.wait_for_timeout(700)
    assert opened.page.locator("main dd").first.inner_text() != step
    opened.check()
    opened.page.close()


def test_less_motion_shows_only_the_end(browser, address):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}#view=toy&toy.n=12&toy.steps=2000")
    page.locator("main [role=status]", has_text="The pictures follow at its end").wait_for()
    assert page.locator("main .arrows line").count() == 0
    page.locator("main [role=status]", has_text=re.compile("^Trained")).wait_for()
    assert page.locator("main .arrows line").count() == 12
    context.close()
