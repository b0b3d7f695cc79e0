"""Small language models, alike but for the way in which their output head is packed."""

import superscope.lab.summary  # noqa: F401  (registers the results' text)
from superscope.lab.config import LabConfig
from superscope.lab.corpus import Corpus, CorpusInfo, make_corpus
from superscope.lab.rates import Rates
from superscope.lab.results import LabRuns, read_runs
from superscope.lab.run import HeldOut, LabFailure, LabRun
from superscope.lab.sweep_file import LabSweep, LabText, product, read_sweep
from superscope.lab.sweeps import sweep
from superscope.lab.table import read_table
from superscope.lab.training import train
from superscope.lab.variants import VARIANTS, Option, Setting, Variant

__all__ = [
    "VARIANTS",
    "Corpus",
    "CorpusInfo",
    "HeldOut",
    "LabConfig",
    "LabFailure",
    "LabRun",
    "LabRuns",
    "LabSweep",
    "LabText",
    "Option",
    "Rates",
    "Setting",
    "Variant",
    "make_corpus",
    "product",
    "read_runs",
    "read_sweep",
    "read_table",
    "sweep",
    "train",
]
