"""The page's toy model is that of superscope.toy: step for step, and in what it ends as."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from superscope.toy import ToyConfig
from superscope.toy.engine import initial_weights
from superscope.toy.numba_engine import NumbaEngine

ROOT = Path(__file__).resolve().parents[2]
HERE = shutil.which("node") is not None and (ROOT / "frontend/node_modules").exists()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not HERE and not os.environ.get("CI"), reason="needs node and frontend/node_modules"
    ),
]
SMALL = ToyConfig(n=24, batch=64, steps=1000)
SEEDS = 6


@pytest.fixture
def toy_in_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import toy_in_page

    return toy_in_page


def test_given_the_same_samples_both_go_the_same_way(toy_in_page):
    """Loss, gradient, Adam, schedule and decay of both signs, in float64 and in float32."""
    configs = [
        ToyConfig(n=40, width=width, alpha=alpha, decay=decay, batch=64, steps=60)
        for width, alpha, decay in ((2, 1.0, -1.0), (6, 0.0, 0.7), (40, 1.5, 0.0))
    ]
    asked, expected = [], []
    for config in configs:
        rng = np.random.default_rng(0)
        W, b = initial_weights(config, rng)
        engine = NumbaEngine(config, W, b)
        batches = [engine.draw(rng) for _ in range(config.steps)]
        given = {
            "W": W.ravel().tolist(), "b": b.tolist(),
            "batches": [
                {"size": one.size, "starts": one.starts.tolist(), "ids": one.ids.tolist(),
                 "values": one.values.tolist()}
                for one in batches
            ],
        }  # fmt: skip
        asked.append({"settings": toy_in_page.settings(config), "seed": 0, "given": given})
        losses = []
        for batch in batches:
            losses.append(engine.loss(batch).sum())
            engine.update()
        expected.append((losses, engine))
    for found, (losses, engine) in zip(toy_in_page.in_node(asked), expected, strict=True):
        assert found["losses"] == pytest.approx(losses, rel=1e-3)
        for name in ("W", "b"):
            there = getattr(engine, name)
            apart = np.linalg.norm(np.reshape(found[name], there.shape) - there)
            assert apart < 1e-3 * np.linalg.norm(there)


@pytest.fixture(scope="module")
def comparisons():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        from benchmarks.toy_in_page import compare

        configs = [
            replace(SMALL, alpha=alpha, decay=decay, width=width)
            for alpha in (0.0, 1.5)
            for decay in (-1.0, 1 / 3)
            for width in (2, 6)
        ]
        return compare(configs, SEEDS)


def test_final_figures_agree_within_the_scatter_of_seeds(toy_in_page, comparisons):
    """Loss, share represented and mean c²: none is apart, nor are all a little to one side."""
    print(*comparisons, sep="\n")
    most = toy_in_page.limit(comparisons)
    assert max(abs(one.z) for one in comparisons) < most
    for figure in toy_in_page.FIGURES:
        of = [one for one in comparisons if one.figure == figure]
        assert abs(toy_in_page.together(of)) < toy_in_page.limit(of[:1])


def test_the_scatter_of_seeds_tells_the_settings_apart(toy_in_page, comparisons):
    """The test above can fail: growth taken for decay, or m for another m, is far outside."""
    represented, overlap = (
        [one for one in comparisons if one.figure == figure] for figure in toy_in_page.FIGURES[1:]
    )
    for figures, first, second in ((represented, 0, 2), (represented, 4, 6), (overlap, 0, 1)):
        mistaken = replace(figures[first], engine=figures[second].engine)
        assert abs(mistaken.z) > toy_in_page.limit(comparisons)
