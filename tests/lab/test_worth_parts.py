"""The parts of a comparison: errors of few seeds, curves, slopes, correlations, narrow heads."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab_tables import joined, simulate, simulated_loss, with_identities
from scipy import stats

from superscope import lab

# Errors of few seeds
from superscope.lab.worth.bench import RAW
from superscope.lab.worth.blocks import Block, full_block
from superscope.lab.worth.equivalent import curve, log_factor, mean_log_factor
from superscope.lab.worth.moderated import holm, moderated, per_seed
from superscope.lab.worth.summary_correlations import correlation_sentences
from superscope.lab.worth.summary_slopes import slope_sentences


def test_a_cell_alone_has_students_interval() -> None:
    values = np.array([0.1, 0.3, 0.2])
    (mean,) = moderated([values])
    test = stats.ttest_1samp(values, 0)
    assert mean.p == pytest.approx(test.pvalue)
    interval = test.confidence_interval(0.95)
    assert (mean.estimate.low, mean.estimate.high) == pytest.approx(tuple(interval))


@pytest.mark.parametrize("spread", [0.0, 0.7])
def test_moderated_intervals_hold_the_truth_and_are_half_as_wide(spread: float) -> None:
    """Also where the cells' variances are not the same: by a factor of e^±0.7."""
    rng = np.random.default_rng(0)
    held, ratios = [], []
    for _ in range(150):
        scales = np.exp(spread * rng.standard_normal(12))
        values = rng.standard_normal((12, 3)) * scales[:, None]
        for mean, cell in zip(moderated(list(values)), values, strict=True):
            held.append(mean.estimate.low <= 0 <= mean.estimate.high)
            (alone,) = moderated([cell])
            ratios.append((mean.estimate.high - mean.value) / (alone.estimate.high - alone.value))
    assert 0.92 <= np.mean(held) <= 0.98
    assert np.median(ratios) < 0.75


def test_cells_of_one_seed_and_of_none_that_differ_do_not_disturb_the_others() -> None:
    rng = np.random.default_rng(0)
    cells = list(rng.standard_normal((8, 3)))
    alone = moderated(cells)
    found = moderated([*cells, np.array([1.0]), np.zeros(3)])
    assert found[:8] == alone
    assert (found[8].error, found[8].p) == (None, None)
    assert (found[9].error, found[9].p) == (0, 1)


def test_values_that_are_alike_by_rounding_are_not_certain() -> None:
    """As losses of few digits are: the other cells tell what three seeds cannot."""
    noisy = list(np.random.default_rng(0).standard_normal((8, 3)))
    *_, alike = moderated([*noisy, np.full(3, 0.5)])
    assert alike.value == 0.5
    assert 0.1 < alike.error < 1 and 0.1 < alike.p < 1


def test_what_seeds_say_of_a_mean_is_their_values() -> None:
    values = np.array([1.0, 4.0, 2.5])
    assert per_seed(lambda w: float(w @ values), 3) == pytest.approx(values)
    assert per_seed(lambda w: math.nan, 3) is None


def test_what_seeds_say_of_a_ratio_is_its_linear_part() -> None:
    x, y = np.array([1.0, 1.2, 0.9]), np.array([2.0, 2.1, 2.3])
    found = per_seed(lambda w: float(w @ x) / float(w @ y), 3)
    ratio = x.mean() / y.mean()
    assert found == pytest.approx(ratio + (x - ratio * y) / y.mean(), rel=1e-3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_keeps_the_order_and_lies_between_p_and_bonferroni(p: list[float]) -> None:
    adjusted = holm(p)
    order = np.argsort(p, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()
    for raw, new in zip(p, adjusted, strict=True):
        assert raw <= new <= min(1, len(p) * raw) + 1e-12
    assert min(adjusted) == min(1.0, len(p) * min(p))


# Curves


def test_a_curve_goes_through_its_losses_and_ends_there() -> None:
    losses = {m: simulated_loss(m) for m in (32, 64, 128)}
    found = curve(losses)
    assert found.log_width(list(losses.values())).tolist() == np.log([32, 64, 128]).tolist()
    assert np.isnan(found.log_width([simulated_loss(31), simulated_loss(129)])).all()
    assert curve({32: 4.0, 64: 4.0}) is None


def test_a_curve_is_nearer_to_a_power_law_than_straight_lines_are() -> None:
    widths = np.array([32, 64, 128])
    losses = [simulated_loss(m) for m in widths]
    found = curve(dict(zip(widths.tolist(), losses, strict=True)))
    straight = np.interp(-simulated_loss(40), -np.array(losses), np.log(widths)) - math.log(32)
    truth = math.log(40 / 32)
    assert abs(log_factor(found, 32, simulated_loss(40)) - truth) < 0.2 * abs(straight - truth)


@given(st.floats(0.6, 1.8), st.floats(0.3, 1.2))
def test_the_mean_factor_is_that_of_every_width_and_changes_sign(
    factor: float, exponent: float
) -> None:
    widths = (16, 32, 64, 128)
    one = curve({m: m**-exponent for m in widths})
    other = curve({m: (factor * m) ** -exponent for m in widths})
    found = mean_log_factor(one, other)
    assert found == pytest.approx(math.log(factor), abs=0.03)
    assert mean_log_factor(other, one) == pytest.approx(-found, abs=1e-12)


@given(st.sets(st.sampled_from((16, 32, 64, 96, 128, 192)), min_size=1))
def test_the_mean_factor_of_some_of_the_baselines_widths_is_1(widths: set[int]) -> None:
    """Between two of them a straight line lies above the baseline's curve."""
    baseline = curve({m: simulated_loss(m) for m in (16, 32, 64, 96, 128, 192)})
    some = curve({m: simulated_loss(m) for m in widths})
    assert mean_log_factor(baseline, some) == pytest.approx(0, abs=1e-12)
    assert mean_log_factor(some, baseline) == pytest.approx(0, abs=1e-12)


def test_a_full_block_leaves_out_what_is_not_there() -> None:
    assert full_block({32: {0, 1, 2}, 64: {0, 1, 2}, 128: {0}}) == Block((32, 64), (0, 1, 2))
    assert full_block({32: {0, 1, 2}, 64: {0, 1}, 128: {0, 1}}) == Block((32, 64, 128), (0, 1))
    ragged = {32: {0, 1, 2}, 64: {0, 1, 2}, 128: {0, 1}}
    assert full_block(ragged) == Block((32, 64), (0, 1, 2))
    assert full_block(ragged, enough=3) == Block((32, 64, 128), (0, 1))
    assert full_block(ragged | {256: {0}}, enough=3) == Block((32, 64, 128), (0, 1))
    assert full_block({32: {0, 1}, 64: {2}}, 64) == Block((64,), (2,))
    assert full_block({}) == Block()


# Slopes


def test_slopes_and_their_differences_are_found() -> None:
    options = {"widths": (32, 64, 96, 128), "noise": 0.01}
    base = simulate({}, slopes=(-0.4, -0.7), **options)
    other = simulate({"coupled": 1}, slopes=(-0.7, -0.7), rng=1, **options)
    made = [base, other[other["variant"] == "coupled"]]
    base, other = lab.slopes(joined(*made)).variants
    assert base.of("mean_square_overlap").difference is None
    for variant, raw in ((base, -0.4), (other, -0.7)):
        for column, truth in (("mean_square_overlap", raw), ("mean_square_overlap_centered", -0.7)):
            assert variant.of(column).value.value == pytest.approx(truth, abs=0.1)
    difference = other.of("mean_square_overlap").difference
    assert difference.low < -0.3 < difference.high
    assert base.apart.low < 0.3 < base.apart.high and base.apart.low > 0
    assert other.apart.low < 0 < other.apart.high
    assert base.ratio == pytest.approx(np.exp(0.3 * np.log([32, 64, 96, 128]).mean()), rel=0.05)


def test_slopes_are_told_together_and_no_wide_interval_is_called_alike() -> None:
    """Raw overlap rises with width for ``rises``, and is the centered one for ``same``."""
    options = {"widths": (32, 64, 96, 128), "noise": 0.01}
    made = [
        simulate({name: 1.0}, slopes=slopes, rng=k, seeds=range(6), **options)
        for k, (name, slopes) in enumerate(
            {"adamw": (-0.4, -0.7), "rises": (0.3, -0.7), "same": (-0.7, -0.7)}.items()
        )
    ]
    made = [
        t[t["variant"] == name] for t, name in zip(made, ("adamw", "rises", "same"), strict=True)
    ]
    made[2] = made[2].assign(mean_square_overlap=made[2]["mean_square_overlap_centered"])
    one = simulate({"single": 1.0}, seeds=(0,), **options)
    table = joined(*made, one[one["variant"] == "single"])
    first, loss, centered, chance, left = slope_sentences(lab.slopes(table))
    assert first.startswith("At 2 M tokens, the slope of raw overlap is higher than adamw's for ")
    assert "rises by 0.69 (" in first and "is lower than adamw's for same by 0.31 (" in first
    assert loss == "At 2 M tokens, the slope of loss is within a tenth of adamw's for rises, same."
    assert "higher than that of centered overlap for adamw by" in centered
    assert "is within a tenth of that of centered overlap for same" in centered
    assert chance == (
        "Of 7 comparisons of slopes, 4 intervals leave out 0, and 4 stand after Holm's correction "
        "for all; intervals are not corrected."
    )
    assert left == "In the table alone, having one seed or two widths: single at 2 M tokens."
    lacking = (table["variant"] == "same") & (table["width"] > 64) & (table["seed"] == 2)
    found = next(v for v in lab.slopes(table[~lacking]).variants if v.variant == "same")
    assert (found.widths, found.seeds) == ((32, 64, 96, 128), (0, 1, 3, 4, 5))
    few = simulate({"other": 1.0}, widths=(32, 64, 128), seeds=(0, 1), noise=0.3)
    said = " ".join(slope_sentences(lab.slopes(few)))
    assert "cannot be told from adamw's for other" in said
    assert "like" not in said and "falls" not in said


def test_slopes_are_corrected_for_their_number() -> None:
    """Twenty variants with the baseline's slope: chance makes some of them differ."""
    table = simulate({f"v{k}": 1.0 for k in range(20)}, noise=0.01)
    found = lab.slopes(table)
    assert len(found.compared) == 3 * 21 - 2
    adjusted = [one.adjusted for one in found.compared]
    assert all(a >= one.p for a, one in zip(adjusted, found.compared, strict=True))
    found_by_chance = [
        one for v in found.variants[1:] for column in (RAW, "loss")
        if (one := v.of(column).difference).leaves_out_0
    ]  # fmt: skip
    assert found_by_chance and not any(one.certain for one in found_by_chance)
    text = " ".join(slope_sentences(found))
    assert "may be " in text and "not certain among 61 comparisons, for v" in text
    centered = found.variants[1].of("mean_square_overlap_centered").difference
    assert centered.p is not None and centered.adjusted is None
    frame = found.to_frame()
    assert frame["difference_p_adjusted"].notna().sum() == 40
    assert type(found).from_json(found.to_json()) == found


def test_overlaps_without_a_logarithm_have_no_slope() -> None:
    table = simulate({"other": 1.2}, noise=0.01)
    table.loc[table["width"] == 32, "mean_square_overlap"] = 0.0
    for variant in lab.slopes(table).variants:
        assert variant.of("mean_square_overlap") is None and variant.apart is None
        assert variant.of("loss") is not None and variant.ratio > 1
    nothing = lab.report(table.assign(mean_square_overlap=None))
    assert type(nothing).from_json(nothing.to_json()).slopes.variants[0].ratio is None


# Correlations


def test_width_confounds_overlap_and_loss() -> None:
    """Within a cell nothing hangs together, across widths it does."""
    tables = [
        simulate({}, learning_rate=rate, noise=0.01, rng=k)
        for k, rate in enumerate((0.002, 0.004, 0.008, 0.016, 0.032, 0.064))
    ]
    found = lab.correlations(joined(*tables))
    of = {(c.kind, c.column): c for c in found.found}
    within, across = (of[kind, "mean_square_overlap"] for kind in ("within", "across"))
    assert (within.settings, within.cells, across.settings) == (18, 3, 18)
    assert within.low < 0 < within.high and within.p > 0.05
    assert across.value > 0.9 and across.p < 0.001
    first, *_, last = correlation_sentences(found)
    assert "over learning rates, more raw overlap does not tell the loss" in first
    above = sum(c.value > 0 for c in found.found if (c.kind, c.column) == ("cell", RAW))
    assert f"18 settings in 3 cells, above 0 in {above} of them." in first
    assert last == "Correlations are not corrected for how many there are."


def test_a_cell_is_correlated_as_scipy_does() -> None:
    tables = [
        simulate({}, widths=(64,), seeds=(0,), decay=decay, noise=0.01, rng=k)
        for k, decay in enumerate((0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0))
    ]
    table = joined(*tables)
    assert "over decay, more raw" in next(correlation_sentences(lab.correlations(table)))
    both = joined(table, simulate({}, widths=(64,), seeds=(0,), batch=8, noise=0.01))
    assert "over decay and batch, more" in next(correlation_sentences(lab.correlations(both)))
    (cell,) = (
        c for c in lab.correlations(table).found
        if c.kind == "cell" and c.column == "mean_square_overlap"
    )  # fmt: skip
    truth = stats.spearmanr(table["mean_square_overlap"], table["loss"])
    assert cell.value == pytest.approx(truth.statistic)
    assert cell.p == pytest.approx(
        stats.permutation_test(
            (table["mean_square_overlap"],),
            lambda x: stats.spearmanr(x, table["loss"]).statistic,
            permutation_type="pairings", n_resamples=2000, rng=0,
        ).pvalue, abs=0.05,
    )  # fmt: skip


def test_few_settings_have_no_correlation() -> None:
    assert lab.correlations(simulate({})).found == ()
    assert "no variant was trained at four settings" in str(lab.correlations(simulate({"a": 1})))


# Head or body


RANKS = (8, 16, 32, 64, 128)


@pytest.fixture
def narrow_heads() -> pd.DataFrame:
    """Heads of rank r cost a third of what narrow bodies cost."""
    bodies = simulate({}, widths=RANKS, noise=1e-3, shared=0.02)
    heads = [bodies[bodies["width"] == 128].assign(variant=f"factored={r}") for r in RANKS]
    for rank, head in zip(RANKS, heads, strict=True):
        head["loss"] += (simulated_loss(rank) - simulated_loss(128)) / 3
    return joined(bodies, *map(with_identities, heads))


def test_a_body_too_narrow_for_the_attention_of_the_others_is_compared(
    narrow_heads: pd.DataFrame,
) -> None:
    """A body of 8 cannot have attention heads of 16; one of 32 can, and others do not stand in."""
    eight = narrow_heads["width"] == 8
    narrow = narrow_heads.assign(attention_width=np.where(eight, 8, 16))
    more = simulate({}, widths=(8, 32, 48), attention_width=4, rng=1)
    (found,) = lab.head_or_body(joined(narrow, more))
    (truth,) = lab.head_or_body(narrow_heads)
    assert [p.attention_width for p in found.points] == [8, None, None, None, None]
    assert found.bench.attention_width == 16
    for one, other in zip(found.points, truth.points, strict=True):
        assert (one.body, one.share) == (other.body, other.share)
    assert found.body_law == truth.body_law
    assert found.to_frame()["body_attention_width"].tolist() == [8, 16, 16, 16, 16]
    assert type(found).from_json(found.to_json()).points == found.points
    said = "The body of width 8 has attention heads of 8, because its width is no multiple of 16."
    assert said in " ".join(str(found).split())
    (alone,) = lab.head_or_body(narrow[~eight])
    assert [p.rank for p in alone.points] == list(RANKS[1:])


def test_the_share_of_the_head_is_found(narrow_heads: pd.DataFrame) -> None:
    ranks = RANKS
    (found,) = lab.head_or_body(narrow_heads)
    assert [p.rank for p in found.points] == list(ranks) and found.width == 128 and found.own_end
    for point in found.points[:-1]:
        assert point.share.low - 0.01 <= 1 / 3 <= point.share.high + 0.01
    assert found.points[-1].share is None
    for law in (found.head_law, found.body_law):
        assert law.parameters["alpha"] == pytest.approx(0.6, abs=0.1)
