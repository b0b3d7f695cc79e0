"""Overlap and spectrum show that rows are trained; norms never do."""

from __future__ import annotations

import json

import numpy as np
import pytest

from superscope.geometry import Evidence, Geometry, measure_head
from superscope.geometry.compare import brief_json, compared
from superscope.heads import Head

V, M = 1200, 32


def measured(rows: np.ndarray) -> Geometry:
    return measure_head(Head.from_array(rows), pairs="none", progress=None)


def random_rows(count: int = V, width: int = M, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, width))


def trained_rows(count: int = V, width: int = M, seed: int = 1) -> np.ndarray:
    """Rows that use some dimensions more than others, and share a direction."""
    return random_rows(count, width, seed) * np.linspace(3, 0.3, width) + 0.5


UNTRAINED = {
    "normal": random_rows,
    "uniform, as Linear": lambda: np.random.default_rng(0).uniform(-0.1, 0.1, (V, M)),
    "truncated": lambda: np.clip(random_rows(), -2, 2),
    "float16": lambda: (0.02 * random_rows()).astype(np.float16),
    "norms all equal": lambda: random_rows() / np.linalg.norm(random_rows(), axis=1)[:, None],
    "norms far apart": lambda: random_rows() * np.exp(random_rows(V, 1, 5)),
    "a zero row": lambda: np.vstack([np.zeros((1, M)), random_rows()]),
    "V < m": lambda: random_rows(40, 300),
    "few and narrow": lambda: random_rows(30, 3),
    "one column": lambda: random_rows(30, 1),
    "two rows": lambda: random_rows(2, 5),
}


@pytest.mark.parametrize("name", UNTRAINED)
def test_untrained_rows_are_not_told_from_untrained_rows(name: str) -> None:
    geometry = measured(UNTRAINED[name]())
    assert geometry.evidence is Evidence.NONE
    assert not geometry.evidence.trained


def test_many_random_heads_raise_no_false_alarm() -> None:
    for seed in range(60):
        for count, width in ((10, 2), (6, 4), (20, 30), (200, 8)):
            geometry = measured(random_rows(count, width, seed))
            assert geometry.evidence is Evidence.NONE, (count, width, seed)


def test_norms_of_untrained_rows_are_what_is_expected_of_them() -> None:
    geometry = measured(random_rows(4096, 8))
    untrained = geometry.untrained
    assert geometry.represented_fraction == pytest.approx(untrained.represented_fraction, abs=0.01)
    assert geometry.norms.coefficient_of_variation == pytest.approx(untrained.norm_cv, rel=0.03)
    assert geometry.regime == untrained.regime == "strong"


def test_trained_rows_are_told_apart() -> None:
    geometry = measured(trained_rows())
    assert geometry.evidence is Evidence.STRUCTURE
    assert geometry.regime == geometry.untrained.regime  # their norms say nothing
    for overlap in geometry.overlaps:
        assert overlap.deviation_from_random > 50
        assert overlap.outside_marchenko_pastur > 0.2
        assert overlap.effective_width < overlap.random_effective_width
        assert overlap.random_direction_share < 0.3


def test_one_direction_of_many_is_seen_in_the_spectrum_before_the_overlaps() -> None:
    rows = random_rows(4000, 100)
    geometry = measured(rows + 0.6 * random_rows(4000, 1, 3) * np.eye(100)[0])
    assert geometry.centered.deviation_from_random < 4.5
    assert geometry.centered.outside_marchenko_pastur > 0
    assert geometry.evidence is Evidence.STRUCTURE


def test_a_vector_that_all_rows_share_is_no_evidence() -> None:
    geometry = measured(np.random.default_rng(0).uniform(0, 1, (V, M)))
    assert geometry.raw.deviation_from_random > 1000
    assert geometry.evidence is Evidence.OFFSET
    assert "changes no probability" in str(geometry)


def test_an_orthogonal_start_is_no_evidence() -> None:
    geometry = measured(np.linalg.qr(random_rows())[0])
    assert geometry.centered.deviation_from_random < -10
    assert geometry.evidence is Evidence.EVEN
    assert not geometry.evidence.trained


@pytest.mark.parametrize("scale", [1.0, 1e-3], ids=["as large", "small"])
def test_half_of_the_rows_never_trained_is_told_from_all_and_from_none(scale: float) -> None:
    half = measured(np.vstack([trained_rows(V // 2), scale * random_rows(V // 2)]))
    assert half.evidence is Evidence.STRUCTURE
    assert 0.4 < half.raw.random_direction_share < 0.6
    assert "they may be untrained" in str(half)
    if scale < 1:
        assert half.represented_fraction == pytest.approx(0.5, abs=0.05)
    for whole in (trained_rows(), random_rows()):
        assert "they may be untrained" not in str(measured(whole))


def test_every_form_says_what_untrained_rows_give() -> None:
    noise, trained = measured(random_rows()), measured(trained_rows())
    for shown in (str(noise), noise._repr_html_()):
        assert "strong by its norms, as untrained rows too" in shown
        assert "maybe untrained" in shown
    derived = json.loads(brief_json(trained))
    assert derived["evidence"] == "structure"
    assert derived["untrained"]["regime"] == "strong"
    assert derived["centered"]["outside_marchenko_pastur"] > 0.2
    table = compared([noise, trained]).splitlines()
    (line,) = [line for line in table if line.startswith("against untrained rows")]
    assert line.split()[-4:] == ["maybe", "untrained", "not", "untrained"]
