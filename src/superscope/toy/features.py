"""Sparse features: how often each is active, which are active together, and samples of them.

x_i = u_i v_i with u_i ~ Bernoulli(p_i) and v_i ~ Uniform(0, 2). About one of a thousand features
is active in a sample, so a batch holds only the active entries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from superscope.arrays import real_numbers
from superscope.errors import UsageError

if TYPE_CHECKING:
    from superscope.toy.sampling import Gates

LAWS = ("power", "exponential", "linear")
SCALE = 25.6  # n over the default s of exponential (LLG25: 10,240 / 400)

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int32 = npt.NDArray[np.int32]
Groups: TypeAlias = int | tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Features:
    """How often each feature is active, and which features are active together.

    Attributes
    ----------
    probabilities
        p, shape (n,).
    gates
        Probability that each Bernoulli gate opens, shape (gates,).
    starts, members
        The features of gate k are ``members[starts[k]:starts[k + 1]]``; each feature belongs to
        one gate.
    exclusive
        Whether an open gate activates only one of its features, shape (gates,). Else it
        activates all of them.
    """

    probabilities: Float64
    gates: Float64
    starts: Int32
    members: Int32
    exclusive: npt.NDArray[np.bool_]

    def draw(self, size: int, rng: np.random.Generator) -> Batch:
        """Draw a batch of samples."""
        from superscope.toy.sampling import draw

        starts, ids, values = draw(self._gates, size, rng)
        return Batch(size, len(self.probabilities), starts, ids, values)

    @cached_property
    def _gates(self) -> Gates:
        """The gates as every batch needs them; the rate of a gate is −1/log(1 − q)."""
        from superscope.toy.sampling import Gates

        with np.errstate(divide="ignore", over="ignore"):  # rate of a gate that never opens
            rates = -1 / np.log1p(-self.gates)
        ends = self.spans[1][self.members]
        return Gates(rates, self.starts, self.members, self.exclusive, ends)

    @cached_property
    def spans(self) -> tuple[Float64, Float64]:
        """Where the uniform number of its gate has to fall for a feature to be active.

        Feature i is active if ``low[i] <= u < high[i]``, shapes (n,). Features of an exclusive
        gate have spans side by side, each as long as its probability.
        """
        high = self.gates[self.gate_of]
        low = np.zeros_like(high)
        for gate in np.flatnonzero(self.exclusive):
            ids = self.members[self.starts[gate] : self.starts[gate + 1]]
            high[ids] = np.cumsum(self.probabilities[ids])
            low[ids[1:]] = high[ids[:-1]]
        return low, high

    @property
    def gate_of(self) -> Int32:
        """The gate of each feature, shape (n,)."""
        gate_of = np.empty_like(self.members)
        gate_of[self.members] = np.repeat(np.arange(len(self.gates)), np.diff(self.starts))
        return gate_of

    @property
    def density(self) -> float:
        """E = Σp: the mean number of active features in a sample."""
        return float(self.probabilities.sum())


@dataclass(frozen=True, eq=False)
class Batch:
    """The active entries of a batch of samples.

    Attributes
    ----------
    size
        Number of samples, including those without an active feature.
    features
        Number of features, n.
    starts
        The s-th non-empty sample has the entries ``starts[s]`` to ``starts[s + 1]``.
    ids, values
        Feature id and x of each entry.
    """

    size: int
    features: int
    starts: Int32
    ids: Int32
    values: Float32

    def dense(self) -> Float32:
        """Return x, shape (size, n); the empty samples come last."""
        x = np.zeros((self.size, self.features), np.float32)
        sample = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        x[sample, self.ids] = self.values
        return x

    @classmethod
    def of(cls, x: npt.ArrayLike) -> Batch:
        """Return the batch of a dense x, shape (size, n); the order of samples may change."""
        dense = np.asarray(x, np.float32)
        sample, ids = np.nonzero(dense)
        counts = np.bincount(sample, minlength=len(dense))
        starts = np.concatenate(([0], np.cumsum(counts[counts > 0])))
        return cls(
            size=len(dense),
            features=dense.shape[1],
            starts=starts.astype(np.int32),
            ids=ids.astype(np.int32),
            values=dense[sample, ids],
        )


def make_features(
    n: int,
    frequencies: str | tuple[float, ...] = "power",
    *,
    alpha: float = 1.0,
    scale: float | None = None,
    density: float = 1.0,
    groups: Groups = 1,
    anticorrelated: Groups = 1,
) -> Features:
    """Return n features with frequencies of a given law; see ``ToyConfig`` for the parameters.

    Parameters
    ----------
    n
        Number of features.
    frequencies
        ``power``, ``exponential``, ``linear``, or n probabilities.
    alpha
        Exponent of ``power``.
    scale
        Scale s of ``exponential``.
    density
        Sum of the probabilities of a law; given probabilities are multiplied by it.
    groups
        Size of the groups that share a gate, or the members of each group.
    anticorrelated
        The same for groups of which at most one feature is active at a time.

    Returns
    -------
    Features
        Probabilities and gates.

    Raises
    ------
    UsageError
        The probabilities are not n finite numbers in [0, 1], the density makes one exceed 1, the
        groups overlap or name features that do not exist, or the probabilities of anticorrelated
        features sum to more than 1.
    """
    probabilities = _probabilities(n, frequencies, alpha, scale, density)
    parts, apart = _gates(n, groups, anticorrelated)
    starts = np.concatenate(([0], np.cumsum([len(part) for part in parts])))
    members = np.concatenate(parts)
    sums = np.add.reduceat(probabilities[members], starts[:-1])
    _check_sums(sums, parts, apart)
    gates = np.where(apart, np.minimum(sums, 1), sums / np.diff(starts))
    shared = np.empty(n)
    shared[members] = np.repeat(gates, np.diff(starts))
    alone = np.repeat(apart, np.diff(starts))
    shared[members[alone]] = probabilities[members[alone]]
    return Features(shared, gates, starts.astype(np.int32), members.astype(np.int32), apart)


def _probabilities(n: int, law: Any, alpha: float, scale: float | None, density: float) -> Float64:
    rank = np.arange(1, n + 1, dtype=np.float64)
    if not isinstance(law, str):
        given = real_numbers(law, "frequencies")
        if given.shape != (n,):
            raise UsageError(f"frequencies: {given.size} probabilities for n = {n} features")
        outside = np.flatnonzero(~((given >= 0) & (given <= 1)))
        if len(outside):
            first = outside[0]
            raise UsageError(
                f"frequencies: probability {given[first]:g} of feature {first} is not in [0, 1]"
            )
        p = given * density + 0.0  # −0 is 0
    else:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if law == "power":
                shape = rank**-alpha
            elif law == "exponential":
                shape = np.exp(-(rank - 1) / (n / SCALE if scale is None else scale))
            else:
                shape = n - rank + 1
            p = density * shape / shape.sum()
        if not np.isfinite(p).all():
            raise UsageError(f"frequencies: {law} with alpha {alpha:g} overflows at n = {n}")
    if p.max() > 1:
        raise UsageError(
            f"density {density:g} makes the probability of feature {p.argmax()} {p.max():.4g}, "
            f"above 1; at most {density / p.max():.4g} is possible here"
        )
    if not p.any():
        raise UsageError("frequencies: every probability is 0")
    return p


def _gates(
    n: int, groups: Groups, anticorrelated: Groups
) -> tuple[list[npt.NDArray[np.int64]], npt.NDArray[np.bool_]]:
    """Return the feature ids of each gate, and which gates are exclusive."""
    together = _parts(n, groups, "groups")
    rivals = [part for part in _parts(n, anticorrelated, "anticorrelated") if len(part) > 1]
    if not rivals:
        return together, np.zeros(len(together), bool)
    named = np.zeros(n, bool)
    named[np.concatenate(rivals)] = True
    both = [part[named[part]] for part in together if len(part) > 1]
    twice = np.concatenate(both) if both else np.empty(0, np.int64)
    if len(twice):
        raise UsageError(
            f"feature {twice.min()} is both in groups and in anticorrelated; a feature can be in "
            "one of them"
        )
    others = [part for part in together if not named[part[0]]]
    return others + rivals, np.arange(len(others) + len(rivals)) >= len(others)


def _check_sums(
    sums: Float64, parts: list[npt.NDArray[np.int64]], apart: npt.NDArray[np.bool_]
) -> None:
    """Raise UsageError if features that exclude each other are too frequent for that."""
    for gate in np.flatnonzero(apart & (sums > 1 + 1e-9)):
        ids = ", ".join(map(str, parts[gate][:4])) + ", …" * (len(parts[gate]) > 4)
        raise UsageError(
            f"anticorrelated: the probabilities of features {ids} sum to {sums[gate]:.4g}, and "
            "only one of them can be active at a time; lower the density"
        )


def _parts(n: int, groups: Groups, name: str) -> list[npt.NDArray[np.int64]]:
    """Return the feature ids of each group, and each other feature alone."""
    if isinstance(groups, int):
        return [np.arange(at, min(at + groups, n)) for at in range(0, n, groups)]
    given = [np.asarray(group, np.int64) for group in groups if len(group)]
    named = np.concatenate(given) if given else np.empty(0, np.int64)
    if len(named) and not (named.min() >= 0 and named.max() < n):
        raise UsageError(f"{name}: feature ids must be 0 to {n - 1}")
    counts = np.bincount(named, minlength=n)
    if counts.max() > 1:
        raise UsageError(f"{name}: feature {counts.argmax()} is listed twice")
    return given + [np.array([i]) for i in np.flatnonzero(counts == 0)]
