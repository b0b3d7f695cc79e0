"""The search for a certificate of every row of a head, from cheap to dear.

Each step is for the rows that are left: equal rows, the whitened direction C⁻¹(w_i − w̄), the
nearest point of the hull of the rows that stand in the way, and a linear program over them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from superscope.device import multiplier
from superscope.geometry.unit_rows import blocks
from superscope.heads import Head
from superscope.lens import hull
from superscope.lens.centered_rows import KEPT, CenteredRows, Float64, Int64
from superscope.lens.certificates import (
    ARGMAXABLE,
    IMPOSSIBLE,
    TIED,
    UNDECIDED,
    Certificates,
)
from superscope.progress import Progress

_EPS = 2.0**-24  # half a unit of float32's last place
_TILE = 4096  # rows of a tile of the product of all rows with all
_LOGITS = 1 << 24  # logits that are held at once
_IN_THE_WAY = 16  # rows that are taken up in each round
_ROUNDS = 200
_INSIDE = 1e-6  # the hull of unit vectors holds the origin if it comes nearer than this
_CLEAR = 100  # times the greatest error of a gap in float32, from which its first digits are right
_FAR = 1e3  # a hidden state is so long that biases change its margin by less than a thousandth

Solver = Callable[[Float64], tuple[Float64, Float64] | None]


@dataclass(eq=False)
class Found:
    """What a search has found so far, for V rows.

    Attributes
    ----------
    status, margin, scale
        As in the results, shape (V,).
    directions
        Hidden states of the rows that have one of their own, by position.
    twins
        The equal row of each tied one.
    combinations
        Rows and weights that make an impossible row.
    """

    status: npt.NDArray[np.int8]
    margin: Float64
    scale: Float64
    directions: dict[int, Float64] = field(default_factory=dict)
    twins: dict[int, int] = field(default_factory=dict)
    combinations: dict[int, tuple[Int64, Float64]] = field(default_factory=dict)

    @classmethod
    def nothing(cls, count: int) -> Found:
        """Return that all rows are undecided."""
        status = np.full(count, UNDECIDED, np.int8)
        return cls(status, np.full(count, np.nan), np.zeros(count))

    @property
    def left(self) -> Int64:
        """Positions of the rows without a certificate."""
        return np.flatnonzero(self.status == UNDECIDED)

    def combined(self, row: int, parts: Int64, weights: Float64) -> None:
        """Note that a row is a combination of others."""
        self.status[row] = IMPOSSIBLE
        self.combinations[row] = parts, weights


def search(
    head: Head, bias: Float64 | None, device: str, progress: Progress
) -> tuple[Certificates, Float64]:
    """Return a certificate for every row, and the margins of the argmaxable ones, shape (V,).

    Raises
    ------
    HeadDataError
        A row has numbers that are not finite.
    """
    rows = CenteredRows.of(head)
    found = Found.nothing(head.features)
    if bias is not None and not np.ptp(bias):
        bias = None
    if head.features == 1:  # there is no other token
        found.status[0], found.margin[0], found.scale[0] = ARGMAXABLE, np.inf, 1.0
    _equal_rows(head, bias, found)
    _whitened(rows, 0.0 if bias is None else float(np.ptp(bias)), found, device, progress)
    able = np.flatnonzero(found.status == ARGMAXABLE)
    if len(able) < head.features / 2 and 4 * len(able) * head.width < KEPT:
        # Most rows are impossible, and so combinations of rows that are argmaxable.
        _Stage(rows, bias, found, device, able).run(hull.nearest, "known rows", progress)
    stage = _Stage(rows, bias, found, device)
    stage.run(hull.nearest, "nearest points", progress)
    stage.run(hull.widest, "linear programs", progress)
    return _certificates(rows, found), found.margin


def _certificates(rows: CenteredRows, found: Found) -> Certificates:
    head = rows.head
    stated, tied, impossible = (
        np.array(sorted(d), np.int64) for d in (found.directions, found.twins, found.combinations)
    )
    combinations = [found.combinations[i] for i in impossible.tolist()]
    none: list[tuple[Int64, Float64]] = [(np.empty(0, np.int64), np.empty(0))]
    return Certificates(
        np.arange(head.features) if head.ids is None else head.ids,
        found.status,
        rows.mean,
        rows.whitening @ rows.whitening,
        found.scale,
        stated,
        np.array([found.directions[i] for i in stated.tolist()]).reshape(-1, head.width),
        tied,
        np.array([found.twins[i] for i in tied.tolist()], np.int64),
        impossible,
        np.cumsum([0, *(len(parts) for parts, _ in combinations)], dtype=np.int64),
        np.concatenate([parts for parts, _ in combinations or none]),
        np.concatenate([weights for _, weights in combinations or none]),
    )


def _equal_rows(head: Head, bias: Float64 | None, found: Found) -> None:
    """Find rows that equal another bit for bit: tied to it, or below it by their bias."""
    seen: dict[bytes, list[int]] = {}
    for start, stop in blocks(head.features, head.width):
        for i, row in enumerate(head.block(start, stop) + np.float32(0), start):  # −0 is 0
            seen.setdefault(blake2b(row.tobytes(), digest_size=16).digest(), []).append(i)
    for group in seen.values():
        if len(group) == 1:
            continue
        highest = 0.0 if bias is None else max(bias[group])
        top = [i for i in group if bias is None or bias[i] == highest]
        for i in group:
            if bias is not None and bias[i] < highest:
                found.combined(i, np.array([top[0]], np.int64), np.ones(1))
            elif len(top) > 1:
                found.status[i] = TIED
                found.twins[i] = top[1] if i == top[0] else top[0]


def _whitened(
    rows: CenteredRows, spread: float, found: Found, device: str, progress: Progress
) -> None:
    """Certify the rows that have the highest logit for their own whitened direction.

    With z_i = S y_i, row i has it if z_i·z_i > z_j·z_i for all j. So the products of all pairs,
    each formed once, serve both rows of a pair.
    """
    count, width = rows.head.features, rows.head.width
    multiply = multiplier(device)
    highest = np.full(count, -np.inf, np.float32)
    squares = np.empty(count)
    segment = max(KEPT // (4 * width) // _TILE, 1) * _TILE  # whitened rows that are held
    tiles = [(a, min(a + _TILE, count)) for a in range(0, count, _TILE)]
    done, total = 0, len(tiles) * (len(tiles) + 1) // 2
    for begin in range(0, count, segment):
        held = rows.whitened(begin, min(begin + segment, count))
        squares[begin : begin + len(held)] = np.einsum("ij,ij->i", held, held, dtype=np.float64)
        own = [(a, b) for a, b in tiles if begin <= a < begin + segment]
        for c, d in tiles:
            if c < begin:
                continue
            others = held[c - begin : d - begin] if c < begin + segment else rows.whitened(c, d)
            for a, b in own:
                if a > c:
                    break
                products = multiply(held[a - begin : b - begin], others.T)
                if a == c:
                    np.fill_diagonal(products, -np.inf)
                else:
                    np.maximum(highest[c:d], products.max(axis=0), out=highest[c:d])
                np.maximum(highest[a:b], products.max(axis=1), out=highest[a:b])
                done += 1
                progress("whitened directions", done, total)
    gaps = squares - highest
    error = 2 * (width + 4) * _EPS * np.sqrt(squares * squares.max(initial=0.0))
    sure = np.flatnonzero((gaps > _CLEAR * error) & (found.status == UNDECIDED))
    matrix = rows.whitening @ rows.whitening
    for start in range(0, len(sure), _TILE):
        some = sure[start : start + _TILE]
        norms = np.linalg.norm(rows.take(some) @ matrix, axis=1)
        found.status[some] = ARGMAXABLE
        found.margin[some] = rows.size * gaps[some] / norms
        found.scale[some] = 1.0
        if spread:  # so far along the direction that no bias matters
            found.scale[some] = _FAR * spread / (rows.size**2 * gaps[some])
            found.margin[some] *= 1 - 1 / _FAR


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


class _Stage:
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
        self.some = None if among is None else rows.take(among).astype(np.float32)
        self.size = self.count if among is None else len(among)
        self.few = min(_IN_THE_WAY, self.size - (among is None))

    def run(self, solve: Solver, stage: str, progress: Progress) -> None:
        left = self.found.left
        if not self.few:
            return
        together = max(1, _LOGITS // self.size)
        for start in range(0, len(left), together):
            self._batch(left[start : start + together], solve)
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
            rivals, sure = self._rivals(ways, places, states)
            going = []
            for n, way in enumerate(ways):
                state = None
                if not sure[n]:
                    state = self._next(way, places[n], states[n], rivals[n], solve)
                elif self.among is None:
                    self._certify(way, states[n], self._margin(way.row, states[n], rivals[n]))
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
                self._certify(way, state, margin)
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
        self, ways: list[_Way], places: Float64, states: Float64
    ) -> tuple[Int64, npt.NDArray[np.bool_]]:
        """Return the few rows with the highest logits beside each row, and which rows beat them.

        Shapes (n, few) and (n,). A row beats them if it does so by more than float32 may be off.
        """
        wide, tau = self._unwhitened(states)
        norms = np.linalg.norm(wide, axis=1)
        narrow = wide.astype(np.float32)
        logits = np.empty((len(ways), self.size), np.float32)
        for start, rows in self.rows.blocks() if self.some is None else [(0, self.some)]:
            logits[:, start : start + len(rows)] = self.multiply(narrow, rows.T)
        reach = norms * self.rows.longest
        if self.bias is not None:
            bias = self.bias if self.among is None else self.bias[self.among]
            logits += np.outer(tau, bias).astype(np.float32)
            reach = reach + tau * np.abs(self.bias).max()
        if self.among is None:
            logits[np.arange(len(ways)), [way.row for way in ways]] = -np.inf
        rivals = np.argpartition(-logits, self.few - 1, axis=1)[:, : self.few]
        highest = np.take_along_axis(logits, rivals, 1).max(axis=1)
        own = np.einsum("ij,ij->i", places, states)
        sure = own - highest > 2 * (self.width + 6) * _EPS * reach
        return rivals if self.among is None else self.among[rivals], sure

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

    def _margin(self, row: int, state: Float64, rivals: Int64) -> float:
        """Return the margin of a row over its rivals in float64."""
        (wide,), (tau,) = self._unwhitened(state[None])
        own = self._logits(np.array([row]), wide, tau)
        return float(own[0] - self._logits(rivals, wide, tau).max())

    def _certify(self, way: _Way, state: Float64, margin: float) -> None:
        """Keep the hidden state of a row, in the units of the head."""
        (wide,), (tau,) = self._unwhitened(state[None])
        size, row = self.rows.size, way.row
        factor = size  # the logits so far are y·h + τ b/s_b; those of the head are w·h + b
        if self.bias is not None:
            if not tau:  # so far along the direction that no bias matters
                tau = margin / (_FAR * float(np.ptp(self.bias)))
                margin *= 1 - 1 / _FAR
            factor = self.unit / tau
        length = float(np.linalg.norm(wide)) / size
        self.found.status[row] = ARGMAXABLE
        self.found.margin[row] = margin / length if length else np.inf
        if len(way.active):
            self.found.directions[row] = wide * (factor / size)
        else:  # the row's whitened direction is its first
            self.found.scale[row] = factor / size**2
