"""Train toy models: from a config to its run, the same bits for the same config."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np

from superscope.arguments import checked
from superscope.errors import DivergedError
from superscope.progress import Progress, ProgressChoice, chosen
from superscope.toy.config import ToyConfig
from superscope.toy.engine import check_device, diverged, initial_weights
from superscope.toy.processor import kernel, one_blas_thread
from superscope.toy.run import LAST, ToyRun


@checked
def train(config: ToyConfig, *, device: str = "auto", progress: ProgressChoice = "auto") -> ToyRun:
    """Train one toy model.

    Parameters
    ----------
    config
        What to train.
    device
        Where the ``torch`` engine trains; ``auto`` is a GPU where there is one. The ``numba``
        engine is for CPUs.
    progress
        ``"auto"`` shows a bar in a terminal or a notebook; None shows nothing; a function is
        called as ``progress("train", steps done, steps)`` now and then.

    Returns
    -------
    ToyRun
        Weights, biases and the loss of every step.

    Raises
    ------
    DivergedError
        The loss or a weight is no longer finite; the message names the step.
    UsageError
        The engine cannot train on that device.

    Examples
    --------
    >>> from superscope.toy import ToyConfig, train
    >>> run = train(ToyConfig(n=50, width=5, alpha=1, decay=-1, batch=64, steps=500, seed=0))
    >>> run.W.shape
    (50, 5)
    >>> bool(run.losses[-1] < run.losses[0])
    True
    """
    check_device(config, device)
    if config.engine == "torch":
        (run,) = train_many([config], device=device, progress=progress)
        if isinstance(run, DivergedError):
            raise run
        return run
    with chosen(progress) as report:
        return _train(config, report)


def _train(config: ToyConfig, progress: Progress) -> ToyRun:
    """Train a model with the engine ``numba``."""
    from superscope.toy.denormals import denormals_flushed
    from superscope.toy.numba_engine import NumbaEngine

    begin = time.perf_counter()
    rng = np.random.default_rng(config.seed)
    engine = NumbaEngine(config, *initial_weights(config, rng))
    losses = np.empty(config.steps, np.float32)
    last = np.zeros(config.n)
    kept = min(LAST, config.steps)
    with denormals_flushed(), one_blas_thread():
        for step in range(config.steps):
            loss = engine.loss(engine.draw(rng))
            losses[step] = loss.sum()
            if step >= config.steps - kept:
                last += loss
            if not math.isfinite(losses[step] + engine.update()):
                raise diverged(step)
            if step % 256 == 0:
                progress("train", step, config.steps)
    progress("train", config.steps, config.steps)
    seconds = time.perf_counter() - begin
    W, b = engine.W.copy(), engine.b.copy()
    return ToyRun(config, W, b, losses, last / kept, seconds, kernel("numba"))


@checked
def train_many(
    configs: Sequence[ToyConfig], *, device: str = "auto", progress: ProgressChoice = "auto"
) -> list[ToyRun | DivergedError]:
    """Train several models; the ``torch`` engine trains them together as one batched product.

    Parameters
    ----------
    configs
        The configs to train, all with one engine; for ``torch``, n, batch and steps must be equal.
        On a GPU the last bits of a run may depend on the other models in the batch.
    device
        As in :func:`train`.
    progress
        As in :func:`train`.

    Returns
    -------
    list
        For each config its run, or its error if it diverged; the others continue.

    Raises
    ------
    UsageError
        The configs cannot be trained together, or the engine cannot train on that device.
    """
    for config in configs:
        check_device(config, device)
    if all(config.engine == "torch" for config in configs):
        from superscope.toy import torch_engine

        with chosen(progress) as report:
            return torch_engine.train_many(configs, device=device, progress=report)
    results: list[ToyRun | DivergedError] = []
    with chosen(progress) as report:
        for config in configs:
            try:
                results.append(train(config, device=device, progress=report))
            except DivergedError as error:
                results.append(error)
    return results
