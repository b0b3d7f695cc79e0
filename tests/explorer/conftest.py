"""A browser for the tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pages import chromium
from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium, one for the tests of a file."""
    with chromium() as opened:
        yield opened
