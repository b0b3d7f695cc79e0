"""The validated config of a lab run."""

# Annotations are evaluated here, by the check of the values.

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Literal, get_origin

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.lab.variants import Variant, spelled, variants_of
from superscope.options import check_least

BASE_WIDTH = 64  # at which learning rates are what the config says
MEANING = 1  # of a config; raise it where one is to train another model than before
MOST_WEIGHTS = 10**10  # of a model, about: with gradients and moments 160 GB
WARM_UP = 0.05  # share of the steps
SOFTMAX = 32  # columns of a head whose products take as long as the softmax of its logits
LAST_RATE = 0.1  # of the peak, where the cosine ends


@checked
@dataclass(frozen=True)
class LabConfig:
    """One lab run: a small language model, and how its output head is packed.

    Attributes
    ----------
    variant
        Ways of packing, joined by +, each with its number: ``adamw``, ``coupled``,
        ``centered + growth=0.1``.
    width
        m, numbers of a hidden state.
    depth
        Layers.
    attention_width
        Numbers of a head of attention; the width is a multiple of it.
    architecture
        Kind of the body, as transformers has it.
    vocabulary
        V, entries of the tokenizer that is made.
    context
        Tokens read at once.
    batch
        Sequences of a step.
    tokens
        Tokens to train on; the learning rate ends with them.
    learning_rate
        Peak of the body's at width 64; at width m it is this times √(64/m).
    head_learning_rate
        Likewise of the head's rows; default: the body's, or what the variant says.
    decay
        Decoupled weight decay of matrices.
    check_at
        Numbers of tokens after which the held-out loss is taken, beside the end.
    seed
        Of first weights and of the order of the text.

    Raises
    ------
    UsageError
        A value is out of range, or values do not go together.

    Examples
    --------
    >>> from superscope.lab import LabConfig
    >>> config = LabConfig(width=32, batch=4, context=64, tokens=10_000)
    >>> config.steps, round(config.rate(config.warm_up_steps), 5)
    (39, 0.00424)
    """

    variant: str = "adamw"
    width: int = 64
    depth: int = 4
    attention_width: int = 16
    architecture: Literal["gpt-neox", "llama"] = "gpt-neox"
    vocabulary: int = 4096
    context: int = 256
    batch: int = 16
    tokens: int = 2_000_000
    learning_rate: float = 3e-3
    head_learning_rate: float | None = None
    decay: float = 0.1
    check_at: tuple[int, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        check_least(self, {
            "width": 2, "depth": 1, "attention_width": 2, "vocabulary": 2, "context": 2,
            "batch": 1, "tokens": 1, "seed": 0,
        })  # fmt: skip
        for name in ("learning_rate", "head_learning_rate", "decay"):
            value = getattr(self, name)
            if value is None:
                continue
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"{name} must be a finite number of at least 0, not {value:g}")
            object.__setattr__(self, name, float(value))  # 1 and 1.0 are one run
        if self.head_learning_rate == 0 and any(v.rate is not None for v in self.variants):
            raise UsageError(f"head_learning_rate=0; with {self.variant} it must be above 0")
        if self.width % self.attention_width:
            raise UsageError(
                f"width={self.width} is no multiple of attention_width={self.attention_width}; "
                "choose an attention_width that divides it"
            )
        if self.attention_width % 2:
            raise UsageError(f"attention_width={self.attention_width} must be even: half turns")
        if self.steps < 1:
            raise UsageError(
                f"tokens={self.tokens:,} are less than a batch of {self.step_tokens:,}; "
                "lower batch or context"
            )
        asked: Any = self.check_at
        asked = (asked,) if isinstance(asked, int) else asked  # one alone
        object.__setattr__(self, "check_at", tuple(sorted(set(map(int, asked)))))
        for tokens in self.check_at:
            if not 0 < tokens <= self.tokens:
                raise UsageError(
                    f"check_at={tokens:,}; it must be from 1 to tokens={self.tokens:,}"
                )
        for variant in self.variants:
            variant.check(self.width)
        object.__setattr__(self, "variant", spelled(self.variants))
        if self.about_weights > MOST_WEIGHTS:
            raise UsageError(
                f"width={self.width:,}, depth={self.depth:,} and vocabulary={self.vocabulary:,} "
                f"with {self.variant} make a model of about {self.about_weights:.2g} weights; the "
                f"lab is for small ones, of at most {MOST_WEIGHTS:.0e}"
            )

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The ways of packing."""
        return variants_of(self.variant)

    @property
    def step_tokens(self) -> int:
        """Tokens of a step."""
        return self.batch * self.context

    @property
    def steps(self) -> int:
        """Number of steps."""
        return self.tokens // self.step_tokens

    @property
    def trained_tokens(self) -> int:
        """Tokens that are trained on: whole batches."""
        return self.steps * self.step_tokens

    @property
    def warm_up_steps(self) -> int:
        """Steps in which the learning rate rises."""
        return max(1, round(WARM_UP * self.steps))

    @property
    def peak(self) -> float:
        """The body's highest learning rate."""
        return self.learning_rate * math.sqrt(BASE_WIDTH / self.width)

    @property
    def head_rate(self) -> float:
        """The highest learning rate of the head's rows, at width 64."""
        own = [variant.rate for variant in self.variants if variant.rate is not None]
        asked = self.head_learning_rate
        return asked if asked is not None else own[0] if own else self.learning_rate

    @property
    def head_peak(self) -> float:
        """The highest learning rate of the head's rows."""
        return self.head_rate * math.sqrt(BASE_WIDTH / self.width)

    def share(self, step: int) -> float:
        """Return the share of the peak at a step: a linear rise, then half a cosine to a tenth."""
        warm = self.warm_up_steps
        if step < warm:
            return (step + 1) / warm
        turn = math.pi * (step - warm) / max(1, self.steps - warm)
        return LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(turn)) / 2

    def rate(self, step: int) -> float:
        """Return the body's learning rate at a step, counted from 0."""
        return self.peak * self.share(step)

    @property
    def about_weights(self) -> int:
        """About how many weights the model has: 12 ℓ m², two matrices of V rows, and variants'."""
        plain = 12 * self.depth * self.width**2 + 2 * self.vocabulary * self.width
        return plain + sum(v.added_weights(self.width, self.vocabulary) for v in self.variants)

    @property
    def about_work(self) -> float:
        """About how long training takes, beside other configs: a measured law of one thread."""
        head = 2 * self.vocabulary * (self.width + SOFTMAX)
        return float(self.trained_tokens) * (12 * self.depth * self.width**2 + head)

    @property
    def identity(self) -> str:
        """Hash of the config: equal for configs that mean the same run on one text."""
        meant = self.to_mapping() | {
            "head_learning_rate": self.head_peak, "tokens": self.steps, "meaning": MEANING,
        }  # fmt: skip
        text = json.dumps(meant, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def to_mapping(self) -> dict[str, Any]:
        """Return the values by name, as :meth:`from_mapping` takes them."""
        return asdict(self)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> "LabConfig":
        """Make a config from named values, as in TOML and JSON.

        Raises
        ------
        UsageError
            A name is unknown, or a value is out of range. The message suggests a known name.
        """
        return cls(**values)


FIELDS: tuple[str, ...] = tuple(f.name for f in fields(LabConfig))
LISTS: tuple[str, ...] = tuple(f.name for f in fields(LabConfig) if get_origin(f.type) is tuple)
