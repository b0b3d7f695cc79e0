"""How a head is made narrower."""

# Annotations are evaluated here, because a class elsewhere may inherit these fields.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from cyclopts import Parameter

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.evaluation.options import LossOptions
from superscope.options import check_least
from superscope.repack.out_options import OutOptions
from superscope.repack.training_options import TrainingOptions

ClosedForm = Literal["svd", "centered", "whitened", "frequency", "fisher", "blocks"]
Way = Literal[ClosedForm, "trained"]
CLOSED_FORMS: tuple[ClosedForm, ...] = get_args(ClosedForm)
STARTS: tuple[ClosedForm, ...] = ("whitened", "frequency", "blocks")
WAYS: tuple[Way, ...] = get_args(Way)


def _typed_ranks(kind: Any, tokens: Sequence[Any]) -> tuple[int, ...]:
    """Return ranks written as 32,64 or as 32 64."""
    return tuple(_rank(part, token) for token in tokens for part in token.value.split(","))


def _rank(part: str, token: Any) -> int:
    if not part.strip().isdecimal():
        raise UsageError(f"{token.keyword} {token.value!r}: write whole numbers, such as 64,128")
    return int(part)


def _typed_ways(kind: Any, tokens: Sequence[Any]) -> tuple[str, ...]:
    """Return ways written as svd,whitened or as svd whitened; the options check them."""
    return tuple(part.strip() for token in tokens for part in token.value.split(","))


def _list(converter: Any, show_default: Any = False) -> Parameter:
    return Parameter(
        converter=converter, n_tokens=-1, consume_multiple=True, accepts_keys=False, negative="",
        show_default=show_default,
    )  # fmt: skip


@checked
@dataclass(frozen=True)
class RepackOptions(LossOptions, TrainingOptions, OutOptions):
    """How to make a head narrower, and how to score it.

    Attributes
    ----------
    ranks
        Ranks of the narrower heads; by default 1/8, 1/4, 1/2 and 3/4 of the width.
    ways
        How to choose a head of a rank: ``svd``, ``centered``, ``whitened``, ``frequency``,
        ``fisher``, ``blocks``; ``trained`` goes on from the best of those named beside it; alone,
        from the best of ``whitened``, ``frequency`` and ``blocks``.
    max_tokens
        Tokens of the text that heads are made from.
    score_tokens
        Tokens of the text that heads are scored on.
    score_share
        Share of the documents that heads are scored on, where one text is given.
    prior
        Occurrences of each token that are added to its count: rows that the text never needed are
        not given up for it.
    power
        Power of the weights that rows have in ``frequency``, ``blocks`` and ``fisher``: 1 for the
        weights themselves, 0 for equal ones.
    seed
        Of what is drawn at random.
    """

    ranks: Annotated[tuple[int, ...], _list(_typed_ranks)] = ()
    ways: Annotated[tuple[Way, ...], _list(_typed_ways, ",".join)] = CLOSED_FORMS
    max_tokens: int | None = 200_000
    score_tokens: int | None = 20_000
    score_share: float = 0.1
    prior: float = 1.0
    power: float = 0.75
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be done.

        Raises
        ------
        UsageError
            Naming the option.
        """
        for name in ("ranks", "ways"):  # one may stand alone
            given: Any = getattr(self, name)
            several = (given,) if isinstance(given, (int, str)) else tuple(given)
            object.__setattr__(self, name, several)
        check_least(self, {"score_tokens": 2, "seed": 0})
        if any(rank < 1 for rank in self.ranks):
            raise UsageError(f"ranks={min(self.ranks)}: a rank is at least 1")
        if not self.ways:
            raise UsageError(f"ways is empty; choose among {', '.join(WAYS)}")
        if not 0 < self.score_share < 1:
            raise UsageError(f"score_share={self.score_share}; it lies between 0 and 1")
        if not 0 <= self.prior < float("inf"):
            raise UsageError(f"prior={self.prior}; it is a number of occurrences, at least 0")
        if not 0 <= self.power < float("inf"):
            raise UsageError(f"power={self.power}; the power of the weights is at least 0")
        self.check_training()
        super().__post_init__()
