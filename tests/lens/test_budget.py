"""What a linear reading of a direction can do among others."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import superscope
from superscope.errors import HeadDataError, SuperscopeError, UsageError
from superscope.lens import ReadingBudget


def directions(count: int = 400, width: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, width))


def measured_auc(rows: np.ndarray, rates: np.ndarray, noise: float, spread: float = 0) -> float:
    """Read direction 0 in sparse codes that are drawn with these rates."""
    generator = np.random.default_rng(1)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    c = unit[1:] @ unit[0]
    codes = (generator.random((40_000, len(c))) < rates[1:]) * (
        1 + spread * generator.standard_normal((40_000, len(c)))
    )
    reading = codes @ c + noise * generator.standard_normal(40_000)
    on = reading[::2] + 1 + spread * generator.standard_normal(20_000)
    off = np.sort(reading[1::2])
    return float((np.searchsorted(off, on) + np.searchsorted(off, on, "right")).mean() / 40_000)


def test_orthonormal_directions_leave_only_the_noise():
    found = superscope.budget(1, np.eye(5), noise=0.5, rates=0.3)
    assert found.reading.interference == 0
    assert found.reading.d_prime == 2
    assert found.reading.auc == pytest.approx(norm.cdf(2**0.5))
    assert found.auc == pytest.approx(found.reading.auc, abs=1e-6)
    assert (found.verdict, found.contributors, found.fails_at) == ("better", (), None)


def test_the_interference_of_random_directions_is_that_of_chance():
    found = superscope.budget(0, directions(), rates=0.02)
    assert found.random.interference == pytest.approx(399 * 0.02 * 0.98 / 40, rel=0.02)
    assert abs(found.reading.interference - found.random.interference) < (
        3 * found.random_sd.interference
    )


def test_a_rotation_changes_nothing():
    turn = np.linalg.qr(directions(40))[0]
    plain, turned = superscope.budget(3, directions()), superscope.budget(3, directions() @ turn)
    assert turned.reading.interference == pytest.approx(plain.reading.interference, rel=1e-5)


def test_crowded_directions_are_worse_than_random():
    rows = directions() + 3 * directions(1)
    found = superscope.budget(0, rows)
    assert found.verdict == "worse"
    assert "more than random directions do" in str(found)


@pytest.mark.parametrize(
    ("rates", "noise", "spread"), [(0.05, 0.0, 0.0), (0.002, 0.3, 0.0), (0.02, 0.1, 0.5)]
)
def test_the_predicted_auc_is_that_of_sparse_codes(rates, noise, spread):
    rows = directions(200, 30)
    found = superscope.budget(0, rows, rates=rates, noise=noise, spread=spread)
    assert found.auc == pytest.approx(
        measured_auc(rows, np.full(200, rates), noise, spread), abs=0.01
    )


def test_rates_of_their_own_count():
    rows, rates = directions(200, 30), np.random.default_rng(2).uniform(0, 0.1, 200)
    found = superscope.budget(0, rows, rates=rates)
    assert found.auc == pytest.approx(measured_auc(rows, rates, 0), abs=0.01)
    assert found.active == pytest.approx(rates[1:].sum())
    shares = [c.share for c in found.contributors]
    assert shares == sorted(shares, reverse=True)


def test_amplitudes_of_their_own_are_those_of_directions_so_much_longer():
    rows, generator = directions(200, 30), np.random.default_rng(2)
    amplitudes = generator.uniform(0.5, 2, 200)
    found = superscope.budget(0, rows, rates=0.05, amplitudes=amplitudes)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    c = (unit[1:] @ unit[0]) * amplitudes[1:]
    assert found.reading.interference == pytest.approx(0.05 * 0.95 * c @ c, rel=1e-5)
    assert found.amplitude == pytest.approx(amplitudes[0])
    codes = generator.random((40_000, 199)) < 0.05
    on, off = codes[::2] @ c + amplitudes[0], np.sort(codes[1::2] @ c)
    measured = (np.searchsorted(off, on) + np.searchsorted(off, on, "right")).mean() / 40_000
    assert found.auc == pytest.approx(measured, abs=0.01)
    for bad, words in ((np.ones(3), "3 amplitudes for the 200"), (-amplitudes, "direction 0 is")):
        with pytest.raises(UsageError, match=words):
            superscope.budget(0, rows, amplitudes=bad)


def test_rare_directions_break_the_gaussian_and_a_note_says_so():
    found = superscope.budget(0, directions(50, 2), rates=0.02)
    assert any("not Gaussian" in note for note in found.notes)


def test_a_reading_fails_where_d_prime_is_1():
    found = superscope.budget(0, directions(), rates=0.01)
    factor = found.fails_at / found.active
    assert superscope.budget(0, directions(), rates=0.01 * factor).reading.d_prime == (
        pytest.approx(1)
    )


def test_a_vector_that_is_a_row_is_not_one_of_the_others():
    rows = directions()
    found = superscope.budget(2 * rows[5], rows)
    expected = superscope.budget(5, rows).reading.interference
    assert found.reading.interference == pytest.approx(expected, rel=1e-5)
    assert "this direction itself: #5" in found.notes[0]
    many = superscope.budget(5, np.concatenate([rows, np.tile(rows[5], (8, 1))]))
    assert many.notes == (
        "left out, because they are this direction itself: #400, #401, #402, #403, #404 and 3 more",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"direction": np.ones(3)}, "have 40 numbers each"),
        ({"direction": np.zeros(40)}, "zero or not finite"),
        ({"direction": 400}, "ids go from 0 to 399"),
        ({"direction": "happy"}, "name a direction by its id"),
        ({"amplitudes": np.ones(3)}, "3 amplitudes for the 400"),
        ({"rates": 1.5}, "the rate is 1.5"),
        ({"rates": np.full(400, -0.1)}, "the rate of direction 0 is -0.1"),
        ({"rates": np.ones(7)}, "7 rates for the 400 directions"),
        ({"rates": float("nan")}, "from 0 to 1"),
        ({"noise": -1.0}, "noise=-1.0"),
        ({"draws": 1}, "draws=1"),
        ({"dictionary": np.ones((1, 40))}, "no direction that differs from"),
    ],
)
def test_what_cannot_be_predicted_is_said(change, words):
    given = {"direction": 0, "dictionary": directions()} | change
    with pytest.raises(SuperscopeError, match=r".") as raised:
        superscope.budget(given.pop("direction"), given.pop("dictionary"), **given)
    assert isinstance(raised.value, (UsageError, HeadDataError))
    assert words in str(raised.value)


def test_of_random_dictionaries_5_percent_are_better_or_worse(monkeypatch):
    """As many as the verdict promises, by default; with fewer draws no more."""
    monkeypatch.setattr("superscope.lens._budgets.EXACT", 0)
    for draws, low, high in ((199, 0.03, 0.07), (40, 0.02, 0.065)):
        outside = total = 0
        for seed in range(40):
            found = superscope.budgets(directions(60, 16, seed), draws=draws, seed=seed)
            outside += found.verdicts["better"] + found.verdicts["worse"]
            total += len(found.ids)
        assert low < outside / total < high


def test_many_readings_leave_equal_directions_out():
    rows = np.concatenate([directions(), directions()[:2]])
    found = superscope.budgets(rows, [0, 7, rows[1], "#401"])
    alone = [superscope.budget(k, rows).reading.interference for k in (0, 7, 1, 1)]
    np.testing.assert_allclose(found.interference, alone, rtol=1e-5)
    assert found.ids.tolist() == [0, 7, -1, 401]
    assert "3 directions have equal ones" in found.notes[0]
    with pytest.raises(HeadDataError, match="no direction that differs from #0"):
        superscope.budgets(np.ones((3, 4)))
    with pytest.raises(UsageError, match="directions is empty"):
        superscope.budgets(rows, [])


def test_so_many_readings_have_the_gaussian_auc_alone(monkeypatch):
    monkeypatch.setattr("superscope.lens._budgets.EXACT", 100)
    monkeypatch.setattr("superscope.lens._budgets._BLOCK", 1000)
    rows = directions(50, 10)
    found = superscope.budgets(rows, rates=0.1)
    assert np.isnan(found.auc).all() and "name fewer" in found.notes[0]
    alone = [superscope.budget(k, rows, rates=0.1).reading.auc for k in (0, 20, 49)]
    np.testing.assert_allclose(found.auc_gaussian[[0, 20, 49]], alone, rtol=1e-5)
    assert "if the interference is Gaussian" in str(found)


def test_where_all_dictionaries_are_alike_none_is_better():
    still = superscope.budget(0, directions(), rates=0.0)
    assert (still.verdict, still.reading.d_prime) == ("no better", None)
    assert ReadingBudget.from_json(still.to_json()) == still
    assert superscope.budget(0, np.array([[1.0], [2.0], [-1.5]])).verdict == "no better"
    for every in (superscope.budgets(directions(), rates=0.0),
                  superscope.budgets(np.array([[1.0], [2.0], [-1.5], [-2]]))):  # fmt: skip
        assert every.verdicts == {"better": 0, "no better": len(every.ids), "worse": 0}


def test_it_goes_to_json_and_to_a_table():
    found = superscope.budget(0, directions())
    assert ReadingBudget.from_json(found.to_json()) == found
    assert len(found.to_frame()) == 10
