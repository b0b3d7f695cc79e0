"""One worker process a core."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from superscope.device import usable_cores


def all_cores() -> ProcessPoolExecutor:
    """Return a pool of one process a core; to be closed by ``with``."""
    return ProcessPoolExecutor(usable_cores(), mp_context=get_context("spawn"))
