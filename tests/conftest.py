"""What every test gets: a home of its own, so that none touches the user's folders."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["geometry_fixtures"]

_FOLDERS = {
    "HF_HOME": ".",
    "HF_HUB_CACHE": "hub",
    "HF_ASSETS_CACHE": "assets",
    "HF_XET_CACHE": "xet",
    "HF_TOKEN_PATH": "token",
    "HF_STORED_TOKENS_PATH": "stored_tokens",
}


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every cache and credential of the ecosystem at an empty folder, and return it."""
    from huggingface_hub import constants

    folder = tmp_path_factory.getbasetemp() / "homes" / str(next(_count))
    theirs = ("hf_", "hugging", "aws_", "http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for name in [n for n in os.environ if n.lower().startswith(theirs)]:
        monkeypatch.delenv(name)
    for name, part in _FOLDERS.items():
        # Subprocesses read the environment; this process read it when the hub was imported.
        monkeypatch.setenv(name, str(folder / part))
        monkeypatch.setattr(constants, name, str(folder / part))
    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return folder


_count = iter(range(1 << 30))


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> Iterator[None]:
    """Let Ctrl-C reach what tests start.

    In the background of a script SIGINT is ignored, and every process inherits that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let failed requests be tried again at once."""
    from superscope.heads import network

    monkeypatch.setattr(network, "RETRY_WAITS", (0.0,) * len(network.RETRY_WAITS))
