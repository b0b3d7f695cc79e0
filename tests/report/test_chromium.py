"""A real browser opens the report: it asks for nothing, and nothing in it runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lab_tables import simulate
from studies import NO_LAWS, make_study

import superscope
from superscope import lab
from superscope.geometry import Geometry
from superscope.laws import Finding, FitStatus, fit
from superscope.report import (
    write_emergence_report,
    write_lab_report,
    write_law_report,
    write_lens_report,
    write_report,
    write_study_report,
    write_toy_report,
)
from superscope.study import emergence
from superscope.study.emerging.simulated import make_curves
from superscope.text import visible
from superscope.toy import ToyConfig, ToyPoint, ToyRuns, train

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome"),
]


@dataclass(frozen=True)
class Visit:
    """What came of opening a page: its title at the end, and the addresses it asked for."""

    title: str
    asked_for: list[str]


@pytest.fixture
def visit(tmp_path: Path) -> Callable[[Path], Visit]:
    """Open a page and wait until its scripts, if any, have had two seconds."""

    def open_page(page: Path) -> Visit:
        log = tmp_path / f"{page.stem}.net.json"
        done = subprocess.run(
            [
                str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-extensions",
                f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}",
                # A closed port: whatever is asked for goes no further than the log.
                "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
                "--virtual-time-budget=2000", "--dump-dom", page.as_uri(),
            ],
            capture_output=True, encoding="utf-8", timeout=120, check=True,
        )  # fmt: skip
        title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
        assert title, done.stderr
        return Visit(title[1], _asked_for(json.loads(log.read_text("utf-8"))))

    return open_page


def _asked_for(log: dict) -> list[str]:
    """Return the addresses that pages asked for; the browser's own errands have no origin."""
    start = log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    begun = [e["params"] for e in log["events"] if e["type"] == start and "url" in e["params"]]
    return [p["url"] for p in begun if p.get("initiator") != "not an origin"]


def test_the_report_asks_for_nothing_and_runs_nothing(
    visit: Callable[[Path], Visit], hostile: Callable[[str], Geometry], tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    write_report([hostile("first <script>"), hostile("</title>second")], page)
    assert visit(page) == Visit("superscope: 2 output heads", [])


def test_the_page_of_a_law_asks_for_nothing_and_runs_nothing(
    visit: Callable[[Path], Visit], hostile_tokens: tuple[str | None, ...], tmp_path: Path
) -> None:
    losses = pd.DataFrame({"x": [1.0, 2.0, 4.0, 8.0], "loss": [3.0, 2.5, 2.2, 2.1]})
    law = fit(losses, "power", x="x", resamples=0, starts=8)
    texts = [t for t in hostile_tokens if t is not None]
    findings = tuple(Finding(FitStatus.WEAK, "", text) for text in texts)
    page = tmp_path / "law.html"
    write_law_report(replace(law, findings=findings), page)
    seen = visit(page)
    assert seen == Visit("superscope: Loss against x: identified, with reservations", [])


def test_the_page_of_a_lens_runs_its_own_script_alone(
    visit: Callable[[Path], Visit], hostile_tokens: tuple[str | None, ...], tmp_path: Path
) -> None:
    rows = np.random.default_rng(0).standard_normal((40, 6))
    rows[2], rows[3] = rows[1], 0
    texts = [*hostile_tokens, *map(str, range(len(hostile_tokens), 40))]
    lens = superscope.lens(rows, tokens=texts)
    page = tmp_path / "lens.html"
    for index in (20, 2, 3):
        write_lens_report(lens, page, [lens[index]], progress=None)
        seen = visit(page)
        assert seen.asked_for == []
        shown = escape(visible(str(lens[index].text), longest=200), quote=False)
        assert seen.title == f"{shown} · superscope: the tokens of {lens.model}"


def test_a_page_with_the_same_tokens_unescaped_does_both(
    visit: Callable[[Path], Visit],
    hostile_tokens: tuple[str | None, ...],
    changed_title: str,
    tmp_path: Path,
) -> None:
    page = tmp_path / "control.html"
    page.write_text(_unescaped(hostile_tokens), "utf-8")
    seen = visit(page)
    assert seen.title == changed_title
    assert {url.rpartition("/")[2] for url in seen.asked_for} >= {"a", "b", "c"}


def test_the_policy_alone_stops_what_escaping_would_have_missed(
    visit: Callable[[Path], Visit],
    hostile: Callable[[str], Geometry],
    hostile_tokens: tuple[str | None, ...],
    tmp_path: Path,
) -> None:
    page = tmp_path / "pierced.html"
    write_report([hostile("a")], page)
    text = page.read_text("utf-8")
    page.write_text(text.replace("<header>", _unescaped(hostile_tokens) + "<header>"), "utf-8")
    assert "<script>" in page.read_text("utf-8")
    assert visit(page) == Visit("superscope: the output head of a", [])


def test_nothing_of_a_page_is_wider_than_a_telephone(
    visit: Callable[[Path], Visit], page_of_two: str, tmp_path: Path
) -> None:
    names = ("study", "sweep", "worth", "learned")
    study, sweep, worth, learned = (tmp_path / f"{name}.html" for name in names)
    write_study_report(make_study(2, laws=NO_LAWS), study)
    config = ToyConfig(n=30, width=3, batch=32, steps=20, decay=-1.0)
    points = (ToyPoint.of(train(replace(config, width=width))) for width in (3, 5))
    write_toy_report(ToyRuns(tuple(points), (), ()), sweep)
    variants = {"muon": 1.2, "factored=32": 0.5, "factored=64": 0.8}
    write_lab_report(lab.report(simulate(variants, noise=0.01)), worth)
    told = emergence(make_curves(40)[0], threshold=4, resamples=100)
    write_emergence_report(told, learned)
    written = (study, sweep, worth, learned)
    pages = (page_of_two, *(file.read_text("utf-8") for file in written))
    frames = "".join(
        # A window has a least width; a frame has not.
        f"<iframe style='width: 400px; height: 4000px; border: 0' srcdoc='{escape(page)}' "
        "onload='const page = this.contentDocument.documentElement; document.title += "
        '" " + (page.scrollWidth - page.clientWidth)\'></iframe>'
        for page in pages
    )
    page = tmp_path / "frames.html"
    page.write_text(f"<title>wider by</title>{frames}", "utf-8")
    assert visit(page).title == "wider by 0 0 0 0 0"


def _unescaped(tokens: tuple[str | None, ...]) -> str:
    """Return the tokens as a page without escaping would have them, with an address scheme."""
    markup = "".join(t for t in tokens if t is not None and t.isprintable() and "-->" not in t)
    return f"<title>before</title>{markup}".replace("//outside", "http://outside")
