"""Pages of the explorer in headless Chromium, opened from disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
BUILT = (
    Path(__file__).resolve().parents[2] / "src/superscope/explorer/assets/built-from.txt"
).exists()
needs_assets = pytest.mark.skipif(
    not BUILT and not os.environ.get("CI"), reason="needs the built front end (make frontend)"
)
needs_page = pytest.mark.skipif(
    (BROWSER is None or not BUILT) and not os.environ.get("CI"),
    reason="needs chromium and the built front end (make frontend)",
)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser without a GPU."""
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        yield browser
        browser.close()


class Opened:
    """A page, what it asked for beyond the disk, and what it complained of."""

    def __init__(self, browser: Browser, address: str, width: int = 1280, scheme: str = "light"):
        self.page: Page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", self._request)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )
        self.page.goto(address)
        self.page.wait_for_selector("main")

    def _request(self, request) -> None:
        if not request.url.startswith(("file:", "blob:", "data:")):
            self.asked.append(request.url)

    def check(self) -> None:
        """Nothing was asked for and nothing went wrong."""
        assert self.asked == []
        assert self.complaints == []
