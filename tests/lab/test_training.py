"""One run: what it does, how it goes on, how it fails, and what it leaves."""

from __future__ import annotations

import json
import math
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lab_texts import config, documents

import superscope
from superscope.errors import EvaluationError, UsageError
from superscope.evaluation import LossOptions, evaluate
from superscope.frequency.text import text_of
from superscope.lab import Corpus, LabConfig, LabFailure, LabRun, make_corpus, training
from superscope.lab.body import make_body, transformers_config
from superscope.lab.training import Training, train


def run(settings: LabConfig, corpus: Corpus, **more: Any) -> LabRun:
    found = train(settings, corpus, device="cpu", progress=None, **more)
    assert isinstance(found, LabRun)
    return found


def same(one: LabRun, other: LabRun) -> bool:
    """Return whether two runs have the same bits, but for their time."""
    return replace(one, seconds=1.0).to_json() == replace(other, seconds=1.0).to_json()


# What it does


def test_an_untrained_model_knows_nothing(corpus: Corpus) -> None:
    assert run(config(), corpus).losses[0] == pytest.approx(math.log(270), abs=0.05)


def test_the_same_config_gives_the_same_bits_and_another_seed_others(corpus: Corpus) -> None:
    assert same(run(config(), corpus), run(config(), corpus))
    assert not same(run(config(), corpus), run(config(seed=1), corpus))


def test_nothing_outside_changes_a_run_nor_it_what_is_outside(corpus: Corpus) -> None:
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    found = run(config(variant="wide"), corpus)
    assert torch.equal(before, torch.random.get_rng_state())
    torch.manual_seed(8)
    assert same(found, run(config(variant="wide"), corpus))


@pytest.mark.parametrize("architecture", ["gpt-neox", "llama"])
def test_bodies_of_both_kinds_learn(architecture: str, corpus: Corpus) -> None:
    found = run(config(architecture=architecture, tokens=30 * 64, learning_rate=1e-2), corpus)
    assert found.loss < 4.5 < found.losses[0]


def test_the_held_out_loss_is_taken_where_it_is_asked_for(corpus: Corpus) -> None:
    found = run(config(check_at=(2 * 64, 4 * 64 + 1)), corpus)
    assert [one.tokens for one in found.held_out] == [2 * 64, 4 * 64, 6 * 64]
    assert found.held_out[-1].loss == found.loss
    # Looking changes nothing.
    assert np.array_equal(found.losses, run(config(), corpus).losses)


def test_rates_rise_then_fall_to_a_tenth_and_shrink_with_the_root_of_the_width() -> None:
    wide = config(width=256, tokens=1000 * 64)
    rates = [wide.rate(step) for step in range(wide.steps)]
    assert max(rates) == wide.peak == pytest.approx(3e-3 / 2)
    assert int(np.argmax(rates)) == wide.warm_up_steps - 1 == 49
    assert rates[0] == pytest.approx(wide.peak / 50)
    assert rates[-1] == pytest.approx(wide.peak / 10, rel=1e-3)
    assert config(variant="sgd").head_peak == pytest.approx(100 * config().head_peak)
    assert config(head_learning_rate=3e-3).identity == config().identity


# How it goes on


class Killed(Exception):
    """Stands for the death of a process."""


@pytest.mark.parametrize("variant", ["adamw", "coupled", "muon", "unit + bias", "tied"])
def test_a_resumed_run_has_the_bits_of_one_that_was_not_interrupted(
    variant: str, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(variant=variant, check_at=(2 * 64,))
    whole = run(settings, corpus)
    keep = tmp_path / "kept" / "run.pt"
    monkeypatch.setattr(training, "KEEP_EVERY", 0.0)
    step = Training.make_step

    def dying(self: Training) -> None:
        if self.step == 4:
            raise Killed
        step(self)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Training, "make_step", dying)
        run(settings, corpus, keep=keep)
    steps = []
    with monkeypatch.context() as patch:
        patch.setattr(Training, "make_step", lambda self: (steps.append(self.step), step(self)))
        resumed = run(settings, corpus, keep=keep)
    assert steps == [4, 5]
    assert same(whole, resumed)


@pytest.mark.parametrize("last", [3, 6])
def test_ctrl_c_ends_a_run_after_its_step_and_it_goes_on_from_there(
    last: int, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, step = tmp_path / "run.pt", Training.make_step
    steps = []

    def stopping(self: Training) -> None:
        if self.step == last - 1:
            signal.raise_signal(signal.SIGINT)
        step(self)
        steps.append(self.step)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "make_step", stopping)
        with pytest.raises(KeyboardInterrupt):
            run(config(), corpus, keep=keep)
        assert steps == list(range(1, last + 1))
        resumed = run(config(), corpus, keep=keep)
    assert steps == list(range(1, 7))
    assert same(resumed, run(config(), corpus))


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_a_checkpoint_that_is_none_or_of_another_run_is_not_taken(
    content: bytes | None, corpus: Corpus, tmp_path: Path
) -> None:
    keep = tmp_path / "run.pt"
    if content is None:
        other = Training(config(seed=5), corpus, keep=keep)
        other.make_step()
        other._keep()
    else:
        keep.write_bytes(content)
    assert same(run(config(), corpus, keep=keep), run(config(), corpus))


# How it fails


def test_a_diverging_run_is_a_failure_with_its_step(corpus: Corpus, tmp_path: Path) -> None:
    found = train(config(learning_rate=1e30), corpus, out=tmp_path / "model", progress=None)
    assert isinstance(found, LabFailure)
    assert (found.step, found.reason) == (1, "the loss is not finite at step 1")
    assert not (tmp_path / "model").exists()


def test_a_run_that_ends_far_above_an_untrained_model_has_diverged(corpus: Corpus) -> None:
    found = train(config(head_learning_rate=1e4), corpus, device="cpu", progress=None)
    assert isinstance(found, LabFailure)
    assert found.step == 5
    assert "without any training it would be 5.6" in found.reason


def test_a_folder_that_is_there_is_left_alone(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years")
    with pytest.raises(UsageError, match="is there already; name a new folder"):
        train(config(), corpus, out=tmp_path, device="cpu", progress=None)
    assert (tmp_path / "thesis.tex").read_text() == "years"


def test_the_same_call_returns_the_run_that_made_the_model(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a cell of a notebook is run again."""
    folder = tmp_path / "model"
    found = run(config(), corpus, out=folder)
    written = {f: f.stat().st_mtime_ns for f in folder.iterdir()}
    monkeypatch.setattr(Training, "make_step", None)
    again = run(config(head_learning_rate=config().learning_rate), corpus, out=folder)
    assert again.to_json() == found.to_json()
    assert {f: f.stat().st_mtime_ns for f in folder.iterdir()} == written


def test_the_model_of_another_run_is_left_alone(corpus: Corpus, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    run(config(width=4), corpus, out=folder)
    with pytest.raises(UsageError, match="has the model of a run with width=4, seed=0; name a new"):
        run(config(seed=1), corpus, out=folder)
    other = make_corpus(
        text_of(documents(1), "words"), tmp_path / "text", vocabulary=270, context=16
    )
    with pytest.raises(UsageError, match="has the model of a run on another text; name a new"):
        run(config(width=4), other, out=folder)
    (folder / "lab_run.json").write_text("[")
    with pytest.raises(UsageError, match="is there already; name a new"):
        run(config(width=4), corpus, out=folder)


def test_a_text_of_another_vocabulary_is_refused(corpus: Corpus) -> None:
    with pytest.raises(UsageError, match="vocabulary=300, but the text words has a tokenizer"):
        train(config(vocabulary=300), corpus, device="cpu", progress=None)


def test_threads_draw_their_own_first_weights() -> None:
    shape = transformers_config(config(), 270, 0)
    alone = [weights_of(make_body(shape, seed)) for seed in range(8)]
    with ThreadPoolExecutor(4) as threads:
        together = threads.map(lambda seed: weights_of(make_body(shape, seed)), range(8))
    assert alone == list(together)


def weights_of(body: torch.nn.Module) -> float:
    return sum(p.double().abs().sum().item() for p in body.parameters())


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"tokens": 63}, "tokens=63 are less than a batch of 64"),
        ({"width": 10}, "width=10 is no multiple of attention_width=4"),
        ({"attention_width": 1}, "attention_width=1; it must be at least 2"),
        ({"width": 9, "attention_width": 3}, "attention_width=3 must be even"),
        ({"learning_rate": -1.0}, "learning_rate must be a finite number of at least 0, not -1"),
        ({"learning_rate": math.nan}, "learning_rate must be a finite number"),
        ({"check_at": 1000}, "check_at=1,000; it must be from 1 to tokens=384"),
        ({"architecture": "lama"}, "did you mean llama"),
        ({"widht": 3}, "LabConfig has no option 'widht'; did you mean width"),
        (
            {"width": 10**9},
            "with adamw make a model of about 1.2e+19 weights; the lab is for small",
        ),
        ({"vocabulary": 10**9}, "weights; the lab is for small ones, of at most 1e+10"),
        ({"variant": "wide=1000000000"}, "with wide=1000000000 make a model of about"),
        ({"variant": "bias=-1"}, "bias=-1; its number, s, the share of log p, must be a number of"),
        ({"depth": 0}, "depth=0; it must be at least 1"),
        ({"variant": "sgd", "head_learning_rate": 0.0}, "with sgd it must be above 0"),
    ],
)
def test_a_config_that_is_none_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        config(**values)
    assert said in str(error.value)


# What it leaves


@pytest.mark.parametrize(
    ("variant", "architecture"),
    [
        *((v, "gpt-neox") for v in ("adamw", "unit", "tied", "bias", "factored=4", "tied + unit")),
        *((v, "llama") for v in ("adamw", "tied + bias")),
    ],
)
def test_other_rooms_read_the_checkpoint_as_the_lab_does(
    variant: str, architecture: str, corpus: Corpus, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    settings = config(variant=variant, architecture=architecture, learning_rate=0.02)
    found = run(settings, corpus, out=folder)
    held = [text for k, text in enumerate(documents()) if k % 20 == 19]
    read = evaluate(folder, held, LossOptions(context=16), progress=None)
    assert read.loss == pytest.approx(found.loss, abs=1e-6)
    assert np.allclose(read.documents.nats, found.held_out[-1].documents.nats, atol=1e-4)
    assert np.array_equal(read.documents.counts, found.held_out[-1].documents.counts)
    measured = superscope.measure(folder, pairs="none", device="cpu", progress=None)
    o = measured.observation()
    assert o.mean_square_overlap == pytest.approx(found.packing.mean_square_overlap, rel=1e-5)
    assert (o.width, o.features) == (8, 270)


@pytest.mark.parametrize(("variant", "width"), [("softmaxes", 8), ("wide", 16)])
def test_rows_that_are_no_linear_head_are_measured_but_no_loss_is_taken(
    variant: str, width: int, corpus: Corpus, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    found = run(config(variant=variant), corpus, out=folder)
    measured = superscope.measure(folder, pairs="none", device="cpu", progress=None)
    assert measured.observation().mean_square_overlap == found.packing.mean_square_overlap
    assert measured.observation().width == width
    with pytest.raises(EvaluationError, match="transformers does not know; the lab took its loss"):
        evaluate(folder, documents()[:2], progress=None)


def test_whole_numbers_name_the_same_run_as_they_do_when_it_is_read_again(corpus: Corpus) -> None:
    settings = config(learning_rate=1, head_learning_rate=2, decay=np.int64(0))
    again = LabConfig.from_mapping(json.loads(json.dumps(settings.to_mapping())))
    assert settings == again
    assert settings.identity == again.identity
    assert (
        settings.identity == config(learning_rate=1.0, head_learning_rate=2.0, decay=0.0).identity
    )
    found = run(config(decay=1), corpus)
    assert LabRun.from_json(found.to_json()).identity == found.identity


def test_a_run_goes_to_json_and_back(corpus: Corpus) -> None:
    found = run(config(check_at=128), corpus)
    again = LabRun.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert again.identity == found.identity
    assert json.loads(found.to_json())["derived"]["loss"] == found.loss
    o = found.observation
    assert (o.source, o.width, o.depth, o.tokens, o.dataset, o.seed) == (
        "lab", 8, 1, 384, "words", 0,
    )  # fmt: skip
