"""Features: what they are expected to do, and that samples do it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superscope.errors import UsageError
from superscope.toy import Batch, make_features

LAWS = ("power", "exponential", "linear")


@pytest.mark.parametrize("law", LAWS)
@given(n=st.integers(1, 300), density=st.floats(0.01, 1))
def test_probabilities_sum_to_the_density(law: str, n: int, density: float) -> None:
    features = make_features(n, law, density=density)
    assert features.density == pytest.approx(density)
    assert np.all(np.diff(features.probabilities) <= 0)  # rank 1 is the most frequent


def test_the_laws_are_what_definitions_say() -> None:
    i = np.arange(1, 101)
    for law, shape in (
        ("power", i**-1.7),
        ("exponential", np.exp(-i / 12.5)),
        ("linear", 100 - i + 1),
    ):
        p = make_features(100, law, alpha=1.7, scale=12.5, density=0.5).probabilities
        np.testing.assert_allclose(p, 0.5 * shape / shape.sum())


def test_the_default_scale_is_that_of_the_published_run() -> None:
    p = make_features(10_240, "exponential").probabilities
    assert p[400] / p[0] == pytest.approx(np.exp(-1))


def test_given_probabilities_are_taken_as_they_are_and_multiplied_by_the_density() -> None:
    given_p = (0.5, 0.0, 0.25)
    np.testing.assert_array_equal(make_features(3, given_p).probabilities, given_p)
    np.testing.assert_array_equal(make_features(3, given_p, density=2).probabilities, (1, 0, 0.5))


def test_each_feature_is_on_as_often_as_its_probability_says() -> None:
    features = make_features(20, "power", alpha=1.2, density=2)
    size = 200_000
    x = features.draw(size, np.random.default_rng(0)).dense()
    on = (x > 0).mean(axis=0)
    p = features.probabilities
    assert np.all(np.abs(on - p) < 5 * np.sqrt(p * (1 - p) / size) + 1e-12)


def test_values_are_uniform_from_0_to_2() -> None:
    x = make_features(5).draw(100_000, np.random.default_rng(1)).values
    assert 0 < x.min() < 0.001
    assert 1.999 < x.max() <= 2
    assert x.mean() == pytest.approx(1, abs=0.01)
    assert np.mean(x.astype(float) ** 2) == pytest.approx(4 / 3, abs=0.01)


def test_independent_features_are_independent() -> None:
    x = make_features(8, "linear", density=3).draw(200_000, np.random.default_rng(2)).dense()
    correlation = np.corrcoef((x > 0).T) - np.eye(8)
    assert np.abs(correlation).max() < 0.012


def test_a_group_is_on_together_with_values_of_their_own() -> None:
    features = make_features(9, "power", groups=((0, 4, 8), (1, 2)))
    x = features.draw(50_000, np.random.default_rng(3)).dense()
    on = x > 0
    assert np.array_equal(on[:, 0], on[:, 4]) and np.array_equal(on[:, 0], on[:, 8])
    assert np.array_equal(on[:, 1], on[:, 2])
    both = on[:, 0]
    assert abs(np.corrcoef(x[both, 0], x[both, 4])[0, 1]) < 0.03
    assert abs(np.corrcoef(on[:, 0], on[:, 1])[0, 1]) < 0.02


@given(n=st.integers(1, 60), groups=st.integers(1, 70))
def test_groups_keep_the_density_and_every_feature(n: int, groups: int) -> None:
    features = make_features(n, "power", groups=groups)
    assert features.density == pytest.approx(1)
    assert sorted(features.members) == list(range(n))
    assert len(features.gates) == -(-n // groups)
    np.testing.assert_array_equal(features.gates[features.gate_of], features.probabilities)


def test_a_feature_that_is_never_or_always_on() -> None:
    x = make_features(2, (0.0, 1.0)).draw(1000, np.random.default_rng(4)).dense()
    assert not x[:, 0].any()
    assert x[:, 1].all()


def test_probabilities_next_to_nothing_are_never_on() -> None:
    """Minus zero, and numbers so small that their reciprocal is infinite."""
    x = make_features(4, (-0.0, 1e-310, 5e-324, 0.5)).draw(1000, np.random.default_rng(4)).dense()
    assert not x[:, :3].any()
    assert x[:, 3].any()
    make_features(1000, "exponential", scale=1.36).draw(10, np.random.default_rng(0))


def test_a_batch_is_its_dense_form() -> None:
    batch = make_features(30, density=4, alpha=0.3).draw(100, np.random.default_rng(5))
    again = Batch.of(batch.dense())
    np.testing.assert_array_equal(again.dense(), batch.dense())
    assert again.size == batch.size == 100


def test_one_seed_draws_the_same_samples() -> None:
    features = make_features(50)
    a, b, c = (features.draw(200, np.random.default_rng(seed)).dense() for seed in (7, 7, 8))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"density": 8.0}, "above 1; at most 7.485 is possible"),
        ({"frequencies": (0.5,) * 9}, "9 probabilities for n = 1000"),
        ({"n": 2, "frequencies": (0.5, -0.1)}, "-0.1 of feature 1 is not in"),
        ({"n": 2, "frequencies": (1.5, 0.1)}, "1.5 of feature 0"),
        ({"n": 2, "frequencies": (float("nan"), 0.1)}, "nan of feature 0"),
        ({"n": 2, "frequencies": (0.0, 0.0)}, "every probability is 0"),
        ({"alpha": -500.0}, "overflows"),
        ({"n": 3, "groups": ((0, 3),)}, "ids must be 0 to 2"),
        ({"n": 3, "groups": ((0, 1), (1, 2))}, "feature 1 is listed twice"),
    ],
)
def test_features_that_cannot_be(options: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_features(**{"n": 1000, **options})  # type: ignore[arg-type]


def test_anticorrelated_features_exclude_each_other_and_keep_their_probabilities() -> None:
    """Pairs of unequal probabilities, a set of three, and one that is independent."""
    p = (0.1, 0.3, 0.0, 0.4, 0.2, 0.25)
    features = make_features(6, p, anticorrelated=((0, 1, 2), (3, 4)))
    np.testing.assert_allclose(features.probabilities, p)
    size = 50_000
    on = features.draw(size, np.random.default_rng(6)).dense() > 0
    assert on[:, :3].sum(axis=1).max() == 1
    assert on[:, 3:5].sum(axis=1).max() == 1
    assert np.all(np.abs(on.mean(axis=0) - p) < 5 * np.sqrt(0.25 / size))
    assert not on[:, 2].any()
    assert abs(np.corrcoef(on[:, 0], on[:, 5])[0, 1]) < 0.02
    always = make_features(2, (0.5, 0.5), anticorrelated=2).draw(1000, np.random.default_rng(0))
    assert ((always.dense() > 0).sum(axis=1) == 1).all()


def test_anticorrelated_pairs_stand_beside_groups() -> None:
    features = make_features(7, groups=((0, 3),), anticorrelated=((1, 2),), density=0.9)
    on = features.draw(50_000, np.random.default_rng(7)).dense() > 0
    assert np.array_equal(on[:, 0], on[:, 3])
    assert not (on[:, 1] & on[:, 2]).any()
    assert features.density == pytest.approx(0.9)
    with pytest.raises(UsageError, match="feature 1 is both in groups and in anticorrelated"):
        make_features(4, groups=((0, 1),), anticorrelated=((1, 2),), density=0.1)
    with pytest.raises(UsageError, match=r"features 0, 1 sum to 1\.2"):
        make_features(2, (0.6, 0.6), anticorrelated=2)
