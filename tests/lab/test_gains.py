"""What a variant is worth: tables of which the truth is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from lab_tables import joined, simulate, simulated_loss, with_identities

from superscope import lab
from superscope.errors import FormatError, UsageError
from superscope.lab.worth.doubts import notes
from superscope.lab.worth.equivalent import curve
from superscope.lab.worth.verdicts import factor_text, sentences, tokens_text, worth

BUDGETS = (500_000, 2_000_000)
NOISE = {"noise": 0.005, "shared": 0.03}


def said(table: pd.DataFrame) -> dict[str, str]:
    return dict(sentences(lab.gains(table)))


def noted(table: pd.DataFrame) -> str:
    return " ".join(notes(lab.gains(table)))


# The unit


def test_a_variant_that_is_the_baseline_gains_nothing() -> None:
    table = simulate({}, **NOISE)
    (one,) = lab.gains(joined(table, with_identities(table.assign(variant="same")))).comparisons
    assert [(w.gain.value, w.factor.value) for w in one.widths] == [(0, 1)] * 3
    assert (one.gain.value, one.factor.value, one.p, one.standing) == (0, 1, 1, "same")


@pytest.mark.parametrize("factor", [0.8, 1.1, 1.25, 1.9])
def test_a_factor_of_width_is_found_on_a_power_law(factor: float) -> None:
    """Without noise, to what interpolation between widths a factor of 2 apart leaves."""
    (one,) = lab.gains(simulate({"other": factor})).comparisons
    assert one.factor.value == pytest.approx(factor, rel=0.01)
    for at in one.widths:
        assert at.gain.value == pytest.approx(
            simulated_loss(at.width) - simulated_loss(factor * at.width)
        )
        if at.factor.value is not None:
            assert at.factor.value == pytest.approx(factor, rel=0.02)


def test_no_curve_is_extrapolated() -> None:
    """At the widest width, and at any other of which the factor leads beyond it."""
    better, worse = lab.gains(simulate({"better": 2.5, "worse": 0.4})).comparisons
    assert [at.factor.above for at in better.widths] == [None, 2, 1]
    assert [at.factor.below for at in worse.widths] == [1, 0.5, None]
    (far,) = lab.gains(simulate({"far": 5})).comparisons
    assert (far.factor.value, far.factor.above, far.standing) == (None, 4, "better")
    text = said(simulate({"far": 5}, noise=0.005))["far"]
    assert text.startswith("less loss by ")
    end = "nats; its worth in width is beyond the widest baseline, more than +300 %, at 2 M tokens."
    assert text.endswith(end)


def test_what_all_runs_of_a_seed_have_in_common_changes_no_gain() -> None:
    table = simulate({"other": 1.2}, noise=0.005)
    moved = table.assign(loss=table["loss"] + 0.3 * table["seed"])
    before, after = (lab.gains(t).comparisons[0] for t in (table, moved))
    for a, b in zip(before.widths, after.widths, strict=True):
        assert a.gain.value == pytest.approx(b.gain.value)
        assert a.error == pytest.approx(b.error)


def test_exchanged_names_exchange_results() -> None:
    table = simulate({"a": 1.2, "b": 0.9}, **NOISE)
    other = table.assign(variant=table["variant"].replace({"a": "b", "b": "a"}))
    one, two = lab.gains(table), lab.gains(other)
    for name, new in (("a", "b"), ("b", "a")):
        assert one.of(name)[0].widths == two.of(new)[0].widths
        assert one.of(name)[0].factor == two.of(new)[0].factor


def test_baseline_and_variant_exchanged_change_the_sign() -> None:
    table = simulate({"other": 1.2}, **NOISE)
    one, two = (lab.gains(table, name).comparisons[0] for name in ("adamw", "other"))
    assert one.gain.value == -two.gain.value
    assert one.factor.value * two.factor.value == pytest.approx(1)
    assert one.factor.low * two.factor.high == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("widths", [(32, 64), (32, 128), (64,), (16, 96, 192)])
def test_a_variant_with_fewer_widths_than_the_baseline_has_its_factor(
    widths: tuple[int, ...],
) -> None:
    """Without noise; and the other way round, with the one of fewer widths as the baseline."""
    worth = {"same": 1.0, "other": 1.15, "less": 0.9}
    table = simulate(worth, widths=(16, 32, 64, 96, 128, 192))
    table = table[(table["variant"] == "adamw") | table["width"].isin(widths)]
    found = {c.variant: c.factor.value for c in lab.gains(table).comparisons}
    for name, factor in worth.items():
        assert found[name] == pytest.approx(factor, rel=1e-9 if factor == 1 else 0.02)
    if len(widths) > 1:
        (back,) = lab.gains(table, "other").of("adamw")
        assert back.factor.value == pytest.approx(1 / found["other"])


def test_a_wider_baseline_that_is_not_better_gives_no_width() -> None:
    table = simulate({"other": 1.2}, **NOISE)
    ours = table["variant"] == "adamw"
    table.loc[ours, "loss"] += 0.1 * np.log2(table.loc[ours, "width"] / 32)
    table.loc[ours & (table["width"] == 32), "loss"] = 3.0
    (one,) = lab.gains(table).comparisons
    assert one.factor.missing == "no wider baseline is better"
    assert "no wider baseline is better" in said(table)["other"]


def test_widths_of_which_the_wider_is_not_better_count_as_one_between_them() -> None:
    known = curve({32: 4.0, 64: 3.5, 128: 3.52, 256: 3.2})
    assert known is not None
    assert np.exp(known.log_width(3.51)) == pytest.approx(math.sqrt(64 * 128))
    assert np.exp(known.log_width([4.0, 3.2])) == pytest.approx([32, 256])
    assert np.isnan(known.log_width(3.19))


# Intervals


def test_intervals_hold_the_truth_in_95_of_100_tables() -> None:
    """Of the gain, of the factor at one width, and of the mean factor: three seeds, one variant."""
    truth = {"none": 1.0, "some": 1.2, "less": 0.9}
    held: dict[str, list[bool]] = {
        "gain": [], "factor": [], "mean": [], "at the widest": [],
    }  # fmt: skip
    for rng in range(30):
        found = lab.gains(simulate(truth, rng=rng, noise=0.006, shared=0.02))
        for one in found.comparisons:
            factor, at = truth[one.variant], one.widths[1]
            gain = simulated_loss(64) - simulated_loss(64 * factor)
            held["gain"].append(at.gain.low <= gain <= at.gain.high)
            held["factor"].append(at.factor.low <= factor <= at.factor.high)
            held["mean"].append(one.factor.low <= factor <= one.factor.high)
            low, high = one.widths[2].factor.ends
            held["at the widest"].append(low <= factor <= high)
    for name, each in held.items():
        assert 0.88 <= np.mean(each) <= 0.99, name


def test_one_seed_has_no_interval_and_says_so() -> None:
    table = simulate({"other": 1.25}, seeds=(0,))
    (one,) = lab.gains(table).comparisons
    assert (one.gain.low, one.factor.low, one.p, one.standing) == (None, None, None, "open")
    text = "cannot be said: one seed gives no interval (+25 % width) at 2 M tokens."
    assert said(table)["other"] == text
    both = simulate({"other": {BUDGETS[0]: 5, BUDGETS[1]: 0.8}}, seeds=(0,), tokens=BUDGETS)
    assert said(both)["other"] == (
        "cannot be said: one seed gives no interval (+0.4325 nats; in width more than +300 % at "
        "500 k tokens; −20 % width at 2 M tokens)."
    )
    assert "No comparison has an interval" in noted(table) and "Of 0" not in noted(table)


def test_one_width_has_no_factor_and_says_so() -> None:
    table = simulate({"other": 1.25}, widths=(64,), **NOISE)
    (one,) = lab.gains(table).comparisons
    assert one.standing == "better"
    assert (
        "cannot be said, because the baseline has these seeds at one width" in said(table)["other"]
    )


def test_an_interval_that_leaves_the_baselines_widths_is_told_in_nats() -> None:
    """A little worse at the widest width alone: how far it may be better no width tells."""
    table = simulate({"other": 0.99}, noise=0.003, rng=2)
    table = table[(table["variant"] == "adamw") | (table["width"] == 128)]
    (one,) = lab.gains(table).comparisons
    assert (one.factor.low is not None, one.factor.high, one.log_factor) == (True, None, None)
    assert "beyond the widest))" in said(table)["other"]


def test_nats_and_a_bound_in_width_leave_out_nothing_or_both() -> None:
    """As with two seeds, which know the two variances differently."""
    bounds = 0
    for rng in range(20):
        table = simulate({"better": 2.5, "worse": 0.4}, seeds=(0, 1), noise=0.05, rng=rng)
        for one in lab.gains(table).comparisons:
            for at in one.widths:
                if at.factor.value is not None or at.factor.ends is None:
                    continue
                bounds += 1
                (low, high), gain = at.factor.ends, at.gain
                assert gain.low is not None and gain.high is not None
                assert (gain.low > 0) == (low > 1) or low == 1
                assert (gain.high < 0) == (high < 1) or high == 1
    assert bounds > 20


def test_ranks_of_narrow_heads_are_no_gains_beside_another_baseline() -> None:
    ranks = {f"factored={rank}": 0.9 for rank in (32, 64)}
    table = simulate({"other": 1.1, **ranks})
    table = table[~table["variant"].isin(ranks) | (table["width"] == 128)]
    assert [c.variant for c in lab.gains(table).comparisons] == ["other"]
    assert [c.variant for c in lab.gains(table, baseline="other").comparisons] == ["adamw"]


def test_a_clear_gain_beyond_the_widest_baseline_is_told_in_nats() -> None:
    """No interval of width that holds 0 contradicts it."""
    table = simulate({"other": 1.4}, noise=0.003, rng=2)
    table = table[(table["variant"] == "adamw") | (table["width"] == 128)]
    text = said(table)["other"]
    assert text.startswith("less loss by 0.0")
    assert text.endswith(" nats; its worth in width is beyond the widest baseline at 2 M tokens.")
    near = simulate({"other": 1.25}, noise=0.003, widths=(32, 64, 128))
    near = near[(near["variant"] == "adamw") | (near["width"] == 64)]
    one = lab.gains(near).comparisons[0]
    high = replace(one, factor=replace(one.factor, low=0.97, high=None, high_beyond="widest"))
    assert worth(high) == (
        f"less loss by {one.gain.value:.4f} ({one.gain.low:.4f} to {one.gain.high:.4f}) nats; its "
        f"worth in width is about +{100 * (one.factor.value - 1):.0f} %, and may be beyond the "
        "widest baseline"
    )


def with_losses(width: int, losses: Sequence[float]) -> pd.DataFrame:
    """Return the baseline at three widths without noise, and a variant at one of them."""
    table = simulate({"other": 1.0})
    table = table[(table["variant"] == "adamw") | (table["width"] == width)]
    table.loc[table["variant"] == "other", "loss"] = losses
    return table


def test_an_interval_beyond_all_widths_says_so() -> None:
    """It is no interval of one seed: it holds all that the baseline's widths can tell."""
    middle = simulated_loss(64)
    table = with_losses(64, [middle - 0.3, middle, middle + 0.3])
    (one,) = lab.gains(table).comparisons
    assert one.factor.value == pytest.approx(1)
    assert (one.factor.low_beyond, one.factor.high_beyond) == ("narrowest", "widest")
    assert (one.factor.low, one.factor.high, one.factor.ends) == (None, None, (0, math.inf))
    assert "(below the narrowest to beyond the widest)" in str(lab.gains(table))
    assert said(table)["other"].startswith("cannot be said (")
    frame = lab.gains(table).to_frame()
    assert frame["factor_low_beyond"].tolist() == ["narrowest"] * 2
    assert frame["factor_high_beyond"].tolist() == ["widest"] * 2


def test_a_bound_has_the_interval_that_the_baselines_widths_tell() -> None:
    """A mean that is better than the widest model is not all of its interval."""
    best = simulated_loss(128)
    sure, near = (
        lab.gains(with_losses(64, [best - 0.05 + x for x in (-spread, 0, spread)])).comparisons[0]
        for spread in (0.01, 0.03)
    )
    for one in (sure, near):
        assert (one.factor.above, one.factor.high_beyond) == (2, "widest")
    assert (sure.factor.low, sure.factor.low_beyond, sure.factor.ends) == (
        None,
        "widest",
        (2, math.inf),
    )
    half = 4.302653 * 0.03 / math.sqrt(3)
    width = next(m for m in range(128, 64, -1) if simulated_loss(m) >= best - 0.05 + half)
    assert near.factor.low == pytest.approx(width / 64, rel=0.02)
    assert factor_text(sure.factor) == "more than +100 %"
    assert (
        factor_text(near.factor) == f"beyond the widest (from +{100 * (near.factor.low - 1):.0f} %)"
    )
    worst = simulated_loss(32)
    table = with_losses(64, [worst + 0.05 + x for x in (-0.03, 0, 0.03)])
    (below,) = lab.gains(table).comparisons
    assert (below.factor.below, below.factor.low_beyond) == (0.5, "narrowest")
    assert 0.5 < below.factor.high < 0.6
    assert factor_text(below.factor).startswith("below the narrowest (up to −4")


def test_a_missing_run_does_not_leave_a_width_out_of_the_mean() -> None:
    """A mean over other widths is another number; a seed less is a wider interval."""
    table = simulate({"other": 1.2, "whole": 1.2}, **NOISE)
    lacking = (table["variant"] == "other") & (table["width"] == 128) & (table["seed"] == 2)
    found = lab.gains(table[~lacking])
    other, whole = found.comparisons
    assert (other.over.widths, other.over.seeds) == ((32, 64, 128), (0, 1))
    assert (whole.over.widths, whole.over.seeds) == ((32, 64, 128), (0, 1, 2))
    text = "left out for runs that are missing: seed 2 of other at 2 M tokens."
    assert text in " ".join(notes(found)) and "left out" not in noted(table)


def test_a_variant_that_is_the_baseline_says_so() -> None:
    table = simulate({}, **NOISE)
    same = joined(table, with_identities(table.assign(variant="decay=0.1")))
    assert said(same)["decay=0.1"] == "equals adamw, run by run, at 2 M tokens."
    alone = joined(*(t[t["seed"] == 0] for t in (same, table)))
    assert said(alone)["decay=0.1"] == "equals adamw, run by run, at 2 M tokens."


def test_a_width_of_the_variant_alone_is_told() -> None:
    table = simulate({"other": 1.2}, widths=(32, 64, 128, 256), **NOISE)
    table = table[(table["variant"] == "other") | (table["width"] < 256)]
    (one,) = lab.gains(table).comparisons
    assert ([w.width for w in one.widths], one.unpaired) == ([32, 64, 128], (256,))
    said_ = (
        "other at 2 M tokens: at width 256 there is no run of adamw with its seeds, and so no gain."
    )
    assert said_ in noted(table)


def test_pairs_are_those_of_common_seeds() -> None:
    table = simulate({"other": 1.2}, seeds=(0, 1, 2, 3))
    some = table[(table["variant"] == "adamw") | (table["seed"] < 2) | (table["width"] == 32)]
    (one,) = lab.gains(some).comparisons
    assert [at.seeds for at in one.widths] == [(0, 1, 2, 3), (0, 1), (0, 1)]
    apart = table[(table["variant"] == "adamw") == (table["seed"] < 2)]
    assert said(apart)["other"] == (
        "cannot be said: other and adamw have no width and seed in common at 2 M tokens."
    )


# Words


def test_gains_are_told_in_width_at_each_budget() -> None:
    lost = {BUDGETS[0]: 1.3, BUDGETS[1]: 1.0}
    table = simulate({"lasts": 1.3, "fades": lost, "costs": 0.7}, tokens=BUDGETS,
                      noise=0.002, shared=0.03)  # fmt: skip
    found = said(table)
    assert list(found) == ["lasts", "fades", "costs"]
    assert found["lasts"].startswith("worth +") and found["lasts"].endswith(" It persists.")
    assert " %) width at 500 k tokens; worth nothing (" in found["fades"]
    assert found["fades"].endswith(" It does not persist.")
    assert found["costs"].count("costs ") == 2 and "of width at 2 M tokens" in found["costs"]


def test_many_comparisons_are_counted() -> None:
    chance = {f"v{k}": 1.0 for k in range(30)}
    gains = lab.gains(simulate(chance, noise=0.01, rng=3))
    assert gains.tested == 30
    above = [c for c in gains.comparisons if c.standing in ("better", "worse")]
    assert above and all(c.adjusted > 0.05 for c in above)
    assert "Not certain among 30 comparisons: p = " in dict(sentences(gains))[above[0].variant]
    assert "Of 30 comparisons of a variant at a budget, " in " ".join(notes(gains))


# Which runs


def searched(*rates: float, name: str = "adamw", factor: float = 1) -> pd.DataFrame:
    """Return a search on a seed of its own; the table's own rate is 0.008."""
    return joined(
        *(simulate({name: factor}, widths=(64,), seeds=(9,), learning_rate=r) for r in rates)
    )


def test_a_search_is_told_but_not_compared() -> None:
    grid = simulate({"other": 1.2}, **NOISE)
    rates = (0.004, 0.008, 0.016)
    table = joined(grid, searched(*rates), searched(*rates, name="other", factor=3))
    assert lab.gains(table).comparisons[0].widths == lab.gains(grid).comparisons[0].widths
    assert "Every variant had 3 tries of learning rates." in noted(table)
    assert "Seed 9 only served to find learning rates, and is not compared." in noted(table)
    chosen = "No interval holds the error of choosing learning rates from a search"
    assert chosen in noted(table) and chosen not in noted(grid)
    unequal = joined(grid, searched(*rates), searched(0.008, name="other"))
    assert chosen in noted(unequal)
    assert "(3 tries: adamw; 1 try: other): more tries flatter" in noted(unequal)


def test_what_was_only_searched_is_one_sentence() -> None:
    """A table of a search alone is compared all the same."""
    rates = (0.004, 0.008, 0.016)
    search = joined(searched(*rates), *(searched(*rates, name=n) for n in ("idle", "lost")))
    table = joined(simulate({"other": 1.2}, **NOISE), search)
    found = lab.gains(table)
    assert {c.variant for c in found.comparisons} == set(found.to_frame()["variant"]) == {"other"}
    text = "Only searched, and not compared at 2 M tokens: idle, lost."
    assert text in noted(table) and str(found).count("idle") == 1
    assert {c.variant for c in lab.gains(search).comparisons} == {"idle", "lost"}
    both = table[table["variant"] != "other"]
    alone = " ".join(str(lab.gains(both)).split())
    assert alone == f"nothing can be compared with adamw {text}"


def test_rates_at_an_end_of_those_tried_are_told() -> None:
    """The table's own are 0.008 of the body and 0.04 of the head."""
    grid = simulate({"other": 1.2, "third": 1}, **NOISE)
    tries = [
        simulate({name: 1}, widths=(64,), seeds=(9,), learning_rate=r, head_learning_rate=h)
        for name, pairs in {
            "adamw": ((0.004, 0.04), (0.008, 0.04), (0.016, 0.04)),
            "other": ((0.002, 0.04), (0.004, 0.04), (0.008, 0.04)),
            "third": ((0.008, 0.04), (0.008, 0.08), (0.016, 0.16)),
        }.items()
        for r, h in pairs
    ]
    tries = [t[t["variant"] != "adamw"] if t["variant"].nunique() > 1 else t for t in tries]
    table = joined(grid, *tries)
    assert (
        "Rates at an end of those that were tried, beyond which better ones may lie (the body's "
        "largest: other; the body's least: third; the head's least: third)."
    ) in noted(table)
    assert "at an end" not in noted(grid)
    assert "hold no search of learning rates" in noted(grid)


def test_among_equal_settings_the_best_is_taken_and_called_optimistic() -> None:
    low, high = (simulate({"other": f}, learning_rate=r) for f, r in ((1.1, 0.008), (1.2, 0.01)))
    table = joined(low, high[high["variant"] == "other"])
    (one,) = lab.gains(table).comparisons
    assert (one.choice.setting.learning_rate, one.choice.equally) == (0.01, 1)
    assert "other at 2 M tokens: 2 settings have equally many runs" in noted(table)


def test_equal_settings_of_many_variants_are_one_sentence() -> None:
    tables = [simulate({"a": 1.1, "b": 1.2}, learning_rate=rate) for rate in (0.008, 0.01)]
    text = noted(joined(*tables))
    assert "adamw at 2 M tokens, a at 2 M tokens, b at 2 M tokens: 2 settings have" in text
    assert text.count("settings have equally many runs") == 1


def test_runs_that_diverged_are_told() -> None:
    table = simulate({"other": 1.2}, **NOISE)
    table.loc[(table["variant"] == "other") & (table["seed"] == 1), "loss"] = None
    (one,) = lab.gains(table).comparisons
    assert [at.seeds for at in one.widths] == [(0, 2)] * 3
    assert "other at 2 M tokens: 3 runs diverged, and the others flatter it." in noted(table)
    report = lab.report(table)
    assert report.diverged == {"other": 3}
    assert str(report).startswith("18 runs, of which 3 diverged (3 of other)\n")
    table.loc[table["variant"] == "other", "loss"] = None
    assert said(table)["other"] == (
        "cannot be said: no run of other that is compared has a loss at 2 M tokens."
    )
    assert "other at 2 M tokens: every run diverged." in noted(table)
    with_search = joined(table, *(searched(r, name="other") for r in (0.004, 0.008)))
    assert "other at 2 M tokens: every run diverged." in noted(with_search)
    assert "flatter it" not in noted(with_search)


def test_budgets_of_other_batches_are_one() -> None:
    """Whole steps of 4 and of 16 windows are not the same number of tokens."""
    table = simulate({"other": 1.2}, **NOISE)
    other = table["variant"] == "other"
    table = table.assign(
        tokens=table["tokens"].where(~other, 1_998_848), batch=table["batch"].where(~other, 16)
    )
    (one,) = lab.gains(with_identities(table)).comparisons
    assert one.standing == "better"
    assert "has batches of 16 and adamw of 4" in noted(table)


@pytest.mark.parametrize(
    ("asked", "batch", "context", "shown"),
    [(80_000, 16, 256, "80 k"), (4000, 4, 32, "4 k"), (1_600_000, 4, 256, "1.6 M"),
     (75_000, 16, 256, "75 k"), (1_250_000, 4, 256, "1.25 M"),
     (3, 1, 1, "3"), (2_500_000, 512, 2048, "2.1 M")],
)  # fmt: skip
def test_a_budget_is_told_as_it_was_asked_for(
    asked: int, batch: int, context: int, shown: str
) -> None:
    """Whole steps train a few tokens less; where a step is much of it, what was trained counts."""
    step = batch * context
    table = simulate({"other": 1.2}, tokens=(asked,), batch=batch, context=context)
    trained = with_identities(table.assign(tokens=asked // step * step))
    (one,) = lab.gains(trained).comparisons
    assert tokens_text(one.tokens) == f"{shown} tokens"


def test_texts_are_compared_apart() -> None:
    tables = [simulate({"other": f}, dataset=name, **NOISE) for name, f in (("a", 1.3), ("b", 0.7))]
    found = said(joined(*tables))
    assert found["other (a)"].startswith("worth") and found["other (b)"].startswith("costs")


def test_texts_of_one_name_are_compared_apart_by_their_fingerprint() -> None:
    tables = [simulate({"other": f}, text=text, **NOISE) for text, f in (("ab", 1.3), ("cd", 0.7))]
    for table, text in zip(tables, ("ab", "cd"), strict=True):
        table["run"] += text
    found = said(joined(*tables))
    assert found["other (text ab)"].startswith("worth")
    assert found["other (text cd)"].startswith("costs")
    older = joined(tables[0], tables[1].assign(text=None))
    assert found["other (text cd)"] == said(older)["other (unknown text)"]
    again = joined(tables[0], tables[0].assign(text=None))
    assert lab.gains(again).comparisons == lab.gains(tables[0]).comparisons


def test_a_table_that_does_not_know_its_text_is_compared() -> None:
    table = simulate({"other": 1.2}, **NOISE)
    (one,) = lab.gains(table.drop(columns="text")).comparisons
    assert one.widths == lab.gains(table).comparisons[0].widths and not one.bench.text


def test_bodies_with_other_attention_are_compared_apart() -> None:
    """Another table of the same widths and seeds, as that of narrow heads is."""
    table = simulate({"other": 1.2}, **NOISE)
    heads = simulate({"factored=32": 0.8}, attention_width=8, noise=0.01, rng=1)
    assert lab.gains(joined(table, heads)).comparisons[-1].widths == (
        lab.gains(table).comparisons[0].widths
    )
    assert "factored=32 (attention heads of 8)" in said(joined(table, heads))
    unknown = [t.drop(columns="attention_width") for t in (table, heads)]
    with pytest.raises(UsageError, match="differ in something that the table does not tell"):
        lab.gains(joined(*unknown))


def test_a_variant_without_a_baseline_beside_it_is_told() -> None:
    table = simulate({"other": 1.2}, **NOISE)
    alone = simulate({"other": 1}, tokens=(500_000,), **NOISE)
    alone = alone[alone["variant"] == "other"]
    assert "other at 500 k tokens (simulated, gpt-neox, depth 4, context 256, attention heads" in (
        noted(joined(table, alone))
    )


# Tables


def test_a_run_in_two_tables_counts_once_and_a_contradiction_is_refused() -> None:
    table = simulate({"other": 1.2}, **NOISE)
    assert lab.gains(joined(table, table)).comparisons == lab.gains(table).comparisons
    wrong = table.assign(loss=table["loss"] + 1e-3)
    with pytest.raises(UsageError, match=r"\(adamw, width 32, seed 0\) has loss 4\.\d+ in "):
        lab.gains(joined(table, wrong))


def test_what_is_no_table_of_runs_is_refused() -> None:
    table = simulate({"other": 1.2})
    with pytest.raises(UsageError, match="has no variant 'adam'; did you mean adamw"):
        lab.gains(table, "adam")
    with pytest.raises(FormatError, match="lab table writes them: it has no column variant"):
        lab.gains(table.drop(columns="variant"))
    with pytest.raises(FormatError, match="seed is missing in a row"):
        lab.gains(table.assign(seed=None))
    with pytest.raises(FormatError, match="is not a table of lab runs"):
        lab.gains(table.assign(width="wide"))
    with pytest.raises(UsageError, match="no finished run in the table; make some with: supersco"):
        lab.gains(table[:0])


def test_the_baseline_is_named_as_in_a_sweep_file() -> None:
    """Numbers that are the default need not be written, and names come in any order."""
    table = simulate({"bias=1": 1.2, "bias=1 + muon": 1.3})
    assert lab.gains(table, "bias").baseline == "bias=1"
    report = lab.report(table, "muon + bias")
    assert report.gains.baseline == report.slopes.baseline == "bias=1 + muon"
    with pytest.raises(UsageError, match="has no variant 'bias=2'; did you mean bias=1"):
        lab.gains(table, "bias=2")


def test_narrow_heads_are_another_question() -> None:
    """Heads of rank r on one body answer head or body, and are no comparisons to correct for."""
    ranks = (32, 64, 128)
    heads = simulate({f"factored={r}": r / 128 for r in ranks}, widths=(128,), noise=0.004)
    heads = heads[heads["variant"] != "adamw"]
    grid = simulate({"other": 1.2}, **NOISE)
    report = lab.report(joined(grid, heads))
    assert report.gains.comparisons == lab.gains(grid).comparisons
    assert [c.variant for c in report.gains.narrow_heads] == [f"factored={r}" for r in ranks]
    assert [p.rank for p in report.heads[0].points] == list(ranks)
    text = (
        "Narrow heads, compared as head or body and not here, at 2 M tokens: factored=32, "
        "factored=64, factored=128."
    )
    assert text in " ".join(notes(report.gains))
    one = heads[heads["variant"] == "factored=64"]
    assert "factored=64" in said(joined(grid, one))  # alone it is a variant as any other
    alone = " ".join(str(lab.gains(joined(grid[grid["variant"] == "adamw"], heads))).split())
    assert alone == f"nothing can be compared with adamw {text}"


def test_a_baseline_alone_says_so() -> None:
    report = str(lab.report(simulate({}, widths=(64,))))
    assert "nothing can be compared with adamw: there is no other variant" in report
    assert "no variant was trained at two widths" in report


def test_models_beyond_the_baselines_widths_are_named() -> None:
    table = simulate({"other": 1.5}, widths=(32, 64, 128), **NOISE)
    assert "beyond every width of adamw are the widths of other at 2 M tokens: 128." in noted(table)
