"""How the processor is set while a model trains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Take denormal numbers as 0, in this thread and those it starts in the block.

    Under strong decay dead weights become denormal, and products with them run 50× slower.
    """
    import torch

    smallest = np.array([1e-45], np.float32)
    before = not np.any(smallest * smallest.dtype.type(1))
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let products use one thread of this process, whose other threads may train as well.

    Runs fill the cores; and the bits of a product can depend on how many threads share it.
    """
    from threadpoolctl import threadpool_limits

    global _limit, _users  # noqa: PLW0603  # a setting of the process, which its threads share
    with _lock:
        if not _users:
            _limit = threadpool_limits(1, "blas")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users and _limit is not None:
                _limit.restore_original_limits()


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let torch use one thread: runs in other processes have the other cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


_lock = Lock()
_users = 0
_limit: Any = None  # of threadpoolctl
