"""How single tokens are looked at."""

# Annotations are evaluated here, because a class elsewhere may inherit these fields.

from dataclasses import dataclass
from typing import Literal

from superscope.arguments import checked
from superscope.heads import HeadOptions
from superscope.options import check_least


@checked
@dataclass(frozen=True)
class LensOptions(HeadOptions):
    """How to look at single tokens.

    Attributes
    ----------
    center
        What is subtracted from every row before it is compared with others: ``mean``, the mean
        row, which changes no probability; ``frequency``, the mean row weighted by token
        frequencies; or ``none``.
    neighbors
        How many nearest rows to show of a token.
    """

    center: Literal["mean", "none", "frequency"] = "mean"
    neighbors: int = 10

    def __post_init__(self) -> None:
        """Refuse what cannot be shown.

        Raises
        ------
        UsageError
            Naming the option.
        """
        check_least(self, {"neighbors": 1})
