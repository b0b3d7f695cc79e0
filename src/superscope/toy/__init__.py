"""The toy model of superposition: n features in m dimensions, and how its loss falls with m."""

import superscope.toy.summary  # noqa: F401  (registers the results' text)
from superscope.toy.config import ToyConfig
from superscope.toy.curve import loss_curve, loss_curves
from superscope.toy.dimensionality import Phase, feature_dimensionality, phase_of
from superscope.toy.evaluation import ToyEvaluation, evaluate
from superscope.toy.features import Batch, Features, make_features
from superscope.toy.point import ToyPoint, losses_table
from superscope.toy.results import ToyRuns, read_runs
from superscope.toy.run import ToyRun
from superscope.toy.run_file import Failure, from_bytes, to_bytes
from superscope.toy.sweep_file import product, read_sweep
from superscope.toy.sweeps import sweep
from superscope.toy.training import train, train_many

__all__ = [
    "Batch",
    "Failure",
    "Features",
    "Phase",
    "ToyConfig",
    "ToyEvaluation",
    "ToyPoint",
    "ToyRun",
    "ToyRuns",
    "evaluate",
    "feature_dimensionality",
    "from_bytes",
    "loss_curve",
    "loss_curves",
    "losses_table",
    "make_features",
    "phase_of",
    "product",
    "read_runs",
    "read_sweep",
    "sweep",
    "to_bytes",
    "train",
    "train_many",
]
