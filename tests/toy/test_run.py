"""A run: its head in the instrument, the split of its loss, its file."""

from __future__ import annotations

import numpy as np
import pytest

from superscope import measure_head
from superscope.errors import FormatError
from superscope.toy import Failure, ToyConfig, ToyPoint, ToyRun, from_bytes, to_bytes
from superscope.toy.point import NORM_EDGES


def run_of(W: np.ndarray, feature_loss: np.ndarray | None = None, **options: object) -> ToyRun:
    n, m = W.shape
    config = ToyConfig(n=n, width=m, **options)  # type: ignore[arg-type]
    loss = np.ones(n) if feature_loss is None else feature_loss
    losses = np.full(config.steps, loss.sum(), np.float32)
    return ToyRun(config, W.astype(np.float32), np.zeros(n, np.float32), losses, loss, 1.5)


RANDOM = np.random.default_rng(0).standard_normal((60, 12))


def test_the_head_is_measured_as_any_head_is() -> None:
    run = run_of(RANDOM)
    geometry = run.geometry()
    assert geometry.raw.mean_square_overlap == measure_head(run.head()).raw.mean_square_overlap
    assert geometry.norms.threshold == 0.5
    assert geometry.norms.threshold_rule == "absolute"
    assert geometry.represented_fraction == run.represented_fraction


def test_the_loss_is_split_by_the_norm_one_half() -> None:
    W = np.diag([2.0, 0.6, 0.5, 0.1])
    run = run_of(W, np.array([1.0, 2.0, 4.0, 8.0]))
    assert list(run.represented) == [True, True, False, False]
    assert run.interference_loss == 3
    assert run.unrepresented_loss == 12
    assert run.loss == 15


def test_the_observation_counts_every_feature() -> None:
    """Rows that decay left exactly 0 have no overlap, but they are features not represented."""
    W = np.vstack([np.eye(3), np.zeros((3, 3))])
    row = run_of(W, frequencies="linear", seed=4).observation
    assert row.source == "toy"
    assert row.represented_fraction == 0.5
    assert row.norm_mean == 0.5
    assert row.features == 6
    assert row.mean_square_overlap == 0
    assert (row.family, row.frequency_exponent, row.seed, row.density) == ("linear", None, 4, 1.0)


def test_a_head_of_nothing_has_no_overlap() -> None:
    row = run_of(np.zeros((4, 2))).observation
    assert row.mean_square_overlap is None
    assert row.represented_fraction == 0
    assert row.norm_cv is None


def test_a_point_holds_what_figures_need() -> None:
    point = ToyPoint.of(run_of(3 * RANDOM))
    assert point.norm_counts.sum() == 60
    assert len(point.norm_counts) == len(NORM_EDGES) - 1
    assert point.above_one == 1
    assert point.expected_loss == 0
    nothing = ToyPoint.of(run_of(np.full((4, 2), 1e-3)))
    assert nothing.expected_loss == pytest.approx(4 / 3)  # of all features, density 1


def test_overlap_of_the_strongly_represented_leaves_the_others_out() -> None:
    orthogonal, collapsed = 1.1 * np.eye(4), 0.7 * np.tile(np.eye(4)[0], (6, 1))
    point = ToyPoint.of(run_of(np.vstack([orthogonal, collapsed])))
    assert point.above_one == 0.4
    assert point.overlap_above_one == pytest.approx(0, abs=1e-12)
    assert point.observation.mean_square_overlap > 0.3
    assert ToyPoint.of(run_of(0.9 * np.eye(3))).overlap_above_one is None


def test_a_run_comes_back_from_its_file() -> None:
    run = run_of(RANDOM, groups=((0, 1), (2, 3)))
    again = from_bytes(to_bytes(run))
    assert isinstance(again, ToyRun)
    assert again.config == run.config
    for name in ("W", "b", "losses", "feature_loss"):
        np.testing.assert_array_equal(getattr(again, name), getattr(run, name))
    assert again.seconds == run.seconds


def test_a_failure_comes_back_from_its_file() -> None:
    failure = Failure(ToyConfig(), "diverged at step 3")
    assert from_bytes(to_bytes(failure)) == failure


def test_a_file_cut_short_anywhere_is_damaged() -> None:
    content = to_bytes(run_of(RANDOM))
    for end in (0, 1, 100, len(content) // 2, len(content) - 1):
        with pytest.raises(FormatError):
            from_bytes(content[:end])


def test_a_changed_byte_is_noticed() -> None:
    content = bytearray(to_bytes(run_of(RANDOM)))
    content[len(content) // 3] ^= 1
    with pytest.raises(FormatError):
        from_bytes(bytes(content))


def test_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from superscope.toy import run_file

    monkeypatch.setattr(run_file, "FORMAT", 99)
    content = to_bytes(run_of(RANDOM))
    monkeypatch.undo()
    with pytest.raises(FormatError, match=r"format 99 of superscope .*, not 2"):
        from_bytes(content)
