"""How a narrower head is trained."""

# Annotations are evaluated here, because a class elsewhere may inherit these fields.

from dataclasses import dataclass
from typing import Literal

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.options import check_least

Objective = Literal["kl", "text", "both"]
TEXT_SHARE: dict[str, float] = {"kl": 0.0, "text": 1.0, "both": 0.5}


@checked
@dataclass(frozen=True)
class TrainingOptions:
    """How the way ``trained`` goes on from the best closed form.

    Attributes
    ----------
    objective
        What ``trained`` descends: ``kl``, the divergence from the full head's probabilities;
        ``text``, the loss of the text's own tokens; ``both``, the mean of the two. With the text's
        tokens a head learns that text as well: its loss there may fall below that of the full head,
        and says nothing of the rank.
    steps
        Steps of ``trained``, at most.
    step_positions
        Positions of the text that a step reads.
    learning_rate
        How much a step of Adam changes the logits at its highest, as a share of their error at the
        start, √(2 KL).
    trained_bias
        Whether ``trained`` gives a bias to a head that has none.
    held_share
        Share of the documents that choose where ``trained`` starts and ends; it does not learn
        from them.
    """

    objective: Objective = "kl"
    steps: int = 1000
    step_positions: int = 512
    learning_rate: float = 0.05
    trained_bias: bool = False
    held_share: float = 0.05

    def check_training(self) -> None:
        """Refuse what cannot be done.

        Raises
        ------
        UsageError
            Naming the option.
        """
        check_least(self, {"steps": 1, "step_positions": 1})
        if not 0 < self.learning_rate < float("inf"):
            raise UsageError(f"learning_rate={self.learning_rate}; it must be above 0, and finite")
        if not 0 < self.held_share < 1:
            raise UsageError(f"held_share={self.held_share}; it lies between 0 and 1")

    @property
    def text_share(self) -> float:
        """How much of the objective is the loss of the text's own tokens."""
        return TEXT_SHARE[self.objective]
