"""The bundle of the front end is that of its sources, and holds what it owes."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pages import needs_assets

from superscope.explorer.page import asset

ROOT = Path(__file__).resolve().parents[2]
FRONTEND = ROOT / "frontend"
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


def test_the_build_renews_what_npm_installed_for_another_lock(tmp_path, monkeypatch):
    interface = ModuleType("hatchling.builders.hooks.plugin.interface")
    interface.BuildHookInterface = object  # hatchling is there while a package is built
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    hook = runpy.run_path(str(ROOT / "tools" / "build_hook.py"))["FrontEnd"]()
    hook.root = str(tmp_path)
    installed, lock = tmp_path / "frontend/node_modules", tmp_path / "frontend/package-lock.json"
    installed.mkdir(parents=True)
    lock.write_text("{}")
    asked = []
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: asked.append(command[1]))
    for age in (-9, 9):
        os.utime(lock, (installed.stat().st_mtime + age,) * 2)
        hook.initialize("standard", {})
    assert asked == ["run", "ci", "run"]
