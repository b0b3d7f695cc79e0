"""In JupyterLab the widget appears, and what is chosen in it comes back to Python."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pages import chromium, needs_assets, needs_page
from playwright.sync_api import Page, TimeoutError

import superscope
from superscope.errors import UsageError

CELLS = (
    "import numpy as np, superscope\n"
    "rows = np.random.default_rng(0).normal(size=(50, 8))\n"
    "explorer = superscope.explore(\n"
    "    superscope.lens(rows, tokens=[f' word{i}' for i in range(50)], progress=None))\n"
    "explorer.selected = [3]\n"  # before it is shown
    "explorer.address += '&view=find'\n"
    "explorer",
    "print('chosen', explorer.selected)",
    "explorer.selected = [7]",
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """Run JupyterLab with a notebook, and return its address."""
    cells = [
        {"cell_type": "code", "id": f"c{i}", "source": source, "metadata": {}, "outputs": [],
         "execution_count": None}
        for i, source in enumerate(CELLS)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python"}
    notebook = {
        "cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    (tmp_path / "explore.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        "--ServerApp.port_retries=0", "--IdentityProvider.token=known",
        f"--notebook-dir={tmp_path}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{address}/api?token=known")
                    break
                except OSError:
                    time.sleep(0.1)
            yield f"{address}/lab/tree/explore.ipynb?token=known"
        finally:
            server.terminate()
            server.wait()


def run(page: Page, number: int) -> None:
    """Run a cell. Keys that JupyterLab gets before it has loaded all of its parts are lost."""
    cell = page.locator(".jp-Notebook .jp-Cell").nth(number)
    waiting = cell.locator(".jp-InputPrompt", has_text="[ ]:")
    for _ in range(60):
        cell.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        try:
            waiting.wait_for(state="detached", timeout=1000)
            return
        except TimeoutError:
            continue
    raise AssertionError(f"JupyterLab does not run cell {number}")


@pytest.mark.slow
@needs_page
def test_a_selection_comes_back_to_python(lab: str) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(lab)
        page.wait_for_selector(".jp-NotebookPanel [data-status='idle']", timeout=60_000)
        run(page, 0)
        box = page.get_by_role("combobox", name="A token, a part of one")
        box.wait_for(timeout=60_000)
        page.wait_for_selector(".superscope .chip:has-text('word3')")
        box.fill("word12")
        box.press("Enter")
        page.wait_for_selector(".superscope caption:has-text('nearest to')")
        run(page, 1)
        page.wait_for_selector("text=chosen [3, 12]")
        run(page, 2)
        page.wait_for_selector(".superscope .chip:has-text('word7')")


@needs_assets
def test_the_widget_says_what_is_chosen_and_hands_parts_over() -> None:
    rows = np.random.default_rng(0).normal(size=(20, 4))
    explorer = superscope.explore(rows, progress=None)
    sent = []
    explorer.send = lambda message, buffers: sent.append((message, buffers))
    explorer._hand_over(None, {"part": "0-about"}, [])
    ((message, (data,)),) = sent
    assert message == {"part": "0-about"}
    assert superscope.explorer.Part.read(data).meta["width"] == 4
    explorer.selected = [3]
    assert repr(explorer) == "<Explorer, selected: [3]>"


@needs_assets
def test_what_is_chosen_and_the_address_are_one() -> None:
    explorer = superscope.explore(np.random.default_rng(0).normal(size=(20, 4)), progress=None)
    explorer.address = "#view=map&tokens=3%2C5%2Cx%2C3%2C-1&color=norm"
    assert explorer.selected == [3, 5]
    explorer.address = "#tokens=3%2C1-5"  # of the second model
    assert explorer.selected == [3]
    explorer.address = "#view=map&tokens=3&color=norm"
    explorer.selected = [7]
    assert explorer.address == "#view=map&tokens=7&color=norm"
    explorer.selected = []
    assert explorer.address == "#view=map&color=norm"
    explorer.address = ""
    assert explorer.selected == []


@pytest.mark.parametrize("wrong", [[99], [-1], ["king"]])
@needs_assets
def test_what_is_no_id_is_not_selected(wrong: list[object]) -> None:
    explorer = superscope.explore(np.eye(5) + 0.1, layouts=[], progress=None)
    with pytest.raises(UsageError, match="it takes ids of the first model, of which there are 5"):
        explorer.selected = wrong
    explorer.address = "#tokens=99,2"
    assert explorer.selected == [2]
