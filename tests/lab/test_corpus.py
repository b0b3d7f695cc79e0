"""The text of the lab: what is trained on, what is held out, in which order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lab_texts import VOCABULARY, documents

from superscope.errors import FormatError, UsageError
from superscope.frequency.text import text_of
from superscope.lab import Corpus, make_corpus
from superscope.lab.batches import Batches


def made(folder: Path, texts: list[str], **more: object) -> Corpus:
    arguments = {"vocabulary": VOCABULARY, "context": 16} | more
    return make_corpus(text_of(texts, "words"), folder, **arguments)  # type: ignore[arg-type]


# What is read


def test_documents_are_trained_on_or_held_out(corpus: Corpus) -> None:
    tokenizer, texts = corpus.tokenizer(), documents()
    read = tokenizer._loaded.decode(corpus.train.tolist()).split("<|endoftext|>")
    held = [tokenizer._loaded.decode(ids.tolist()) for ids in corpus.held_out()]
    assert read == [t for k, t in enumerate(texts) if k % 20 != 19] + [""]
    # Those held out are cut to the context.
    assert len(held) == 6
    assert all(texts[20 * k + 19].startswith(text) for k, text in enumerate(held))


def test_a_corpus_says_what_it_is(corpus: Corpus) -> None:
    info = corpus.info
    assert (info.name, info.vocabulary, info.documents, info.held_out_documents) == (
        "words", VOCABULARY, 122, 6,
    )  # fmt: skip
    assert info.tokens == len(corpus.train) == corpus.counts.sum()
    assert info.held_out_tokens == sum(map(len, corpus.held_out()))
    assert corpus.counts[info.end] == 122


def test_a_text_of_its_own_is_held_out(tmp_path: Path) -> None:
    apart = made(tmp_path, documents(), held_out=text_of(documents(1)[:3]))
    assert (apart.info.documents, apart.info.held_out_documents) == (128, 3)


def test_a_tokenizer_may_be_given(tmp_path: Path, corpus: Corpus) -> None:
    again = made(tmp_path, documents(), tokenizer=corpus.tokenizer())
    assert again.info.fingerprint == corpus.info.fingerprint
    with pytest.raises(UsageError, match="has 270 entries, not vocabulary=300"):
        made(tmp_path, documents(), tokenizer=corpus.tokenizer(), vocabulary=300)


def test_what_is_being_made_is_told_by_bytes_of_text(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    made(tmp_path, documents(), progress=lambda *what: told.append(what))
    assert list(dict.fromkeys(stage for stage, *_ in told)) == [
        "making a tokenizer of 270 entries", "making words into tokens",
    ]  # fmt: skip
    size = sum(map(len, documents()))
    assert {total for _, _, total in told} == {1, size}
    assert next(done for stage, done, _ in told if "tokenizer" in stage) == 0
    assert told[-1] == ("making words into tokens", 1, 1)
    told.clear()
    made(tmp_path, documents(), progress=lambda *what: told.append(what))
    assert told == []


def test_a_text_is_made_into_ids_once(tmp_path: Path) -> None:
    first = made(tmp_path, documents())
    written = {f: f.stat().st_mtime_ns for f in first.folder.iterdir()}
    assert made(tmp_path, documents()).folder == first.folder
    assert written == {f: f.stat().st_mtime_ns for f in first.folder.iterdir()}
    assert made(tmp_path, documents(1)).folder != first.folder


# In which order


def test_an_epoch_reads_each_window_once() -> None:
    batches = Batches(np.arange(1000, dtype=np.int32), 10, 7, seed=3)
    read = np.concatenate([batches(step)[0] for step in range(batches.windows // 7 + 1)])
    first = np.sort(read[: batches.windows, 0])
    assert batches.windows == 99
    assert (np.diff(first) == 10).all()
    assert first[0] < 10 and first[-1] >= 980


def test_targets_are_the_tokens_that_follow() -> None:
    inputs, targets = Batches(np.arange(1000, dtype=np.int32), 10, 7, seed=3)(5)
    assert inputs.shape == targets.shape == (7, 10)
    assert np.array_equal(targets, inputs + 1)


def test_the_order_depends_on_the_seed_alone() -> None:
    ids = np.arange(1000, dtype=np.int32)
    one, again, another = (Batches(ids, 10, 7, seed) for seed in (3, 3, 4))
    last = again(40)[0]  # without the steps before
    for step in range(41):
        at = one(step)[0]
    assert np.array_equal(at, last)
    assert not np.array_equal(at, another(40)[0])


# What is refused


def test_too_large_a_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"makes 299 entries of this text.* set vocabulary=299"):
        made(tmp_path, documents(), vocabulary=5000)
    assert list(tmp_path.iterdir()) == []


def test_a_text_shorter_than_a_batch_is_refused() -> None:
    with pytest.raises(UsageError, match="has 50 tokens, less than a batch of 7 windows of 10"):
        Batches(np.arange(50, dtype=np.int32), 10, 7, seed=0)


def test_nothing_held_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no document is held out"):
        made(tmp_path, documents()[:19])


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ([], "words has no document: there is nothing to train on; name another text"),
        (["", "\n \n"], "words has 2 documents, and no letter in any: there is nothing to train"),
    ],
)
def test_a_text_without_a_letter_is_refused(tmp_path: Path, texts: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        made(tmp_path, texts)
    with pytest.raises(UsageError, match=r"held has .*: there is nothing to take the loss on"):
        made(tmp_path, documents(), held_out=text_of(texts, "held"))
    assert list(tmp_path.iterdir()) == []


def test_too_few_documents_to_hold_one_out_are_told_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it has 19 documents, and every 20th is held out; name a"):
        made(tmp_path, documents()[:19])
    with pytest.raises(UsageError, match="there is 1 document for it, and none has a second"):
        made(tmp_path, documents(), held_out=text_of(["a"]))


def test_held_out_documents_that_are_trained_on_too_are_counted(
    tmp_path: Path, corpus: Corpus
) -> None:
    mixed = text_of([*documents(1)[:3], *documents()[:2]])
    assert made(tmp_path, documents(), held_out=mixed).shared == 2
    assert made(tmp_path, documents(), held_out=mixed, held_out_tokens=4 * 16).shared == 1
    short = text_of([*documents(1)[:3], "a", documents()[0], "b"])  # no second token: not scored
    found = made(tmp_path, [*documents(), "a", "b"], held_out=short)
    assert (found.shared, found.info.held_out_documents) == (1, 4)
    assert corpus.shared == 0


@pytest.mark.parametrize("kept", [slice(None), slice(5, 8)])
def test_a_text_that_is_all_trained_on_cannot_be_held_out(tmp_path: Path, kept: slice) -> None:
    with pytest.raises(UsageError, match=r"is trained on too, .* name another held_out, or none"):
        made(tmp_path, documents(), held_out=text_of(documents()[kept]))
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_corpus_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path, documents()).folder
    (folder / "train.npy").write_bytes(b"no array")
    with pytest.raises(FormatError, match=r"train.npy is damaged"):
        _ = Corpus(folder).train
    (folder / "about.json").write_text("{}")
    with pytest.raises(FormatError, match="holds no text of a lab"):
        Corpus(folder)
