"""What every test gets: a home of its own, so that none touches the user's folders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from web import Hub

pytest_plugins = ["geometry_fixtures"]

_TOOLS = Path(__file__).resolve().parents[1] / "tools"
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


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Run a hub in place of the real one."""
    from web import as_the_hub

    with as_the_hub(monkeypatch) as hub:
        yield hub


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


@pytest.fixture(scope="session")
def fetched() -> Callable[..., Path]:
    """What a script in tools/ fetches, once a session: ``fetched("fetch_models.py", "minilm")``."""

    @cache
    def fetch(script: str, *arguments: str) -> Path:
        run = subprocess.run(
            [sys.executable, _TOOLS / script, *arguments],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if run.returncode:
            reason = f"{script} cannot fetch: {run.stderr.strip().splitlines()[-1]}"
            # Continuous integration is where the numbers of real models are promised.
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        return Path(run.stdout.strip())

    return fetch


@pytest.fixture(scope="session")
def smollm2_path(fetched: Callable[..., Path]) -> Path:
    """The GGUF file of SmolLM2-135M-Instruct."""
    return next(fetched("fetch_models.py", "smollm2").glob("*.gguf"))


@pytest.fixture(scope="session")
def gcide(fetched: Callable[..., Path]) -> Path:
    """Entries of a dictionary of English, JSON lines."""
    return fetched("fetch_text.py") / "test.jsonl"
