"""The bundle of the front end is that of its sources, and holds what it owes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from pages import needs_assets

from superscope.explorer.page import asset

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
pytestmark = needs_assets


@pytest.mark.skipif(
    shutil.which("node") is None or not (FRONTEND / "node_modules").is_dir(),
    reason="needs node and frontend/node_modules",
)
def test_the_bundle_is_that_of_the_sources():
    command = ["node", "build.mjs", "--digest"]
    made = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=True)
    assert asset("built-from.txt") == made.stdout, "run make frontend"


@pytest.mark.parametrize("name", ["explorer.js", "widget.js", "explorer.css"])
def test_the_license_of_what_is_bundled_goes_with_it(name):
    assert "Leon Sorokin" in asset(name)
    assert "Permission is hereby granted" in asset(name)
