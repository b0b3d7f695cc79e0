"""What is said of a sweep before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lab_texts import VOCABULARY, config, documents

from superscope.frequency.text import text_of
from superscope.lab import Corpus, make_corpus
from superscope.lab.notes import notes
from superscope.lab.rates import Rates


def test_nothing_is_said_of_a_sweep_that_reads_its_text_once(corpus: Corpus) -> None:
    assert corpus.info.tokens > config().trained_tokens
    assert notes({config(seed=seed): corpus for seed in (0, 1)}) == []


def test_a_text_that_is_read_again_is_told_once_with_how_often(corpus: Corpus) -> None:
    has = corpus.info.tokens
    once = has // 64 * 64
    asked = [config(tokens=once * k, seed=seed) for k in (200, 3, 1) for seed in (0, 1)]
    (line,) = notes(dict.fromkeys(asked, corpus))
    often = [f"tokens={once * k:,} read it {once * k / has:.3g} times" for k in (3, 200)]
    assert "e+" not in line
    assert line == f"the text words has {has:,} tokens: {', '.join(often)}"


def test_tokens_that_whole_batches_leave_out_are_told(corpus: Corpus) -> None:
    asked = [config(tokens=tokens) for tokens in (100, 384, 1024, 1025)]
    assert notes(dict.fromkeys(asked, corpus)) == ["whole batches are trained: 64 of tokens=100"]


def test_held_out_documents_that_are_trained_on_are_told(tmp_path: Path) -> None:
    apart = text_of([*documents(1)[:3], *documents()[:2]])
    mixed = make_corpus(text_of(documents(), "words"), tmp_path, vocabulary=VOCABULARY, context=16,
                        held_out=apart)  # fmt: skip
    (line,) = notes({config(): mixed})
    assert line.startswith("2 of 5 held-out documents of words are trained on too")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"learning_rate": 1e9}, ["learning_rate=1e+09 is far above the usual 0.003"]),
        (
            {"head_learning_rate": 1e3},
            ["head_learning_rate=1000 is far above the usual 0.003 of adamw"],
        ),
        ({"variant": "sgd", "head_learning_rate": 100.0}, []),  # whose gradients are small
        ({"decay": 2}, ["decay=2 is far above the usual 0.1"]),
        ({"learning_rate": 1.0, "head_learning_rate": 1.0, "decay": 1.0}, []),
    ],
)
def test_rates_and_decays_far_from_usual_ones_are_told_once(
    values: dict[str, Any], said: list[str], corpus: Corpus
) -> None:
    assert notes({config(seed=seed, **values): corpus for seed in (0, 1)}) == said


def test_rates_that_were_chosen_on_seeds_of_the_sweep_are_told(corpus: Corpus) -> None:
    rates = {"adamw": Rates(1e-3, 1e-2, 4.0, 8, (), (9, 1))}
    assert notes({config(seed=seed): corpus for seed in (0, 2)}, rates) == []
    (line,) = notes({config(seed=seed): corpus for seed in (0, 1, 2)}, rates)
    assert line.startswith("the rates were chosen in runs of seed 1, which these runs have too")


def test_runs_of_every_text_are_looked_at(corpus: Corpus, tmp_path: Path) -> None:
    other = make_corpus(text_of(documents(1), "other"), tmp_path, vocabulary=VOCABULARY, context=16)
    far = config(decay=2, tokens=100, seed=1)
    told = notes({far: corpus, config(): other}, {"adamw": Rates(1e-3, 1e-2, 4.0, 8, (), (1,))})
    assert [line.split(maxsplit=1)[0] for line in told] == ["whole", "decay=2", "the"]
