"""The loss of real language models on real text."""

from superscope.evaluation import summary  # noqa: F401  (registers how results print)
from superscope.evaluation._evaluate import evaluate
from superscope.evaluation.evaluation import (
    EvaluatedModel,
    Evaluation,
    Losses,
    LossSettings,
    TextRead,
)
from superscope.evaluation.options import LossOptions
from superscope.evaluation.passes import Pass

__all__ = [
    "EvaluatedModel",
    "Evaluation",
    "LossOptions",
    "LossSettings",
    "Losses",
    "Pass",
    "TextRead",
    "evaluate",
]
