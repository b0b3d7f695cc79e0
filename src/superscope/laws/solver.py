"""Many weighted fits of one problem, on all cores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.device import usable_cores

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROWS_AT_A_TIME = 8  # rows of weights that a thread takes at a time


@dataclass(frozen=True)
class Equations:
    """A law on its points, as the solver wants it: s = Σ_j c_j exp(−θ_j x_j) + c_{k+group}.

    Attributes
    ----------
    x
        Logarithms of the inputs, shape (n, k); centered, unless the term's amplitude is bounded.
    y
        Losses, or their logarithms if `log`; shape (n,).
    group
        Each point's floor, shape (n,).
    log, delta
        Residuals of logarithms; the bend of Huber's function, infinite for squares.
    low, high
        Bounds of the k amplitudes and the floors, then of the k exponents.
    leader
        In that order, the number of the parameter that each equals: its own, or that of the first
        of those tied to one value.
    """

    x: Floats
    y: Floats
    group: Ints
    log: bool
    delta: float
    low: Floats
    high: Floats
    leader: Ints

    @property
    def terms(self) -> int:
        """k."""
        return int(self.x.shape[1])

    @property
    def linear(self) -> int:
        """How many parameters are linear: amplitudes and floors."""
        return len(self.low) - self.terms


@dataclass(frozen=True)
class Solutions:
    """The best fit for each row of weights.

    Attributes
    ----------
    exponents, linear
        Shapes (B, k) and (B, p).
    objective
        Shape (B,).
    objectives, converged
        Of every start, shape (B, S).
    ends
        Exponents where each start ended, shape (B, S, k).
    """

    exponents: Floats
    linear: Floats
    objective: Floats
    objectives: Floats
    converged: npt.NDArray[np.bool_]
    ends: Floats


def solve(equations: Equations, weights: Floats, starts: Floats) -> Solutions:
    """Fit once for each row of weights, from each start.

    The result does not depend on how many threads share the rows.

    Parameters
    ----------
    equations
        What to fit.
    weights
        Non-negative, shape (B, n).
    starts
        Exponents, shape (S, k) for all rows or (B, S, k).
    """
    from superscope.laws.kernel_types import Found, Target
    from superscope.laws.kernels import solve_many

    e = equations
    rows, k, p = len(weights), e.terms, e.linear
    starts = np.broadcast_to(starts, (rows, *starts.shape[-2:]))
    starts = np.clip(starts, e.low[p:], e.high[p:])[:, :, e.leader[p:] - p]
    exponents, linear = np.empty((rows, k)), np.empty((rows, p))
    results = np.empty((rows, starts.shape[1], 3 + k))
    target = Target(e.x, e.group, e.y, e.log, float(e.delta), e.low, e.high, e.leader)

    def some(chunk: slice) -> None:
        w = np.ascontiguousarray(weights[chunk], np.float64)
        found = Found(exponents[chunk], linear[chunk], results[chunk])
        solve_many(w, np.ascontiguousarray(starts[chunk]), target, _first(e, w), found)

    chunks = [slice(i, i + ROWS_AT_A_TIME) for i in range(0, rows, ROWS_AT_A_TIME)]
    if len(chunks) == 1:
        some(chunks[0])
    else:
        with ThreadPoolExecutor(usable_cores()) as threads:
            list(threads.map(some, chunks))
    return Solutions(
        exponents, linear, results[:, :, 0].min(axis=1), results[:, :, 0], results[:, :, 2] == 1,
        results[:, :, 3:],
    )  # fmt: skip


def _first(equations: Equations, weights: Floats) -> Floats:
    """Return linear parameters to begin with: the terms and the floor share the mean loss."""
    e = equations
    mean = float(np.mean(np.exp(e.y) if e.log else e.y))
    even = np.full(e.linear, mean / (e.terms + 1))
    return np.tile(np.clip(even, e.low[: e.linear], e.high[: e.linear]), (len(weights), 1))
