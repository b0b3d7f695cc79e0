"""The loss of a trained toy model on fresh samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.result import Result
from superscope.toy.features import Float64
from superscope.toy.processor import one_blas_thread
from superscope.toy.run import ToyRun

_BLOCK = 1 << 21  # numbers in a block of dense samples


@dataclass(frozen=True, eq=False, repr=False)
class ToyEvaluation(Result):
    """Loss on fresh samples.

    Attributes
    ----------
    loss, loss_se
        Sum over features of (y − x)², weighted by importance, mean over samples, and its
        standard error.
    feature_loss
        Loss of each feature, shape (n,).
    samples
        Number of samples.
    """

    loss: float
    loss_se: float
    feature_loss: Float64
    samples: int

    def __repr__(self) -> str:
        return f"ToyEvaluation(loss={self.loss:.6g}, samples={self.samples})"


@checked
def evaluate(run: ToyRun, *, samples: int = 1 << 16, seed: int = 0) -> ToyEvaluation:
    """Measure a run's loss on samples that were not used in training.

    Parameters
    ----------
    run
        The trained model.
    samples
        Number of samples, at least 2.
    seed
        Seed of the samples, combined with the config's seed. They differ from those of training.

    Returns
    -------
    ToyEvaluation
        The loss on fresh samples, its standard error, and the loss of each feature.

    Raises
    ------
    UsageError
        `samples` is below 2.

    Examples
    --------
    >>> from superscope.toy import ToyConfig, evaluate, train
    >>> run = train(ToyConfig(n=20, width=3, batch=32, steps=20))
    >>> fresh = evaluate(run, samples=1000)
    >>> fresh.feature_loss.shape
    (20,)
    """
    from superscope.toy.denormals import denormals_flushed

    if samples < 2:
        raise UsageError(f"samples must be at least 2 for a standard error, not {samples}")
    features, n = run.config.features(), run.config.n
    rng = np.random.default_rng(np.random.SeedSequence(run.config.seed, spawn_key=(1, seed)))
    feature_loss = np.zeros(n)
    losses = np.empty(samples)
    block = max(1, _BLOCK // n)
    with denormals_flushed(), one_blas_thread():  # existing threads would not flush denormals
        for begin in range(0, samples, block):
            size = min(block, samples - begin)
            x = features.draw(size, rng).dense()
            y = np.maximum(x @ run.W @ run.W.T + run.b, np.float32(run.config.floor))
            errors = run.config.weights() * np.square(y - x, dtype=np.float64)
            feature_loss += errors.sum(axis=0)
            losses[begin : begin + size] = errors.sum(axis=1)
    se = float(losses.std(ddof=1) / np.sqrt(samples))
    return ToyEvaluation(float(losses.mean()), se, feature_loss / samples, samples)
