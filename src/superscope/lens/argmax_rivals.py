"""Settle rows one by one, each by the few rows that stand in its way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from superscope.device import multiplier
from superscope.geometry.unit_rows import blocks
from superscope.lens.argmax_found import EPS, FAR, Found
from superscope.lens.centered_rows import KEPT, CenteredRows, Float64, Int64
from superscope.lens.certificates import ARGMAXABLE
from superscope.progress import Progress

_LOGITS = 1 << 24  # logits that are held at once
_IN_THE_WAY = 16  # rows that are taken up in each round
_ROUNDS = 200
_STATES = 1 << 22  # numbers of the hidden states that are moved at once
_PAUSE = 10  # steps of the perceptron after which its gain is looked at
_GAIN = 0.02  # share of the rows that so many steps settle at least, or a solver is faster
_INSIDE = 1e-6  # the hull of unit vectors holds the origin if it comes nearer than this

Solver = Callable[[Float64], tuple[Float64, Float64] | None]


@dataclass(eq=False)
class _Way:
    """The rows that stand in the way of one row.

    Attributes
    ----------
    row
        Its position.
    active
        Positions of the other rows.
    vectors
        Unit vectors along the whitened differences, shape (k, n).
    lengths
        The differences' lengths, shape (k,).
    """

    row: int
    active: Int64
    vectors: Float64
    lengths: Float64


class Rivals:
    """Certify the rows that are left, each by the few others that stand in its way.

    With biases, the hidden state has one more coordinate τ ≥ 0, by which biases are multiplied;
    it is 1 in the end. Coordinates are whitened: they are (z, b/s_b).

    If only some rows are looked `among`, none is certified as argmaxable.
    """

    def __init__(
        self,
        rows: CenteredRows,
        bias: Float64 | None,
        found: Found,
        device: str,
        among: Int64 | None = None,
    ):
        self.rows, self.found, self.multiply = rows, found, multiplier(device)
        self.count, self.width = rows.head.features, rows.head.width
        self.unit = 1.0 if bias is None else float(np.std(bias))
        self.bias = None if bias is None else (bias - bias.mean()) / self.unit
        self.among = among
        self.some = None if among is None else rows.gathered(among)
        self.size = self.count if among is None else len(among)
        self.few = min(_IN_THE_WAY, self.size - (among is None))

    def run(self, solve: Solver, stage: str, progress: Progress) -> None:
        left = self.found.left
        if not self.few:
            return
        most = 8 * (self.width + 1) * self.few * _ROUNDS  # bytes of what stands in a row's way
        together = max(1, min(_LOGITS // self.size, KEPT // most))
        for start in range(0, len(left), together):
            self._batch(left[start : start + together], solve)
            progress(stage, min(start + together, len(left)), len(left))

    def climb(self, steps: int, stage: str, progress: Progress) -> None:
        """Move each hidden state away from its highest rival: some steps of a perceptron.

        A step of many rows is one product, so it settles rows at far less cost than a solver. Rows
        are given up once ten steps settle fewer than one in fifty of those that are left of a
        batch, and after `steps` in any case.
        """
        left = self.found.left
        if not self.few:
            return
        together = max(1, min(_LOGITS // self.size, _STATES // self.width))
        for start in range(0, len(left), together):
            some = left[start : start + together]
            places = self._places(some)
            states = _unit(places)
            before = len(some)
            for step in range(1, steps + 1):
                if self.bias is not None:
                    states[:, -1] = np.maximum(states[:, -1], 0.0)
                rivals, others, sure = self._rivals(some, places, states)
                for n in np.flatnonzero(sure).tolist():
                    row = int(some[n])
                    margin = self._margin(row, states[n], rivals[n], others[n])
                    self._certify(row, states[n], margin)
                some, places, states = some[~sure], places[~sure], states[~sure]
                if not len(some):
                    break
                if not step % _PAUSE:
                    if before - len(some) < _GAIN * before:
                        break
                    before = len(some)
                away = places - self._places(rivals[~sure, 0])
                states = _unit(states + _unit(away))
            progress(stage, min(start + together, len(left)), len(left))

    def _batch(self, left: Int64, solve: Solver) -> None:
        places = self._places(left)
        states = places.copy()
        if self.bias is not None:
            states[:, -1] = 0.0
        empty = np.empty((0, places.shape[1]))
        ways = [_Way(i, np.empty(0, np.int64), empty, np.empty(0)) for i in left.tolist()]
        for _ in range(_ROUNDS):
            if not ways:
                return
            rows = np.array([way.row for way in ways])
            rivals, others, sure = self._rivals(rows, places, states)
            going = []
            for n, way in enumerate(ways):
                state = None
                if not sure[n]:
                    state = self._next(way, places[n], states[n], rivals[n], solve)
                elif self.among is None:
                    margin = self._margin(way.row, states[n], rivals[n], others[n])
                    self._certify(way.row, states[n], margin, own=not len(way.active))
                if state is not None:
                    states[n] = state
                    going.append(n)
            ways, places, states = [ways[n] for n in going], places[going], states[going]

    def _next(
        self, way: _Way, place: Float64, state: Float64, rivals: Int64, solve: Solver
    ) -> Float64 | None:
        """Return the next hidden state to try; None if the row is settled or given up."""
        new = np.setdiff1d(rivals, way.active)
        if not len(new) and self.among is not None:
            return None
        if not len(new):
            margin, new = self._exact(way.row, state)
            if margin > 0:
                self._certify(way.row, state, margin, own=not len(way.active))
                return None
            new = np.setdiff1d(new, way.active)
            if not len(new):
                return None  # rounding decides
        differences = place - self._places(new)
        lengths = np.linalg.norm(differences, axis=1)
        way.active = np.concatenate([way.active, new])
        way.lengths = np.concatenate([way.lengths, lengths])
        way.vectors = np.vstack([way.vectors, differences / lengths[:, None]])
        vectors = way.vectors
        if self.bias is not None:  # τ > 0 is one more condition
            vectors = np.vstack([vectors, np.eye(1, vectors.shape[1], vectors.shape[1] - 1)])
        solved = solve(vectors)
        if solved is None:
            return None
        point, weights = solved
        if np.linalg.norm(weights @ vectors) < _INSIDE:
            shares = weights[: len(way.active)] / way.lengths
            parts = shares > 1e-12 * shares.max(initial=0.0)
            shares = shares[parts] / shares[parts].sum()
            if self._combined(way.row, way.active[parts], shares):
                return None
        return point

    def _combined(self, row: int, parts: Int64, weights: Float64) -> bool:
        """Settle that a row is a combination of others, if it is one to within rounding."""
        head = self.rows.head
        others = head.take(parts).astype(np.float64)
        own = head.take(np.array([row]))[0].astype(np.float64)
        off = float(np.linalg.norm(weights @ others - own))
        spread = float(np.linalg.norm(others - own, axis=1).max())
        # A row that was rounded to float32 may lie outside by that much.
        if off > min(1e-6 * spread, 2.0**-22 * max(float(np.linalg.norm(own)), spread)):
            return False
        if self.bias is not None and weights @ self.bias[parts] < self.bias[row] - 1e-7:
            return False
        self.found.combined(row, parts, weights)
        return True

    def _places(self, positions: Int64) -> Float64:
        """Return rows in whitened coordinates, float64."""
        places: Float64 = self.rows.take(positions) @ self.rows.whitening
        if self.bias is None:
            return places
        return np.hstack([places, self.bias[positions, None]])

    def _unwhitened(self, states: Float64) -> tuple[Float64, Float64]:
        """Return hidden states for the rows y, and the factor τ of the biases."""
        tau = np.zeros(len(states)) if self.bias is None else states[:, -1]
        return states[:, : self.width] @ self.rows.whitening, tau

    def _rivals(
        self, positions: Int64, places: Float64, states: Float64
    ) -> tuple[Int64, Float64, npt.NDArray[np.bool_]]:
        """Return the few highest rivals of each row, what others may have, and who beats them all.

        Returns
        -------
        rivals
            Positions, highest first, shape (n, few).
        others
            No other row has a higher logit than this, shape (n,).
        sure
            Which rows beat all others by more than float32 may be off, shape (n,).
        """
        wide, tau = self._unwhitened(states)
        norms = np.linalg.norm(wide, axis=1)
        narrow = wide.astype(np.float32)
        logits = np.empty((len(positions), self.size), np.float32)
        for start, rows in self.rows.blocks() if self.some is None else [(0, self.some)]:
            logits[:, start : start + len(rows)] = self.multiply(narrow, rows.T)
        reach = norms * self.rows.longest
        if self.bias is not None:
            bias = self.bias if self.among is None else self.bias[self.among]
            logits += np.outer(tau, bias).astype(np.float32)
            reach = reach + tau * np.abs(self.bias).max()
        if self.among is None:
            logits[np.arange(len(positions)), positions] = -np.inf
        rivals = np.argpartition(-logits, self.few - 1, axis=1)[:, : self.few]
        order = np.argsort(-np.take_along_axis(logits, rivals, 1), axis=1, kind="stable")
        rivals = np.take_along_axis(rivals, order, 1)
        highest, lowest = np.take_along_axis(logits, rivals[:, [0, -1]], 1).T.astype(np.float64)
        own, error = np.einsum("ij,ij->i", places, states), (self.width + 6) * EPS * reach
        others = lowest + error
        if self.few == self.size - (self.among is None):  # there are no others
            others[:] = -np.inf
        sure = own - highest > 2 * error
        return rivals if self.among is None else self.among[rivals], others, sure

    def _exact(self, row: int, state: Float64) -> tuple[float, Int64]:
        """Return the margin of a row over all others, less float64's error; and its rivals."""
        (wide,), (tau,) = self._unwhitened(state[None])
        logits = np.empty(self.count)
        for start, stop in blocks(self.count, self.width):
            some = np.arange(start, stop)
            logits[start:stop] = self._logits(some, wide, tau)
        own = float(logits[row])
        logits[row] = -np.inf
        rivals = np.argpartition(-logits, self.few - 1)[: self.few]
        reach = float(np.linalg.norm(wide)) * self.rows.longest
        if self.bias is not None:
            reach += tau * float(np.abs(self.bias).max())
        error = 4 * (self.width + 6) * np.finfo(float).eps * reach
        return own - float(logits.max()) - error, rivals

    def _logits(self, positions: Int64, wide: Float64, tau: float) -> Float64:
        logits: Float64 = self.rows.take(positions) @ wide
        return logits if self.bias is None else logits + tau * self.bias[positions]

    def _margin(self, row: int, state: Float64, rivals: Int64, others: float) -> float:
        """Return the margin of a row over its rivals in float64, and over others at least."""
        (wide,), (tau,) = self._unwhitened(state[None])
        own = self._logits(np.array([row]), wide, tau)
        return float(own[0] - max(self._logits(rivals, wide, tau).max(), others))

    def _certify(self, row: int, state: Float64, margin: float, own: bool = False) -> None:
        """Keep the hidden state of a row, in the units of the head.

        If it is the row's `own` whitened direction, its scale says all of it.
        """
        (wide,), (tau,) = self._unwhitened(state[None])
        size = self.rows.size
        factor = size  # the logits so far are y·h + τ b/s_b; those of the head are w·h + b
        if self.bias is not None:
            if not tau:  # so far along the direction that no bias matters
                tau = margin / (FAR * float(np.ptp(self.bias)))
                margin *= 1 - 1 / FAR
            factor = self.unit / tau
        length = float(np.linalg.norm(wide)) / size
        self.found.margin[row] = margin / length if length else np.inf
        if own:
            self.found.status[row] = ARGMAXABLE
            self.found.scale[row] = factor / size**2
        else:
            self.found.stated(row, wide * (factor / size))


def _unit(rows: Float64) -> Float64:
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1)
