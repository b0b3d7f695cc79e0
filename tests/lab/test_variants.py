"""What each way of packing does to a head: facts, then what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from lab_texts import config

from superscope.errors import UsageError
from superscope.geometry.baselines import welch_floor
from superscope.lab import VARIANTS, Corpus, LabConfig, LabRun, train
from superscope.lab.model import LabModel
from superscope.lab.training import Training
from superscope.lab.variants.muon import orthogonal

ALL = [
    "adamw", "coupled", "centered", "centered=0.0001", "growth", "decay", "unit", "muon", "sgd",
    "tied", "bias", "spread", "softmaxes", "factored=4", "wide", "factored=4 + coupled + bias",
]  # fmt: skip


def trained(settings: LabConfig, corpus: Corpus) -> LabModel:
    """Return the model of a config after its steps."""
    training = Training(settings, corpus)
    training.to_end()
    return training.model


def run(settings: LabConfig, corpus: Corpus) -> LabRun:
    found = train(settings, corpus, device="cpu", progress=None)
    assert isinstance(found, LabRun)
    return found


def rows(model: LabModel) -> torch.Tensor:
    return model.head.rows.detach().double()


# What a variant is


def test_numbers_of_variants_are_told_with_all_digits() -> None:
    for written in ("growth=0.123456789", "bias=1", "spread=1e-05", "factored=4"):
        assert config(variant=written).variant == written
    assert config(variant="growth").variant == "growth=0.1"


def test_every_variant_is_tried() -> None:
    assert {variant.name for one in ALL for variant in config(variant=one).variants} == {*VARIANTS}


@pytest.mark.parametrize("variant", ALL)
def test_every_variant_learns(variant: str, corpus: Corpus) -> None:
    found = run(config(variant=variant, tokens=15 * 64, learning_rate=2e-2), corpus)
    assert found.losses[-3:].mean() < found.losses[:3].mean() - 0.1


@pytest.mark.parametrize("variant", ["coupled", "muon", "sgd"])
def test_the_mean_row_stays_where_it_began(variant: str, corpus: Corpus) -> None:
    """The gradients of all rows sum to 0, and so do these steps."""
    settings = config(variant=variant, decay=0.0, learning_rate=0.01)
    first, last = rows(LabModel(settings, corpus)), rows(trained(settings, corpus))
    assert torch.allclose(first.mean(0), last.mean(0), atol=1e-7)
    assert (last - first).norm(dim=1).mean() > 1e-3


def test_the_mean_row_of_adamw_drifts(corpus: Corpus) -> None:
    settings = config(decay=0.0, learning_rate=0.01)
    first, last = rows(LabModel(settings, corpus)), rows(trained(settings, corpus))
    assert (last.mean(0) - first.mean(0)).norm() > 1e-3


def test_centered_rows_have_mean_0(corpus: Corpus) -> None:
    assert rows(trained(config(variant="centered"), corpus)).mean(0).abs().max() < 1e-8


def test_centering_changes_no_probability(corpus: Corpus) -> None:
    """The mean row adds the same to all logits, and its gradient is 0: the loss is AdamW's."""
    baseline, centered = (run(config(variant=v), corpus) for v in ("adamw", "centered"))
    assert np.allclose(baseline.losses, centered.losses, atol=1e-5)
    raw = centered.packing.mean_square_overlap
    assert raw == pytest.approx(centered.packing.mean_square_overlap_centered, rel=1e-5)
    assert raw == pytest.approx(baseline.packing.mean_square_overlap_centered, rel=1e-3)


def test_unit_rows_have_norm_1(corpus: Corpus) -> None:
    model = trained(config(variant="unit"), corpus)
    assert torch.allclose(rows(model).norm(dim=1), torch.ones(270, dtype=torch.float64), atol=1e-6)
    first = LabModel(config(variant="unit"), corpus).head
    assert torch.allclose(first.matrix(), LabModel(config(), corpus).head.matrix(), atol=1e-7)


def test_growth_pulls_norms_to_1(corpus: Corpus) -> None:
    weak, strong = (
        rows(trained(config(variant=f"growth={g}", learning_rate=0.01), corpus)).norm(dim=1)
        for g in (0, 20)
    )
    assert (strong - 1).abs().mean() < 0.9 * (weak - 1).abs().mean()


def test_decay_shortens_rows(corpus: Corpus) -> None:
    norms = [
        rows(trained(config(variant=f"decay={g}", learning_rate=0.01), corpus)).norm()
        for g in (0, 10)
    ]
    assert norms[1] < 0.9 * norms[0]


def test_spread_lowers_overlap(corpus: Corpus) -> None:
    overlap = [
        run(config(variant=f"spread={g}", tokens=30 * 64), corpus).packing.mean_square_overlap
        for g in (0, 1)
    ]
    assert welch_floor(270, 8) <= overlap[1] < overlap[0]  # type: ignore[operator]


def test_a_muon_step_is_about_orthogonal() -> None:
    gradient = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    for matrix in (gradient, gradient.T):
        values = torch.linalg.svdvals(orthogonal(matrix))
        assert 0.6 < values.min() <= values.max() < 1.3


def test_tied_rows_are_the_input_embedding(corpus: Corpus) -> None:
    model = trained(config(variant="tied"), corpus)
    assert model.head.rows is model.body.get_input_embeddings().weight
    assert model.sizes() == (sum(p.numel() for p in model.body.parameters()), 0)


def test_a_head_that_knows_frequencies_alone_has_their_entropy(corpus: Corpus) -> None:
    model = LabModel(config(variant="bias"), corpus)
    states = torch.zeros(1, 8)
    p = (corpus.counts + 1) / (corpus.counts + 1).sum()
    logits = model.head.logits(states)[0].detach().double().numpy()
    assert np.allclose(np.exp(logits), p, rtol=1e-5)


def test_a_mixture_is_a_distribution_of_higher_rank(corpus: Corpus) -> None:
    states = torch.randn(60, 8, generator=torch.Generator().manual_seed(1))
    ranks = []
    for variant in ("adamw", "softmaxes"):
        head = LabModel(config(variant=variant), corpus).head
        with torch.no_grad():
            head.rows.mul_(100)
            logs = head.logits(states).log_softmax(-1)
        ranks.append(int(torch.linalg.matrix_rank(logs - logs.mean(-1, keepdim=True), rtol=1e-4)))
    assert ranks[0] == 8 < ranks[1]
    assert torch.allclose(head.logits(states).exp().sum(-1), torch.ones(60), atol=1e-4)


def test_a_factored_head_of_rank_m_begins_as_the_same_function(corpus: Corpus) -> None:
    states = torch.randn(5, 8, generator=torch.Generator().manual_seed(1))
    whole, factored, narrow = (
        LabModel(config(variant=v), corpus).head for v in ("adamw", "factored=8", "factored")
    )
    assert torch.allclose(whole.logits(states), factored.logits(states), atol=1e-6)
    assert torch.linalg.matrix_rank(narrow.matrix()) == 4
    sizes = [float(head.logits(states).detach().std()) for head in (whole, narrow)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.5)


def test_a_wide_head_has_rows_wider_than_the_body(corpus: Corpus) -> None:
    assert LabModel(config(variant="wide"), corpus).head.rows.shape == (270, 16)
    head = LabModel(config(variant="wide=24"), corpus).head
    states = torch.randn(100, 8, generator=torch.Generator().manual_seed(1))
    assert torch.linalg.matrix_rank(head.logits(states), rtol=1e-4) > 9


@pytest.mark.parametrize("variant", ["spread=0", "centered=0", "bias=0", "decay=0.1"])
def test_a_variant_of_no_strength_is_the_baseline_to_the_bit(variant: str, corpus: Corpus) -> None:
    baseline, other = run(config(), corpus), run(config(variant=variant), corpus)
    assert np.array_equal(baseline.losses, other.losses)
    assert np.array_equal(baseline.held_out[-1].documents.nats, other.held_out[-1].documents.nats)
    assert replace(baseline.packing) == other.packing


def test_growth_of_no_strength_is_no_decay_to_the_bit(corpus: Corpus) -> None:
    one, other = (run(config(variant=v), corpus) for v in ("growth=0", "decay=0"))
    assert np.array_equal(one.losses, other.losses)


def test_the_body_begins_alike_for_every_variant(corpus: Corpus) -> None:
    first = LabModel(config(), corpus).body.state_dict()
    for variant in ALL:
        body = LabModel(config(variant=variant), corpus).body.state_dict()
        assert all(torch.equal(first[name], body[name]) for name in first if "embed" not in name)
    another = LabModel(config(seed=1), corpus).body.state_dict()
    assert not torch.equal(*(b["layers.0.mlp.dense_h_to_4h.weight"] for b in (first, another)))


@pytest.mark.parametrize("variant", [*ALL, "wide=20", "softmaxes=3"])
def test_weights_are_counted_before_a_model_is_made(variant: str, corpus: Corpus) -> None:
    settings = config(variant=variant)
    counted = LabModel(settings, corpus).sizes()[0]
    assert settings.about_weights == pytest.approx(counted, rel=0.05)


# Two at once

SINGLE = {
    name: {"centered": "centered", "factored": "factored=4"}.get(name, name)
    for name in VARIANTS
    if name != "adamw"
}
OPTIMIZERS = ("coupled", "muon", "sgd")
CLASHES = {
    **dict.fromkeys(combinations(("tied", "factored", "wide"), 2), "the columns and the rows"),
    **dict.fromkeys(combinations(("unit", "growth", "decay"), 2), "each decides the norms"),
    **dict.fromkeys(combinations(OPTIMIZERS, 2), "each decides the optimizer"),
    ("unit", "centered"): "each decides the mean",
    **dict.fromkeys(
        (("factored", other) for other in ("unit", "growth", "spread")), "those of W = B A"
    ),
}
"""Pairs that make no sense, with why; all others differ from both of their parts."""


@pytest.mark.parametrize("pair", CLASHES, ids=" + ".join)
def test_a_pair_that_makes_no_sense_is_refused_with_why(pair: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match=f"{pair[0]} and {pair[1]} cannot .*{CLASHES[pair]}"):
        config(variant=f"{pair[1]} + {pair[0]}")


def test_a_penalty_on_one_mean_logit_needs_one_softmax() -> None:
    with pytest.raises(UsageError, match="one mean logit, and each softmax has another"):
        config(variant="softmaxes + centered=0.1")
    assert config(variant="softmaxes + centered").variant == "softmaxes=2 + centered"


def after_two_steps(variant: str, corpus: Corpus) -> tuple[bytes, ...]:
    """Return the logits of some states and the head of a model that is little trained."""
    training = Training(config(variant=variant, learning_rate=0.02, tokens=128), corpus)
    training.make_step()
    training.make_step()
    states = training.model.states(torch.arange(16)[None])
    return training.model.head.logits(states).detach().numpy().tobytes(), *(
        part.numpy().tobytes() for part in training.model.head.state_dict().values()
    )


def test_every_other_pair_differs_from_both_of_its_parts(corpus: Corpus) -> None:
    alone = {name: after_two_steps(one, corpus) for name, one in SINGLE.items()}
    assert len(set(alone.values())) == len(alone)
    for pair in combinations(SINGLE, 2):
        if pair not in CLASHES:
            both = after_two_steps(" + ".join(SINGLE[name] for name in pair), corpus)
            assert both not in (alone[pair[0]], alone[pair[1]]), pair


def test_centering_tied_rows_is_no_null(corpus: Corpus) -> None:
    """The mean row is then the input embedding's as well."""
    tied, both = (run(config(variant=v, learning_rate=0.02), corpus)
                  for v in ("tied", "tied + centered"))  # fmt: skip
    assert abs(tied.losses[-1] - both.losses[-1]) > 1e-4


def test_the_penalty_is_that_of_the_paper_where_states_are_white(corpus: Corpus) -> None:
    """There it is λ ‖w̄‖²."""
    settings = config(variant="centered=0.3")
    head = LabModel(settings, corpus).head
    with torch.no_grad():
        head.rows.add_(0.5)
    states = torch.linalg.qr(torch.randn(64, 8, generator=torch.Generator().manual_seed(1)))[0] * 8
    found = settings.variants[0].penalty(head, states)
    assert found is not None
    assert found.item() == pytest.approx(0.3 * head.rows.mean(0).square().sum().item(), rel=1e-5)


# What is random


def test_first_weights_of_one_seed_have_nothing_in_common(corpus: Corpus) -> None:
    """A correlation of 2,160 pairs of random numbers is below .08 in all but one of 5,000 cases."""
    wide = LabModel(config(variant="wide"), corpus)
    columns = [
        wide.body.get_input_embeddings().weight, wide.head.rows[:, :8], wide.head.rows[:, 8:],
        LabModel(config(), corpus).head.rows, LabModel(config(seed=1), corpus).head.rows,
    ]  # fmt: skip
    drawn = torch.stack([part.detach().flatten() for part in columns])
    assert (torch.corrcoef(drawn) - torch.eye(len(drawn))).abs().max() < 0.08


# How variants are written


def test_what_is_written_in_another_way_is_the_same_run() -> None:
    ways = ["growth + coupled", "coupled+growth=0.1", "adamw + coupled + growth=1e-1"]
    assert len({config(variant=way).identity for way in ways}) == 1
    assert config(variant=ways[1]).variant == "growth=0.1 + coupled"


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        ("coupeld", "did you mean coupled"),
        ("", "the lab has no variant ''"),
        ("coupled + coupled", "named twice"),
        ("coupled + muon", "variants coupled and muon cannot be composed: each decides the opt"),
        ("unit + growth", "each decides the norms"),
        ("tied + factored", "each decides the columns and the rows"),
        ("adamw=2", "variant adamw takes no number"),
        ("growth=fast", "takes a number after =, not 'fast'"),
        ("growth=nan", "takes a number after ="),
        ("growth=-1", "must be a number of at least 0"),
        ("softmaxes=1", "how many, must be a whole number from 2 to 16"),
        ("softmaxes=2.5", "whole number"),
        ("factored=9", "can be at most its width, 8; a head wider than its body is the variant"),
        ("factored=0", "half the width by default, must be a whole number of at least 1"),
        ("centered=-1", "must be a number of at least 0"),
        ("decay=-0.1", "must be a number of at least 0"),
        ("spread=-1", "must be a number of at least 0"),
        ("softmaxes=17", "must be a whole number from 2 to 16"),
        ("wide=8.5", "must be a whole number of at least 2"),
        ("bias=inf", "takes a number after =, not 'inf'"),
        ("wide=8", "rows must be wider than the body, 8; a head narrower than its body is"),
    ],
)
def test_a_variant_that_is_none_is_refused(variant: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        config(variant=variant)
    assert said in str(error.value)
