"""Every view is usable by keyboard and screen reader: axe-core finds nothing to mend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pages import chromium, needs_page

import superscope
from superscope.explorer import write_explorer

pytestmark = [pytest.mark.slow, needs_page]
AXE = Path(__file__).resolve().parents[2] / "frontend/node_modules/axe-core/axe.min.js"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accessible") / "page"
    rows = np.random.default_rng(0).normal(size=(300, 16))
    lens = superscope.lens(rows, tokens=[f" word{i}" for i in range(300)], progress=None)
    write_explorer(lens, lens, out=folder, layouts=["pca"], progress=None)
    return (folder / "index.html").as_uri()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_axe_finds_nothing(address, width, scheme):
    with chromium() as browser:
        context = browser.new_context(
            bypass_csp=True,  # axe is put into the page
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
        )
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("main h2")
        page.add_script_tag(path=str(AXE))
        names = page.locator("nav[aria-label=Views] a").evaluate_all("all => all.map(a => a.hash)")
        views = [*names, *(f"#view=story&screen={screen}" for screen in range(2, 8))]
        found = []
        for view in views:
            page.evaluate("hash => { location.hash = hash; }", f"{view}&tokens=3,5")
            page.wait_for_timeout(400)
            result = page.evaluate("axe.run()")
            found += [
                (view, fault["id"], fault["nodes"][0]["html"][:200])
                for fault in result["violations"]
            ]
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append((view, "wider than the window", f"{wide} px"))
        assert len(views) > 10
        assert found == []
