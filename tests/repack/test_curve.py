"""What a rank costs, which rank costs so much, and the law of a head."""

from __future__ import annotations

import pandas as pd
import pytest

from superscope.errors import UsageError
from superscope.lens.estimate import Estimate
from superscope.repack.curve import rank_at
from superscope.repack.width_law import family_law, head_law, law_of_family

RANKS = (32, 64, 128, 256)


def power(exponent: float, error: float = 0.001) -> list[Estimate]:
    return [Estimate(40.0 * rank**-exponent, error) for rank in RANKS]


def test_the_rank_that_costs_so_much_is_on_the_power_law() -> None:
    found = rank_at(40 / 100, RANKS, power(1.0))
    assert found.rank is not None
    assert found.rank.value == pytest.approx(100)
    assert found.rank.error == pytest.approx(0.001 * 100**2 / 40)
    assert (found.low, found.high) == (64, 128)


def test_beyond_the_ranks_tried_nothing_is_interpolated() -> None:
    assert rank_at(0.01, RANKS, power(1.0)).low == 256
    above = rank_at(9, RANKS, power(1.0))
    assert above.rank is None
    assert above.high == 32


def test_a_curve_that_reaches_the_full_head_is_straight_at_its_end() -> None:
    found = rank_at(0.1, (10, 20), [Estimate(0.2, 0.01), Estimate(0.0, 0.01)])
    assert found.rank is not None
    assert found.rank.value == pytest.approx(15)


def test_the_law_of_a_head_is_recovered_and_goes_on() -> None:
    found = head_law("svd", RANKS, power(1.0), 512)
    assert found.exponent == pytest.approx(1.0, abs=1e-6)
    assert found.doubled is not None
    assert found.doubled.value == pytest.approx(40 / 512 - 40 / 1024, rel=1e-5)


def test_the_law_that_is_0_at_m_finds_the_exponent_where_the_other_is_steeper() -> None:
    bent = [Estimate(40 * (1 / r - 1 / 512), 0.001) for r in RANKS]
    found = head_law("svd", RANKS, bent, 512)
    assert found.through is not None
    assert found.through.exponent.value == pytest.approx(1.0, abs=0.01)
    assert found.through.doubled.value == pytest.approx(40 / 1024, rel=0.02)
    assert found.exponent is not None
    assert found.exponent > 1.1
    assert found.through.excess(64) == pytest.approx(bent[1].value, rel=0.01)


def test_what_is_not_clear_of_the_full_head_is_left_out() -> None:
    noisy = [*power(1.0)[:3], Estimate(0.01, 0.02)]
    assert head_law("svd", RANKS, noisy, 512).left_out == (256,)
    missing = head_law("svd", RANKS[2:], noisy[2:], 512)
    assert missing.law is None
    assert "there is 1 such rank" in missing.missing


def test_the_law_of_a_family_is_read_at_the_widths_of_the_head() -> None:
    widths = [128, 256, 512, 1024]
    table = pd.DataFrame({"width": widths, "loss": [2 + 100 / m for m in widths]})
    found = family_law("lab", law_of_family("lab", table), RANKS, 512)
    assert found.narrower.value == pytest.approx(100 / 256 - 100 / 512, rel=1e-3)
    assert found.doubled.value == pytest.approx(100 / 512 - 100 / 1024, rel=1e-3)
    assert found.inside == (True, True, True)
    with pytest.raises(UsageError, match="lab has losses of 2 widths; the width law takes 3"):
        law_of_family("lab", table[:2])
    with pytest.raises(UsageError, match="lab has no column loss"):
        law_of_family("lab", table[["width"]])
