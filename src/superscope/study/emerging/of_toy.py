"""The losses of a toy model's features over its widths: curves of which the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.evaluation.evaluation import PARTS
from superscope.study.emerging.curves import Curves
from superscope.study.emerging.shapes import Floats
from superscope.toy import ToyRun, evaluate


@checked
def toy_curves(runs: Sequence[ToyRun], *, samples: int = 4096) -> Curves:
    """Return the loss of each feature of toy models that differ in width, on the same samples.

    Parameters
    ----------
    runs
        Alike but for their width.
    samples
        In each of the 20 parts that errors come from.

    Returns
    -------
    Curves
        For :func:`emergence`: a feature stands in place of a token, and its occurrences are those
        that are expected.

    Raises
    ------
    UsageError
        The runs have different features, or fewer than four widths.

    Examples
    --------
    >>> from superscope.study import emergence, toy_curves
    >>> from superscope.toy import ToyConfig, train
    >>> runs = [train(ToyConfig(n=20, width=m, steps=20, batch=32)) for m in (2, 3, 5, 8)]
    >>> len(toy_curves(runs, samples=64))
    20
    """
    if not runs:
        raise UsageError("give runs of toy models, of four widths or more")
    probabilities = runs[0].config.features().probabilities
    for run in runs:
        if not np.array_equal(run.config.features().probabilities, probabilities):
            raise UsageError("the toy models have different features; give runs of one kind")
    sums = np.stack([_by_part(run, samples) for run in runs], axis=1)
    expected = np.repeat(probabilities[:, None] * samples, PARTS, axis=1)
    names = tuple(f"feature {k}" for k in range(len(probabilities)))
    widths = np.array([run.config.width for run in runs], np.int64)
    return Curves(np.arange(len(probabilities)), names, widths, expected, sums)


def _by_part(run: ToyRun, samples: int) -> Floats:
    """Return the summed loss of each feature in each part, shape (n, PARTS)."""
    alike = replace(run, config=replace(run.config, seed=0))  # one seed of samples for all models
    parts = [evaluate(alike, samples=samples, seed=part).feature_loss for part in range(PARTS)]
    return np.stack(parts, axis=1) * samples
