"""The windows of text that each step reads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from superscope.errors import UsageError

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


def windows_of(tokens: int, context: int, batch: int) -> int:
    """Return how many windows an epoch has.

    Raises
    ------
    UsageError
        The text is shorter than a batch.
    """
    windows = (tokens - context) // context
    if windows < batch:
        raise UsageError(
            f"the training text has {tokens:,} tokens, less than a batch of {batch} windows "
            f"of {context}; take more text, or lower batch or context"
        )
    return windows


class Batches:
    """The windows of each step: they depend on the seed alone, not on the model.

    Each epoch reads every window once, in an order of its own, from a first token of its own.

    Parameters
    ----------
    ids
        The training text, shape (tokens,).
    context, batch
        Tokens of a window, and windows of a step.
    seed
        Of the order.

    Raises
    ------
    UsageError
        The text is shorter than a batch.
    """

    def __init__(self, ids: Int32, context: int, batch: int, seed: int) -> None:
        self._ids, self._context, self._batch, self._seed = ids, context, batch, seed
        self.windows = windows_of(len(ids), context, batch)
        self._epoch: tuple[int, Int64] = (-1, np.zeros(0, np.int64))

    def __call__(self, step: int) -> tuple[Int64, Int64]:
        """Return inputs and targets of a step, each of shape (batch, context)."""
        numbers = range(step * self._batch, (step + 1) * self._batch)
        starts = [self._starts(n // self.windows)[n % self.windows] for n in numbers]
        rows = np.stack([self._ids[s : s + self._context + 1] for s in starts]).astype(np.int64)
        return rows[:, :-1], rows[:, 1:]

    def _starts(self, epoch: int) -> Int64:
        """Return where each window of an epoch begins, in its order."""
        if self._epoch[0] != epoch:
            random = np.random.default_rng([self._seed, epoch])
            offset = random.integers(self._context)
            starts = offset + self._context * random.permutation(self.windows)
            self._epoch = epoch, starts
        return self._epoch[1]
