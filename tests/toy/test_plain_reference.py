"""The engine against a script that shares no code with it, on the same samples."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from superscope.toy import ToyConfig
from superscope.toy.engine import initial_weights
from superscope.toy.numba_engine import NumbaEngine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import plain_reference

    return plain_reference


@pytest.mark.parametrize("decay", [-1.0, -5 / 9, 0.0, 1.0])
def test_the_engine_trains_as_the_plain_script(plain, decay: float) -> None:
    """The same losses and weights, over warm-up and cosine, and both signs of decay."""
    config = ToyConfig(n=80, width=7, batch=64, steps=120, warmup=30, decay=decay, seed=3)
    rng = np.random.default_rng(0)
    engine = NumbaEngine(config, *initial_weights(config, rng))
    W, b = torch.from_numpy(engine.W.copy()), torch.from_numpy(engine.b.copy())
    samples, ours = [], []
    for _ in range(config.steps):
        batch = engine.draw(rng)
        samples.append(torch.from_numpy(batch.dense()))
        ours.append(engine.loss(batch).sum())
        engine.update()
    losses = plain.train(W, b, samples, plain.rates("ours", config.steps, 30), decay)
    np.testing.assert_allclose(ours, losses, rtol=2e-3)
    np.testing.assert_allclose(engine.W, W.numpy(), atol=2e-3)
    np.testing.assert_allclose(engine.b, b.numpy(), atol=2e-3)


def test_the_schedules_differ_by_one_step_of_the_cosine(plain) -> None:
    config = ToyConfig()
    ours, theirs = (np.array([*plain.rates(name, 20_000, 2000)]) for name in ("ours", "theirs"))
    rates = [config.learning_rates(step)[0] for step in range(config.steps)]
    np.testing.assert_allclose(rates, ours, rtol=1e-12)
    np.testing.assert_array_equal(ours[:2000], theirs[:2000])
    np.testing.assert_array_equal(ours[2001:], theirs[2000:-1])
    assert abs(ours - theirs).max() < 1e-6


def test_the_plain_script_draws_the_published_features(plain) -> None:
    torch.manual_seed(0)
    p = np.arange(1, 1001) ** -1.0
    p /= p.sum()
    active, values = np.zeros(1000), []
    for x in islice(plain.batches(1000, 2048, 1.0), 20):
        active += (x > 0).sum(dim=0).numpy()
        values.append(x[x > 0].numpy())
    cells = 20 * 2048
    off = (active - cells * p) / np.sqrt(cells * p * (1 - p))
    assert abs(off).max() < 5
    assert off.std() == pytest.approx(1, abs=0.1)
    drawn = np.concatenate(values)
    assert drawn.mean() == pytest.approx(1, abs=5 * np.sqrt(1 / 3 / len(drawn)))
    assert drawn.max() < 2
