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

from superscope.errors import UsageError
from superscope.evaluation import Losses
from superscope.evaluation.evaluation import PARTS
from superscope.figures.study import emergence_drawings
from superscope.figures.study._emerging_map import progress_of
from superscope.figures.study._emerging_share import shares_of
from superscope.geometry import classify, measure_head
from superscope.heads import Head
from superscope.report import write_emergence_report
from superscope.study import (
    Emergence,
    Learned,
    Member,
    MemberFailure,
    Shape,
    Study,
    emergence,
    toy_curves,
)
from superscope.study.emerging.class_curves import class_curves, summed
from superscope.study.emerging.classes import classes_of
from superscope.study.emerging.of_study import curves_of
from superscope.study.emerging.scattered import moderated, scattered
from superscope.study.emerging.shapes import PLACES, POWERS, SCALES
from superscope.study.emerging.share import likelihood_of_shares
from superscope.study.emerging.simulated import WIDTHS, make_curves
from superscope.study.emerging.tested import number_error, rejected
from superscope.study.emerging.tested import tested as p_values
from superscope.toy import ToyConfig, train

QUICK = {"resamples": 200}


def told(found: Emergence, shape: Shape) -> np.ndarray:
    return np.array([s is shape for s in found.shapes])


def test_planted_steps_among_smooth_curves_are_found_and_hardly_a_smooth_one_is() -> None:
    curves, truth = make_curves(150, steps=0.1)
    found = emergence(curves, **QUICK)
    step = told(found, Shape.STEP)
    assert (step & (truth == "step")).sum() >= 0.8 * (truth == "step").sum()
    assert (step & (truth != "step")).sum() <= 0.05 * step.sum()
    assert found.share.low <= (truth == "step").mean() <= found.share.high
    assert found.verdict is Learned.TOGETHER


def test_a_metric_with_a_cliff_on_smooth_losses_is_not_called_emergence() -> None:
    """Errors of a metric that is right or wrong step where the loss is smooth: the metric's cliff.

    The same curves, once as losses and once as the share of wrong answers, which falls from 1 to 0
    within a tenth of a nat.
    """
    curves, _ = make_curves(80, steps=0.0)
    found = emergence(curves, threshold=4, **QUICK)
    assert found.count(Shape.STEP) == 0 and found.verdict is Learned.TOGETHER
    assert "To pass a threshold is no step" in str(found)
    cliff = 4 * math.log(2)
    wrong = 1 / (1 + np.exp((cliff - curves.losses) / 0.02))
    jump = (wrong[:, 0] > 0.9) & (wrong[:, -1] < 0.1)
    assert jump.sum() > 10
    noise = 0.02 * np.random.default_rng(0).standard_normal(curves.nats.shape)
    answers = replace(curves, nats=curves.counts[:, None] * (wrong[:, :, None] + noise))
    assert emergence(answers.chosen(jump), **QUICK).verdict is not Learned.TOGETHER


def test_tokens_that_step_in_order_of_frequency_are_learned_one_by_one() -> None:
    curves, _ = make_curves(60, steps=1.0, ordered=True)
    found = emergence(curves, **QUICK)
    assert found.verdict is Learned.ONE_BY_ONE
    assert found.order < -0.9
    assert "frequent tokens step first" in str(found)


def test_a_few_steps_among_many_smooth_curves_are_found_with_few_resamples() -> None:
    """A hundred resamples have no p-value below .01, and one step in a hundred needs .0005."""
    curves, truth = make_curves(300, steps=0.01, seed=3)
    found = emergence(curves, resamples=100)
    assert (truth == "step").sum() == 3
    assert (told(found, Shape.STEP) == (truth == "step")).all()


def test_tokens_that_all_step_at_one_width_are_learned_together() -> None:
    """A phase transition: each token steps, but none before the others."""
    curves, _ = make_curves(60, steps=1.0, models=2)
    rng = np.random.default_rng(0)
    away = np.log(curves.of_models / 130) / rng.uniform(0.05, 0.2, (60, 1))
    losses = (1 + 3 / (1 + np.exp(away))) * (1 + 0.05 * rng.standard_normal(away.shape))
    noise = curves.nats - curves.by_model[:, :, None] * curves.counts[:, None]
    nats = noise + losses[:, :, None] * curves.counts[:, None]
    found = emergence(replace(curves, nats=nats), **QUICK)
    assert found.share.low > 0.8 and found.count(Shape.STEP) > 45
    assert np.ptp(found.places) > 0
    assert found.verdict is Learned.TOGETHER


def test_half_steps_are_mixed() -> None:
    curves, truth = make_curves(100, steps=0.5)
    found = emergence(curves, **QUICK)
    assert found.verdict is Learned.MIXED
    assert found.power_of_steps > 0.8 and found.power_of_laws > 0.8
    assert found.share.value == pytest.approx((truth == "step").mean(), abs=0.07)


def test_flat_tokens_do_not_improve() -> None:
    curves, truth = make_curves(80, steps=0.0, flat=0.3)
    found = emergence(curves, **QUICK)
    flat = truth == "flat"
    assert found.p_flat[~flat].max() < 0.05
    assert (told(found, Shape.FLAT) & flat).sum() > 0.8 * flat.sum()
    assert (told(found, Shape.FLAT) & ~flat).sum() == 0


@pytest.mark.parametrize("models", [1, 2])
def test_how_far_models_of_one_width_differ_is_found_and_makes_no_steps(models: int) -> None:
    """From pairs of models, or from what the fits leave."""
    curves, truth = make_curves(100, steps=0.1, models=models, scatter=0.02)
    found = emergence(curves, **QUICK)
    assert found.scatter_known is (models == 2)
    assert ("taken for its model's error" in str(found)) is (models == 1)
    assert found.scatter == pytest.approx(0.02, rel=0.3)
    assert (told(found, Shape.STEP) & (truth != "step")).sum() <= 2


@pytest.mark.parametrize("models", [1, 2])
def test_a_model_that_is_worse_for_all_its_tokens_makes_no_steps_and_hides_none(
    models: int,
) -> None:
    """Errors of 5 % that all tokens of a model share; tokens that are taken for independent would
    show them as steps at one width (of 150 like these 91, with one model of each width)."""
    smooth, _ = make_curves(80, steps=0.0, models=models, seed=6)
    rng = np.random.default_rng(6)
    shared = 0.05 * rng.standard_normal(len(smooth.of_models))
    found = emergence(smooth.corrected(1 / (1 + shared) - 1), **QUICK)
    assert found.count(Shape.STEP) == 0 and found.verdict is Learned.TOGETHER
    assert found.common == pytest.approx(0.05, rel=0.5)
    assert "in all tokens at once" in str(found)
    curves, truth = make_curves(80, steps=0.1, models=models, common=0.05)
    step = told(emergence(curves, **QUICK), Shape.STEP)
    assert (step & (truth == "step")).sum() >= 0.8 * (truth == "step").sum()
    assert (step & (truth != "step")).sum() <= 0.05 * step.sum()


def test_what_tokens_have_in_common_is_found_and_is_nothing_where_there_is_nothing() -> None:
    """Known but for what every form can follow: hardly more than the scale of all losses."""
    plain, _ = make_curves(150, steps=0.3)
    shared = np.array([0.02, -0.03, 0.05, -0.04, 0.0, 0.03, -0.05, 0.02])
    one = scattered(plain.corrected(1 / (1 + shared) - 1))
    ratio = one.losses / plain.losses
    assert np.ptp(ratio.mean(axis=0)) < 0.02 < np.ptp(shared)
    assert scattered(plain).common < 0.003 < 0.02 < one.common


def test_tokens_that_share_an_error_unequally_do_not_make_steps_of_it() -> None:
    """Errors differ by .17 between widths; steps that follow unequal shares would make it 1."""
    plain, _ = make_curves(150, steps=0.0, common=0.05, loading=0.6, seed=1)
    assert np.ptp((scattered(plain).losses / plain.losses).mean(axis=0)) < 0.3


@pytest.mark.parametrize("steps", [0.0, 0.4, 1.0])
def test_what_single_tokens_cannot_tell_all_of_them_can(steps: float) -> None:
    """Models of one width differ by a tenth of a loss: few tokens are told, and the share is."""
    curves, truth = make_curves(200, steps=steps, models=2, scatter=0.1, unequal=0.8)
    found = emergence(curves, **QUICK)
    assert found.count(Shape.UNTOLD) > 0.3 * len(found.ids)
    true = (truth == "step")[rejected(found.p_flat, found.fdr)].mean()
    assert found.share.low <= true <= found.share.high
    assert found.share.high - found.share.low < 0.35
    assert abs(found.share.value - true) < 0.1


def test_where_nothing_can_be_told_every_share_may_be() -> None:
    """Two forms of one direction; and of 30 tokens without error, that none steps is said."""
    log = np.zeros((30, POWERS + len(SCALES) * PLACES))
    shares = np.array([0.0, 0.3, 1.0])
    assert np.ptp(likelihood_of_shares(log, shares, 3)) < 1e-9
    log[:, POWERS:] = -np.inf
    said = likelihood_of_shares(log, shares[:2], 3)
    assert said[0] - said[1] == pytest.approx(-30 * math.log(0.7))


def test_a_token_whose_models_differ_most_is_known_to_by_its_own_models() -> None:
    rng = np.random.default_rng(0)
    true = 0.01 * np.exp(0.7 * rng.standard_normal(400))
    excess = true * rng.chisquare(7, 400) / 7
    variance, freedom = moderated(excess, 7, rng.uniform(100, 200, 400))
    assert 7 < freedom < 30
    assert np.abs(np.log(variance / true)).mean() < np.abs(np.log(excess / true)).mean()
    assert np.abs(np.log(variance / true)).mean() < np.abs(np.log(0.01 / true)).mean()
    alike, known = moderated(0.01 * rng.chisquare(7, 400) / 7, 7, rng.uniform(100, 200, 400))
    assert known > 40 and alike == pytest.approx(0.01, rel=0.5)


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


def test_a_new_model_of_the_next_width_lies_where_classes_are_forecast() -> None:
    """95 % intervals in 20 families; without its own deviation, the law alone would hold 75 %."""
    held = []
    for seed in range(20):
        every, _ = make_curves(
            40, steps=0.0, widths=(*WIDTHS, 759), models=2, common=0.05, seed=seed
        )
        curves = every.below(512)
        members = classes_of(curves, ("spelling",))
        new = summed(every, members).by_model[:, -1]
        untold = (Shape.UNTOLD,) * len(curves)
        told = class_curves(curves, members, scattered(curves), untold, threshold=None, seed=0)
        pairs = zip(told, new, strict=True)
        held.append(np.mean([one.forecast.low < x < one.forecast.high for one, x in pairs]))
    assert np.mean(held) > 0.88


def test_narrow_models_name_what_passes_a_threshold_at_the_widest() -> None:
    """Power laws go on as they are, so nearly all are named; frequency says nothing of them."""
    curves, _ = make_curves(150, steps=0.0)
    foretold = emergence(curves, threshold=3, **QUICK).roll_out
    assert foretold.fitted == (32, 48, 70, 104, 154, 228) and foretold.width == 512
    tokens = foretold.tokens
    assert tokens.passed > 5 and tokens.right <= min(tokens.named, tokens.passed)
    assert tokens.precision > 0.6 > tokens.precision_by_frequency
    assert tokens.recall > 0.6 > tokens.recall_by_frequency
    few, _ = make_curves(50, steps=0.0, widths=(32, 48, 70, 104, 130))
    assert emergence(few, threshold=3, **QUICK).roll_out is None


def test_the_false_discovery_rate_is_that_of_benjamini_and_hochberg() -> None:
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])
    assert rejected(p, 0.05).sum() == 2
    assert not rejected(np.zeros(0), 0.05).any()


def test_counts_of_tokens_hardly_depend_on_the_seed_and_say_by_how_much() -> None:
    """Half of the tokens lie at the limit of what can be told."""
    curves, _ = make_curves(100, steps=0.3, models=2, scatter=0.08)
    found = [emergence(curves, resamples=500, seed=seed) for seed in range(3)]
    for kind, which in (Shape.STEP, 0), (Shape.POWER, 1):
        counts = [one.count(kind) for one in found]
        assert 5 < np.mean(counts) < 95
        said = np.mean([one.resampling_errors[which] for one in found])
        assert np.std(counts) < 3 * said + 1 < 4


def test_p_values_at_the_limit_get_more_resamples_than_others() -> None:
    """p-values are known: statistics are normal deviates, and so are resamples."""
    rng = np.random.default_rng(0)
    value = np.concatenate([np.full(20, 6.0), np.full(10, 2.3), np.full(70, 0.1)])

    def draw(tokens: np.ndarray, count: int) -> np.ndarray:
        return rng.standard_normal((len(tokens), count))

    found, first = p_values(draw, value, 400, 0.05, np.ones(100, bool))
    assert first.shape == (100, 200)
    assert found.drawn[20:30].min() > 800 > 300 > found.drawn[30:].max()
    assert found.p[20:30] == pytest.approx(0.0107, abs=0.008)
    assert number_error(found, found, 0.05, rng) < 3
    assert rejected(found.p, 0.05)[:20].all()


# The toy model


@pytest.mark.slow
def test_toy_features_are_learned_one_by_one_in_weak_superposition() -> None:
    """Decay leaves out the features that there is no room for; growth leaves out none."""

    def found(decay: float, steps: int, widths: tuple[int, ...], samples: int) -> Emergence:
        config = ToyConfig(n=400, batch=256, steps=steps, decay=decay, bias="zeros")
        runs = [train(replace(config, width=m)) for m in widths]
        return emergence(toy_curves(runs, samples=samples), resamples=100)

    weak = found(1.0, 1000, (5, 8, 13, 20, 32), 512)
    assert weak.verdict is Learned.ONE_BY_ONE and weak.order < -0.8
    assert weak.count(Shape.STEP) > 20 > 10 * weak.count(Shape.POWER)
    strong = found(-1.0, 1500, (5, 8, 12, 18, 27, 40), 1536)
    assert strong.share.value < 0.3 and strong.share.high < 0.5 < weak.share.low
    assert strong.count(Shape.POWER) > 5 and strong.count(Shape.STEP) == 0


def test_toy_models_of_other_features_are_not_compared() -> None:
    runs = [train(ToyConfig(n=n, width=2, batch=8, steps=2)) for n in (10, 11)]
    with pytest.raises(UsageError, match="different features"):
        toy_curves(runs)
    with pytest.raises(UsageError, match="4 different widths"):
        toy_curves(runs[:1], samples=10)
    with pytest.raises(UsageError, match="give runs"):
        toy_curves([])


# Pictures and the page


def test_pictures_show_shares_that_add_to_one_and_the_page_holds_them(tmp_path: Path) -> None:
    curves, _ = make_curves(40, steps=0.2)
    found = emergence(curves, threshold=4, **QUICK)
    shares = shares_of(found)
    assert shares.sum(axis=0) == pytest.approx(1) and shares.min() >= 0
    edges, progress = progress_of(found)
    known = np.isfinite(progress).all(axis=1)
    assert known.any() and progress[known, -1] == pytest.approx(1)
    assert progress[known, 0] == pytest.approx(0, abs=1e-9)
    assert edges[0] <= found.occurrences.min() and edges[-1] >= found.occurrences.max()
    assert [drawing.name for drawing in emergence_drawings(found)] == [
        "emergence-classes", "emergence-share", "emergence-map",
    ]  # fmt: skip
    assert len(found.plot("classes").axes) == len(found.classes)
    write_emergence_report(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count("<svg") >= 3 and "later piece of a word" in page
    one = emergence(curves, classes=["spelling"], **QUICK)
    assert "classes by frequency were left out" in emergence_drawings(one)[1].reason


# The command


def write_study(folder: Path, study: Study) -> Path:
    (folder / "study.json").write_text(study.to_json(), "utf-8")
    return folder


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    write_study(tmp_path, study_of())
    table = tmp_path / "tokens.csv"
    done = superscope("emergence", tmp_path, "--resamples", 200, "--threshold", 2, "--table", table)
    assert done.code == 0, done.err
    assert done.out.startswith("Do abilities appear, or does everything improve at once? ")
    assert "2 bits at" in done.out and len(pd.read_csv(table)) == 2
    assert "1 token of the text occurs too rarely." in done.out
    json = superscope("emergence", tmp_path, "--resamples", 200, "--json")
    assert Emergence.from_json(json.out).rare == 1


def test_classes_by_rows_and_collision_need_nothing_but_the_study(tmp_path: Path) -> None:
    """Its models may lie anywhere by now; what is known of their heads stands in its file."""
    head = Head.from_array(np.random.default_rng(0).standard_normal((3, 2)))
    geometry = replace(measure_head(head, pairs="none", progress=None), classes=classify(head))
    first, *others = study_of().members
    write_study(tmp_path, make_study([replace(first, geometry=geometry), *others]))
    shown = ("--figures", tmp_path / "figures", "--out", tmp_path / "page.html")
    classes = ("--classes", "frequency", "rows", "collision")
    drawn = superscope("emergence", tmp_path, "--resamples", 200, *shown, *classes)
    assert drawn.code == 0, drawn.err
    assert "most third of collision" in drawn.out and "row: unknown" in drawn.out
    assert (tmp_path / "page.html").is_file()
    assert (tmp_path / "figures" / "emergence-classes.png").is_file()


def test_the_command_refuses_bad_input_with_the_reason(tmp_path: Path) -> None:
    def refused(*more: object) -> str:
        done = superscope("emergence", tmp_path, *more)
        assert done.code == 2 and not done.out
        return done.err

    said = refused()
    assert "no study can be read in" in said and "name the folder that" in said
    write_study(tmp_path, study_of(3))
    assert "4 different widths or more, and these are 32, 48, 64" in refused()
    members = study_of(4).members
    other = learned(512, "x", vocabulary=("a", "b", "d"))
    write_study(tmp_path, make_study([*members, other]))
    said = refused()
    assert "x and m32 have different tokenizers, so their tokens cannot be compared" in said
    assert "make a study of models with one tokenizer" in said
    write_study(tmp_path, study_of())
    assert "no token occurs 1,000 times in gcide" in refused("--least", 1000)
    assert "no head of m32, its narrowest model" in refused("--classes", "rows")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens" / "m32.parquet").write_bytes(b"")
    assert "tokens lacks m48.parquet" in refused()


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


def test_a_text_of_few_documents_has_as_few_parts_to_know_errors_from() -> None:
    """Student's t of six documents has 5 degrees of freedom, not those of twenty parts."""

    def of_six(member: Member) -> Member:
        parts = member.evaluation.token_parts
        kept = parts.ids % PARTS < 6
        few = Losses(parts.ids[kept], parts.counts[kept], parts.nats[kept])
        return replace(member, evaluation=replace(member.evaluation, token_parts=few))

    curves = curves_of(make_study(list(map(of_six, study_of().members))), 50)
    assert curves.counts.shape == (2, 6) and curves.nats.shape == (2, 6, 6)
    assert curves_of(study_of(), 50).counts.shape == (2, PARTS)


def test_tokens_too_rare_are_those_of_the_family_that_was_asked_about() -> None:
    own = [replace(m, family="own") for m in study_of(4).members]
    loss = own[0].evaluation.token_losses
    more = Losses(np.arange(4), np.append(loss.counts, 1), np.append(loss.nats, 1.0))
    other = replace(own[0].evaluation, token_losses=more)
    another = replace(own[0], name="other", family="other", evaluation=other)
    assert emergence(make_study([*own, another]), family="own", **QUICK).rare == 1


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
    lost = replace(members[1], evaluation=None, failures=(MemberFailure("loss", "disk full"),))
    with pytest.raises(UsageError, match=r"not complete: m48 has no loss \(disk full\)"):
        emergence(make_study([members[0], lost, *members[2:]]))
    with pytest.raises(UsageError, match="classes=colour; choose of frequency"):
        emergence(study_of(), classes=["colour"])
    lost = replace(members[0], failures=(MemberFailure("head", "disk full"),))
    with pytest.raises(UsageError, match=r"no head of m32, .*\(disk full\).* run superscope study"):
        emergence(make_study([lost, *members[1:]]), classes=["collision"])
    curves, _ = make_curves(5)
    with pytest.raises(UsageError, match="no token of the curves occurs 9,999 times"):
        emergence(curves, least=9999)
    for options, said in ({"fdr": 0.0}, "fdr"), ({"threshold": -1}, "threshold"), (
        {"threshold": math.inf}, "threshold"
    ), (
        {"resamples": 10}, "resamples"
    ), ({"seed": -1}, "seed"):  # fmt: skip
        with pytest.raises(UsageError, match=said):
            emergence(curves, **options)
    assert len(WIDTHS) == len(curves.widths)
