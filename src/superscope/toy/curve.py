"""The loss of a run over its steps, thinned: what a law of training time is fitted to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.progress import ProgressChoice, chosen
from superscope.runs import RunFolder, read_results
from superscope.toy.run import ToyRun
from superscope.toy.run_file import SUFFIX, read_run

if TYPE_CHECKING:
    import pandas as pd

POINTS = 40


@checked
def loss_curve(run: ToyRun, points: int = POINTS) -> pd.DataFrame:
    """Return a run's loss over its steps, averaged over spans of equal ratio.

    Parameters
    ----------
    run
        A trained toy model.
    points
        How many spans at most; the first steps have one each.

    Returns
    -------
    DataFrame
        A row a span: ``run``, what was trained, ``step`` (the geometric mean of the span's steps,
        counted from 1), ``rate`` (the mean learning rate as a share of its peak), ``loss`` and
        ``loss_se``, its standard error from the span's spread (missing for one step).

    Raises
    ------
    UsageError
        Fewer than one span.

    Examples
    --------
    >>> from superscope.toy import ToyConfig, loss_curve, train
    >>> curve = loss_curve(train(ToyConfig(n=20, width=3, batch=32, steps=200)), points=10)
    >>> len(curve), bool(curve["loss"].iloc[-1] < curve["loss"].iloc[0])
    (10, True)
    """
    import pandas as pd

    if points < 1:
        raise UsageError(f"points must be at least 1, not {points}")
    config = run.config
    steps = np.arange(1, config.steps + 1)
    # A span begins at each whole number nearest to a power of one ratio; early ones coincide.
    starts = np.unique(np.round(np.geomspace(1, config.steps + 1, points + 1)).astype(np.int64))
    spans = [slice(a - 1, b - 1) for a, b in pairwise(starts)]
    losses = run.losses.astype(np.float64)
    rates = np.array([config.learning_rates(s)[0] for s in range(config.steps)])
    return pd.DataFrame({
        "run": config.identity,
        "features": config.n,
        "width": config.width,
        "frequency_exponent": config.alpha if config.frequencies == "power" else np.nan,
        "decay": config.decay,
        "seed": config.seed,
        "step": [float(np.exp(np.log(steps[s]).mean())) for s in spans],
        "rate": [float(rates[s].mean()) / config.learning_rate for s in spans],
        "loss": [float(losses[s].mean()) for s in spans],
        "loss_se": [_error(losses[s]) for s in spans],
    })  # fmt: skip


@checked
def loss_curves(
    path: str | Path, points: int = POINTS, *, progress: ProgressChoice = "auto"
) -> pd.DataFrame:
    """Return the loss over the steps of every finished run of a folder, one after the other.

    Every result file holds the loss of every step, those of earlier versions too.

    Parameters
    ----------
    path
        Folder of a sweep.
    points
        As for :func:`loss_curve`.
    progress
        ``"auto"`` shows a bar, None nothing; a function is called as
        ``progress("reading runs", done, total)``.

    Returns
    -------
    DataFrame
        As :func:`loss_curve` returns, for each run.

    Raises
    ------
    NotFoundError
        There is no such folder.
    UsageError
        It has no finished run.
    """
    import pandas as pd

    folder = RunFolder(Path(path), SUFFIX, create=False)
    with chosen(progress) as report:
        results = read_results(folder, read_run, lambda r: r.config.identity, [], report)
        curves = [loss_curve(run, points) for run in results if isinstance(run, ToyRun)]
    if not curves:
        raise UsageError(f"{path} has no finished run; make some with: superscope toy sweep")
    return pd.concat(curves, ignore_index=True)


def _error(losses: np.ndarray) -> float:
    return float(losses.std(ddof=1) / np.sqrt(len(losses))) if len(losses) > 1 else np.nan
