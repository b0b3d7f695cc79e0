"""Small language models, alike but for the way in which their output head is packed."""

import superscope.lab.summary
import superscope.lab.worth.summary  # noqa: F401  (both register the results' text)
from superscope.lab.config import LabConfig
from superscope.lab.corpus import Corpus, CorpusInfo
from superscope.lab.corpus_making import make_corpus
from superscope.lab.rates import Rates
from superscope.lab.results import LabRuns, read_runs
from superscope.lab.run import HeldOut, LabFailure, LabRun
from superscope.lab.sweep_file import LabSweep, LabText, product, read_sweep
from superscope.lab.sweeps import sweep
from superscope.lab.table import read_table
from superscope.lab.training import train
from superscope.lab.variants import VARIANTS, Option, Setting, Variant
from superscope.lab.worth._correlations import Cell, Correlation, LabCorrelations, correlations
from superscope.lab.worth._gains import gains
from superscope.lab.worth._head_or_body import HeadOrBody, HeadPoint, head_or_body
from superscope.lab.worth._simulate import simulate
from superscope.lab.worth._slopes import slopes
from superscope.lab.worth.comparison import Comparison, Factor, WidthGain
from superscope.lab.worth.joined import read_tables
from superscope.lab.worth.lab_gains import LabGains
from superscope.lab.worth.lab_report import LabReport, report
from superscope.lab.worth.lab_slopes import Difference, LabSlopes, Slope, VariantSlopes

__all__ = [
    "VARIANTS",
    "Cell",
    "Comparison",
    "Corpus",
    "CorpusInfo",
    "Correlation",
    "Difference",
    "Factor",
    "HeadOrBody",
    "HeadPoint",
    "HeldOut",
    "LabConfig",
    "LabCorrelations",
    "LabFailure",
    "LabGains",
    "LabReport",
    "LabRun",
    "LabRuns",
    "LabSlopes",
    "LabSweep",
    "LabText",
    "Option",
    "Rates",
    "Setting",
    "Slope",
    "Variant",
    "VariantSlopes",
    "WidthGain",
    "correlations",
    "gains",
    "head_or_body",
    "make_corpus",
    "product",
    "read_runs",
    "read_sweep",
    "read_table",
    "read_tables",
    "report",
    "simulate",
    "slopes",
    "sweep",
    "train",
]
