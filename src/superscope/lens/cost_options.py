"""How the cost of collisions on a text is found."""

# Annotations are evaluated here, because a class elsewhere may inherit these fields.

from dataclasses import dataclass
from typing import Literal

from superscope.arguments import checked
from superscope.evaluation.options import LossOptions
from superscope.options import check_least


@checked
@dataclass(frozen=True)
class CostOptions(LossOptions):
    """How to find what collisions cost on a text.

    Attributes
    ----------
    draws
        How often random rows are drawn as controls.
    like
        Whose frequency random rows have: that of the ``neighbor`` that each stands for, or that of
        the ``token``, of which frequent ones then have too few.
    pairs
        How many of the pairs that cost most are moved apart in the head, for a second pass over
        the text; 0 leaves that out. One half of the documents chooses them, and the change of the
        loss is that of the other half.
    apart
        How: ``turn`` turns both rows, each as far, until they are at right angles, which moves them
        least; ``remove`` takes from each its component along the other and gives it its norm
        back, a turn twice as far, after which c is −c.
    seed
        Of the generator of random rows.
    """

    draws: int = 10
    like: Literal["neighbor", "token"] = "neighbor"
    pairs: int = 20
    apart: Literal["turn", "remove"] = "turn"
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be done.

        Raises
        ------
        UsageError
            Naming the option.
        """
        check_least(self, {"draws": 2, "pairs": 0, "seed": 0})
        super().__post_init__()
