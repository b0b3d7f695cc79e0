"""Draw first weights by torch's one generator, in one thread at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import torch

_ONE_AT_A_TIME = Lock()


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """Let what torch draws within follow from a seed, and leave its generator as it was.

    The generator is the process's: without a lock, two threads draw from each other's seeds.
    """
    with _ONE_AT_A_TIME, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
