"""Do many tasks, locally or on a cluster, so that they can be stopped and resumed."""

from superscope.runs.executors import Workers, dask_cluster, processes, this_process, workers_of
from superscope.runs.folder import RunFolder
from superscope.runs.many import Outcome, run_all
from superscope.runs.results import check_regular, read_results, results_of
from superscope.runs.sweep_file import combinations, read_sweep_file
from superscope.runs.sweep_outcome import SweepOutcome

__all__ = [
    "Outcome",
    "RunFolder",
    "SweepOutcome",
    "Workers",
    "check_regular",
    "combinations",
    "dask_cluster",
    "processes",
    "read_results",
    "read_sweep_file",
    "results_of",
    "run_all",
    "this_process",
    "workers_of",
]
