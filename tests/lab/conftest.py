"""One text for all tests of the lab, and torch on one thread."""

from __future__ import annotations

from collections.abc import Iterator

import lab_texts
import pytest

from superscope.device import one_torch_thread
from superscope.lab import Corpus


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The ids of a small text."""
    return lab_texts.corpus(tmp_path_factory.mktemp("text"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with one_torch_thread():
        yield
