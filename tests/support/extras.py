"""Modules of the extras: a test that needs one is skipped without it, but not in CI."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

import pytest


def needed(name: str) -> ModuleType:
    """Return a module; skip the test where it is not installed, or fail if CI=true."""
    if os.environ.get("CI") == "true":
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"{name} is in an extra that is not installed")
