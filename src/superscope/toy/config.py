"""The validated config of a toy run, and the identity that follows from it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from superscope.arguments import checked
from superscope.errors import UsageError, did_you_mean
from superscope.toy.features import LAWS, SCALE, Features, Float64, Groups, make_features
from superscope.toy.importance import Importance, importance_weights
from superscope.toy.inputs import typed_frequencies, typed_groups, typed_importance

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # of Adam (definitions.md §4)


@checked
@dataclass(frozen=True)
class ToyConfig:
    """One toy run: n features stored in m dimensions (E22, LLG25; definitions.md §4).

    The defaults are those of LLG25's sweep.

    Parameters
    ----------
    n
        Number of features.
    width
        m, the dimensions that the features share.
    frequencies
        Law of the activation probabilities p over rank i: power is p ∝ i^(−α), exponential is
        p ∝ exp(−i/s), linear is p ∝ n − i + 1. Or n probabilities of your own; on the command
        line, a file of them: .npy, or text with one number per line.
    alpha
        α of power.
    scale
        s of exponential, in ranks; default: n/25.6 (LLG25: s = 400 at n = 10,240).
    density
        Mean number of active features in a sample, E = Σp. Probabilities of your own are
        multiplied by it.
    groups
        Number of consecutive ranks that share one Bernoulli gate; 1 makes features independent.
        Or a list of feature ids for each group, counted from 0; on the command line, a .json
        file of such lists. A gate opens with the mean probability of its features, which keeps
        the density. A group of two is a correlated pair.
    anticorrelated
        Number of consecutive ranks of which at most one is active at a time; 2 makes
        anticorrelated pairs. Or lists of feature ids, as for groups. Each feature keeps its
        probability.
    importance
        r of I_i = r^(i − 1), the weight of feature i's squared error in the loss; 1 counts all
        features alike. Or n weights of your own; on the command line, a file of them.
    output
        relu is y = ReLU(W h + b), linear is y = W h + b.
    bias
        Start of the biases b: normal is N(0, 1), zeros is 0. With none the model has no b.
    decay
        γ: weight decay if positive, growth toward unit norms if negative.
    batch
        Number of samples per step.
    steps
        Number of steps.
    warmup
        Steps of linear warm-up; default: a tenth of the steps.
    learning_rate
        η at its peak; after the warm-up it falls along a cosine to 5 %.
    bias_learning_rate
        η of the biases; default: that of the weights.
    seed
        Seed of the initial weights and of every sample.
    engine
        numba is fast and runs on CPUs; torch is simple and runs on any device. Both draw from
        the same distribution, but not the same samples.

    Raises
    ------
    UsageError
        A value is out of range, or the density makes a probability exceed 1.

    Examples
    --------
    >>> from superscope.toy import ToyConfig
    >>> config = ToyConfig(n=30, width=4, decay=0.5, steps=100)
    >>> config.warmup_steps
    10
    >>> round(config.features().density, 6)
    1.0
    """

    n: int = 1000
    width: int = 39
    frequencies: Annotated[
        str | tuple[float, ...], Parameter(converter=typed_frequencies, n_tokens=1, negative="")
    ] = "power"
    alpha: float = 1.0
    scale: float | None = None
    density: float = 1.0
    groups: Annotated[Groups, Parameter(converter=typed_groups, n_tokens=1, negative="")] = 1
    anticorrelated: Annotated[
        Groups, Parameter(converter=typed_groups, n_tokens=1, negative="")
    ] = 1
    importance: Annotated[
        Importance, Parameter(converter=typed_importance, n_tokens=1, negative="")
    ] = 1.0
    output: Literal["relu", "linear"] = "relu"
    bias: Literal["normal", "zeros", "none"] = "normal"
    decay: float = -1.0
    batch: int = 2048
    steps: int = 20_000
    warmup: int | None = None
    learning_rate: float = 1e-2
    bias_learning_rate: float | None = None
    seed: int = 0
    engine: Literal["numba", "torch"] = "numba"

    def __post_init__(self) -> None:
        for name in ("n", "width", "batch", "steps"):
            self._set(name, _whole(name, getattr(self, name), least=1))
        self._set("seed", _whole("seed", self.seed, most=(1 << 63) - 1))
        if self.warmup is not None:
            self._set("warmup", _whole("warmup", self.warmup))
        for name in ("alpha", "decay"):
            self._set(name, _number(name, getattr(self, name)))
        for name in ("density", "learning_rate", "bias_learning_rate", "scale"):
            if getattr(self, name) is not None:
                self._set(name, _number(name, getattr(self, name)))
                if getattr(self, name) <= 0:
                    raise UsageError(f"{name} must be above 0, not {getattr(self, name):g}")
        if isinstance(self.frequencies, str):
            _check_choice("frequencies", self.frequencies, LAWS)
        else:
            given = _items("frequencies", "a law or a list of probabilities", self.frequencies)
            self._set("frequencies", tuple(_number("frequencies", p) for p in given))
        for name in ("groups", "anticorrelated"):
            self._set(name, _grouped(name, getattr(self, name)))
        if isinstance(self.importance, (list, tuple)):
            self._set("importance", tuple(_number("importance", i) for i in self.importance))
        else:
            self._set("importance", _number("importance", self.importance))
            if self.importance <= 0:
                raise UsageError(f"importance must be above 0, not {self.importance:g}")
        self.features()  # which also checks the values against each other
        self.weights()

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def features(self) -> Features:
        """Return the features' probabilities and gates."""
        return _features(
            self.n,
            self.frequencies,
            alpha=self.alpha,
            scale=self.scale,
            density=self.density,
            groups=self.groups,
            anticorrelated=self.anticorrelated,
        )

    def weights(self) -> Float64:
        """Return the importance of each feature, the weight of its squared error, shape (n,)."""
        return _weights(self.n, self.importance)

    @property
    def floor(self) -> float:
        """The least value of an output: 0 with ReLU, −∞ without."""
        return 0.0 if self.output == "relu" else -math.inf

    @property
    def warmup_steps(self) -> int:
        """Steps of linear warm-up."""
        return self.steps // 10 if self.warmup is None else self.warmup

    def learning_rates(self, step: int) -> tuple[float, float]:
        """Return η of W and of b at a step, counted from 0."""
        warmup = self.warmup_steps
        if step < warmup:
            factor = (step + 1) / warmup
        else:
            turn = math.pi * (step - warmup) / (self.steps - warmup)
            factor = 0.05 + 0.95 * (1 + math.cos(turn)) / 2
        of_bias = self.bias_learning_rate
        return factor * self.learning_rate, factor * (of_bias or self.learning_rate)

    @property
    def identity(self) -> str:
        """Hash of the config: equal for configs that mean the same run, seed included."""
        meant = self.to_mapping() | {"warmup": self.warmup_steps}
        meant["bias_learning_rate"] = self.bias_learning_rate or self.learning_rate
        if self.frequencies != "power":
            del meant["alpha"]
        if self.frequencies != "exponential":
            del meant["scale"]
        elif self.scale == self.n / SCALE:
            meant["scale"] = None
        if isinstance(self.groups, tuple) and all(len(group) < 2 for group in self.groups):
            meant["groups"] = 1
        if (self.weights() == 1).all():
            meant.pop("importance", None)
        if not self.features().exclusive.any():
            meant.pop("anticorrelated", None)
        if self.bias == "none":
            del meant["bias_learning_rate"]
        text = json.dumps(meant, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def to_mapping(self) -> dict[str, Any]:
        """Return the values by name, as :meth:`from_mapping` takes them.

        Fields of later versions are left out at their defaults, so that the identities and files
        of earlier runs stay as they are.
        """
        return {
            name: value
            for name, value in asdict(self).items()
            if not (name in LATER and value == getattr(ToyConfig, name))
        }

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> ToyConfig:
        """Make a config from named values, as in TOML and JSON.

        Raises
        ------
        UsageError
            A name is unknown, or a value is out of range. The message suggests a known name.
        """
        check_fields(values)
        return cls(**values)


LATER = ("anticorrelated", "importance", "output", "bias")
"""Fields that format 2 did not have from its start."""
FIELDS: tuple[str, ...] = tuple(f.name for f in fields(ToyConfig))


def check_fields(names: Mapping[str, Any]) -> None:
    """Raise UsageError for a name that is not a field of ToyConfig."""
    for name in names:
        _check_choice("field", name, FIELDS)


_features = lru_cache(maxsize=64)(make_features)
_weights = lru_cache(maxsize=64)(importance_weights)


def _check_choice(what: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        hint = did_you_mean(str(value), choices, 0.6).strip() or f"choose from {', '.join(choices)}"
        raise UsageError(f"unknown {what} {value!r}: {hint}")


def _whole(name: str, value: Any, least: int = 0, most: int = (1 << 31) - 1) -> int:
    if isinstance(value, bool) or not float(_number(name, value)).is_integer():
        raise UsageError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise UsageError(f"{name} must be at least {least}, not {value}")
    if value > most:
        raise UsageError(f"{name} must be at most {most:,}, not {value:g}")
    return int(value)


def _grouped(name: str, value: Any) -> Groups:
    if not isinstance(value, (list, tuple)):
        return _whole(name, value, least=1)
    parts = [_items(name, "a number or a list of lists", part) for part in value]
    return tuple(tuple(_whole(name, i) for i in part) for part in parts)


def _items(name: str, what: str, value: Any) -> Iterable[Any]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise UsageError(
            f"{name} must be {what}, not {value!r}; in a sweep, a list is a list of choices"
        )
    return value


def _number(name: str, value: Any) -> float:
    try:
        if isinstance(value, (str, bool)):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(f"{name} must be a number, not {value!r}") from None
    if not math.isfinite(number):
        raise UsageError(f"{name} must be finite, not {number}")
    return number + 0.0  # −0 is 0
