"""Which tokens are learned at which width: where the truth is known, and on bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import superscope
from studies import WIDTHS as STUDY_WIDTHS
from studies import make_evaluation, make_study
from token_curves import WIDTHS, make_curves

from superscope.errors import UsageError
from superscope.evaluation import Losses
from superscope.evaluation.evaluation import PARTS
from superscope.study import Emergence, Learned, Member, Shape, Study, emergence, toy_curves
from superscope.study.emerging.shapes import rejected
from superscope.toy import ToyConfig, train

QUICK = {"resamples": 400}


def told(found: Emergence, shape: Shape) -> np.ndarray:
    return np.array([s is shape for s in found.shapes])


def test_planted_steps_among_smooth_curves_are_found_and_hardly_a_smooth_one_is() -> None:
    curves, truth = make_curves(200, steps=0.1)
    found = emergence(curves, resamples=1000)
    step = told(found, Shape.STEP)
    assert (step & (truth == "step")).sum() >= 0.8 * (truth == "step").sum()
    assert (step & (truth != "step")).sum() <= 0.05 * step.sum()
    assert found.share.low <= (truth == "step").mean() <= found.share.high
    assert found.verdict is Learned.TOGETHER


def test_smooth_curves_have_no_step_though_each_passes_a_threshold_somewhere() -> None:
    """A metric that is right or wrong jumps; that is a threshold passed, and no step."""
    curves, _ = make_curves(150, steps=0.0)
    found = emergence(curves, threshold=4, **QUICK)
    assert found.count(Shape.STEP) == 0 and found.verdict is Learned.TOGETHER
    accurate = curves.losses < 4 * math.log(2)
    assert (accurate[:, -1] & ~accurate[:, 0]).sum() > 20
    assert "To pass a threshold is no step" in str(found)


def test_tokens_that_step_in_order_of_frequency_are_learned_one_by_one() -> None:
    curves, _ = make_curves(150, steps=1.0, ordered=True)
    found = emergence(curves, **QUICK)
    assert found.verdict is Learned.ONE_BY_ONE
    assert found.order < -0.9
    assert "frequent tokens step first" in str(found)


def test_half_steps_are_mixed() -> None:
    curves, truth = make_curves(150, steps=0.5)
    found = emergence(curves, **QUICK)
    assert found.verdict is Learned.MIXED
    assert found.share.value == pytest.approx((truth == "step").mean(), abs=0.07)


def test_flat_tokens_do_not_improve() -> None:
    curves, truth = make_curves(150, steps=0.0, flat=0.3)
    found = emergence(curves, **QUICK)
    flat = truth == "flat"
    assert found.p_flat[~flat].max() < 0.05
    assert (told(found, Shape.FLAT) & flat).sum() > 0.8 * flat.sum()
    assert (told(found, Shape.FLAT) & ~flat).sum() == 0


@pytest.mark.parametrize("models", [1, 2])
def test_how_far_models_of_one_width_differ_is_found_and_makes_no_steps(models: int) -> None:
    """From pairs of models, or from what the fits leave."""
    curves, truth = make_curves(200, steps=0.1, models=models, scatter=0.02)
    found = emergence(curves, **QUICK)
    assert found.scatter_known is (models == 2)
    assert found.scatter == pytest.approx(0.02, rel=0.3)
    assert (told(found, Shape.STEP) & (truth != "step")).sum() <= 2


def test_a_class_passes_its_threshold_between_two_widths_and_is_forecast() -> None:
    curves, _ = make_curves(100, steps=0.0)
    found = emergence(curves, threshold=4, **QUICK)
    some = [one for one in found.classes if one.reached is not None]
    assert some
    for one in some:
        k = int(np.searchsorted(found.widths, one.reached.value))
        assert one.losses[k] <= 4 * math.log(2) <= one.losses[k - 1]
        assert one.reached.low <= one.reached.value <= one.reached.high
    for one in found.classes:
        assert one.forecast.low < one.forecast.value < one.losses[-1] + one.errors[-1]
    assert [one.name for one in found.classes[:4]] == [
        "1,000 to 10,000 times", "100 to 1,000 times", "10 to 100 times", "first piece of a word",
    ]  # fmt: skip


def test_the_false_discovery_rate_is_that_of_benjamini_and_hochberg() -> None:
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])
    assert rejected(p, 0.05).sum() == 2
    assert not rejected(np.zeros(0), 0.05).any()


# The toy model


@pytest.mark.slow
def test_toy_features_are_learned_one_by_one_in_weak_superposition() -> None:
    """Decay leaves out the features that there is no room for; growth leaves out none."""

    def found(decay: float) -> Emergence:
        config = ToyConfig(n=60, width=4, batch=128, steps=800, decay=decay)
        runs = [train(replace(config, width=m)) for m in (4, 7, 12, 21, 36)]
        return emergence(toy_curves(runs, samples=1000), **QUICK)

    weak, strong = found(1.0), found(-1.0)
    assert weak.verdict is Learned.ONE_BY_ONE and weak.order < -0.3
    assert weak.count(Shape.POWER) == 0 and weak.count(Shape.FLAT) > 5
    assert strong.verdict is not Learned.ONE_BY_ONE and strong.count(Shape.FLAT) == 0


def test_toy_models_of_other_features_are_not_compared() -> None:
    runs = [train(ToyConfig(n=n, width=2, batch=8, steps=2)) for n in (10, 11)]
    with pytest.raises(UsageError, match="different features"):
        toy_curves(runs)
    with pytest.raises(UsageError, match="4 different widths"):
        toy_curves(runs[:1], samples=10)
    with pytest.raises(UsageError, match="give runs"):
        toy_curves([])


# The command


def test_the_command_prints_writes_and_refuses(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text(study_of().to_json(), "utf-8")
    table = tmp_path / "tokens.csv"
    done = superscope("emergence", tmp_path, "--resamples", 200, "--threshold", 2, "--table", table)
    assert done.code == 0, done.err
    assert done.out.startswith("Do abilities appear, or does everything improve at once? ")
    assert "2 bits at" in done.out and len(pd.read_csv(table)) == 2
    json = superscope("emergence", tmp_path, "--resamples", 200, "--json")
    assert Emergence.from_json(json.out).rare == 1
    (tmp_path / "study.json").write_text(study_of(3).to_json(), "utf-8")
    few = superscope("emergence", tmp_path)
    assert few.code == 2 and "4 different widths or more, and these are 32, 48, 64" in few.err
    none = superscope("emergence", tmp_path / "none")
    assert none.code == 2 and "no study can be read in" in none.err


# Studies


def learned(width: int, name: str, *, vocabulary: tuple[str, ...] = ("a", "b", "c")) -> Member:
    """Return a member whose three tokens fall as 1/m."""
    rng = np.random.default_rng(width)
    ids = np.arange(2 * PARTS)
    counts = np.full(2 * PARTS, 10)
    nats = counts * (1 + 40 / width) + rng.standard_normal(2 * PARTS)
    parts = Losses(ids, counts, nats)
    tokens = Losses(
        np.arange(3), np.array([10 * PARTS] * 2 + [3]),
        np.array([*nats.reshape(2, PARTS).sum(axis=1), 9.0]),
    )  # fmt: skip
    one = make_evaluation(width, name, rows=3)
    return Member(
        name, None, None,
        replace(one, token_losses=tokens, token_parts=parts, vocabulary=vocabulary),
    )  # fmt: skip


def study_of(count: int = 6) -> Study:
    return make_study([learned(m, f"m{m}") for m in STUDY_WIDTHS[:count]])


def test_a_study_has_its_tokens_and_those_too_rare_are_counted() -> None:
    found = emergence(study_of(), **QUICK)
    assert found.names == ("a", "b") and found.rare == 1
    assert found.losses[:, 0] == pytest.approx(1 + 40 / 32, abs=0.1)
    assert list(found.widths) == list(STUDY_WIDTHS[:6])
    frame = found.to_frame()
    assert list(frame["token"]) == ["a", "b"] and list(frame["count"]) == [200, 200]


def test_what_cannot_be_compared_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match=r"4 different widths or more.*32, 48, 64"):
        emergence(study_of(3))
    members = study_of(4).members
    with pytest.raises(UsageError, match="x and m32 have different tokenizers"):
        emergence(make_study([*members, learned(512, "x", vocabulary=("a", "b", "d"))]))
    kept = replace(members[0].evaluation, token_parts=None)
    old = replace(members[0], evaluation=kept)
    with pytest.raises(UsageError, match=r"missing of m32; .*run superscope study again"):
        emergence(make_study([old, *members[1:]]))
    with pytest.raises(UsageError, match="no token occurs 1,000 times in gcide"):
        emergence(study_of(), least=1000)
    with pytest.raises(UsageError, match="from 20 on"):
        emergence(study_of(), least=5)
    several = [replace(m, family=f"f{k % 2}") for k, m in enumerate(members)]
    with pytest.raises(UsageError, match="several families: f0, f1"):
        emergence(make_study(several))
    with pytest.raises(UsageError, match="family 'f2'; it has f0, f1"):
        emergence(make_study(several), family="f2")
    with pytest.raises(UsageError, match="no member of the study has a loss"):
        emergence(make_study([replace(members[0], evaluation=None)]))
    curves, _ = make_curves(5)
    for options, said in ({"fdr": 0.0}, "fdr"), ({"threshold": -1}, "threshold"), (
        {"resamples": 10}, "resamples"
    ):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            emergence(curves, **options)
    assert len(WIDTHS) == len(curves.widths)
