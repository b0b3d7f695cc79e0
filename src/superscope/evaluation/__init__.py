"""The loss of real language models on real text, and how often each token occurs in it."""

from superscope.evaluation.evaluate import evaluate
from superscope.evaluation.evaluation import Evaluation, Losses
from superscope.evaluation.frequency import TokenFrequency, count_tokens
from superscope.evaluation.hub_text import DATASETS, hub_text
from superscope.evaluation.options import LossOptions
from superscope.evaluation.text import Document, Text, text_files, text_of
from superscope.evaluation.zipf import ZipfExponent

__all__ = [
    "DATASETS",
    "Document",
    "Evaluation",
    "LossOptions",
    "Losses",
    "Text",
    "TokenFrequency",
    "ZipfExponent",
    "count_tokens",
    "evaluate",
    "hub_text",
    "text_files",
    "text_of",
]
