"""Sequences: what a model reads, and which of its tokens are scored."""

from __future__ import annotations

from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from extras import needed
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiny_models import byte_tokenizer

from superscope.errors import UsageError
from superscope.evaluation.sequences import Counts, Limits, Sequence, documents, windows
from superscope.frequency import Document, Text, text_files, text_of
from superscope.frequency.tokenizer import Encoded, Tokenizer, load_tokenizer

needed("transformers")
ALL = Limits()
LONG = "Much meaning is packed into the width of a language model, and Köln. " * 20
TEXTS = st.lists(st.text(st.sampled_from("ab \né東"), max_size=25), max_size=8)
KINDS = st.sampled_from(["plain", "begin", "begin and end", "no end"])


@cache
def tokenizer(kind: str = "plain") -> Tokenizer:
    return load_tokenizer(
        byte_tokenizer(
            Path(mkdtemp()), begin=kind.startswith("begin"), finish=kind == "begin and end",
            end=kind != "no end",
        )
    )  # fmt: skip


def tokens(texts: list[str]) -> list[Encoded]:
    return [found for _, found in tokenizer().encode(text_of(texts))]


def scored(sequences: list[Sequence]) -> list[tuple[int, int]]:
    """Return document and id of every token that is scored, in order."""
    return [
        (int(number), int(token))
        for sequence in sequences
        for number, token in zip(sequence.documents, sequence.ids, strict=True)
        if number >= 0
    ]


def scored_bytes(sequence: Sequence) -> int:
    """Return the bytes of the text that the scored tokens stand for."""
    return int(sequence.lengths[sequence.scored].sum())


def in_windows(
    texts: list[str], kind: str, context: int, stride: int, limits: Limits = ALL
) -> tuple[list[Sequence], Counts]:
    counts = Counts()
    text = text_of(texts)
    return list(windows(text, tokenizer(kind), context, stride, limits, counts)), counts


def in_documents(
    texts: list[str], kind: str, context: int, limits: Limits = ALL
) -> tuple[list[Sequence], Counts]:
    counts = Counts()
    return list(documents(text_of(texts), tokenizer(kind), context, limits, counts)), counts


@st.composite
def shapes(draw: st.DrawFn) -> tuple[str, int, int]:
    """Return a tokenizer's kind, a context and a stride that leave room."""
    kind = draw(KINDS)
    room = draw(st.integers(2, 20))
    stride = draw(st.integers(1, room - 1))
    return kind, room + len(tokenizer(kind).prefix), stride


# Windows


@settings(deadline=None)
@given(texts=TEXTS, shape=shapes())
@example(texts=["a", "b", "é"], shape=("plain", 2, 1))
@example(texts=["a"], shape=("plain", 2, 1))
@example(texts=["a"], shape=("begin", 3, 1))
def test_each_token_is_scored_once_with_the_overlap_as_context(
    texts: list[str], shape: tuple[str, int, int]
) -> None:
    kind, context, stride = shape
    prefix = tokenizer(kind).prefix
    found, counts = in_windows(texts, *shape)
    kept = [part for part in tokens(texts) if len(part.ids)]
    expected = [(k, int(token)) for k, part in enumerate(kept) for token in part.ids]
    lost = min(1, len(expected)) if not len(prefix) else 0  # nothing comes before the first token
    assert scored(found) == expected[lost:]
    for k, sequence in enumerate(found):
        assert len(sequence) <= context
        assert sequence.ids[: len(prefix)].tolist() == prefix.tolist()
        assert (sequence.documents[: len(prefix)] < 0).all()
        first = int(np.flatnonzero(sequence.documents >= 0)[0])
        overlap = context - len(prefix) - stride
        assert first >= (len(prefix) + overlap if k else max(1, len(prefix)))
    total = sum(len(text.encode()) for text, part in zip(texts, tokens(texts), strict=True)
                if len(part.ids))  # fmt: skip
    unscored = int(kept[0].ends[0]) if kept and lost else 0
    assert sum(scored_bytes(sequence) for sequence in found) == total - unscored
    assert counts.documents == len(kept)
    assert counts.empty == len(texts) - len(kept)
    assert counts.short == (bool(kept) and lost and len(kept[0].ids) == 1)
    assert counts.cut == 0


@settings(deadline=None)
@given(texts=TEXTS, shape=shapes())
def test_documents_are_joined_by_the_end_token_which_is_not_scored(
    texts: list[str], shape: tuple[str, int, int]
) -> None:
    kind, _, stride = shape
    found, _ = in_windows(texts, kind, 10_000, stride)
    kept = [part.ids.tolist() for part in tokens(texts) if len(part.ids)]
    end = [] if tokenizer(kind).end is None else [tokenizer(kind).end]
    row = tokenizer(kind).prefix.tolist() + [i for part in kept for i in [*end, *part]][len(end) :]
    assert [sequence.ids.tolist() for sequence in found] == ([row] if len(row) > 1 and kept else [])
    for sequence in found:
        assert (sequence.documents[sequence.ids == 1] < 0).all()


def perplexity_guide(ids: list[int], max_length: int, stride: int) -> list[tuple[list[int], int]]:
    """Return inputs and number of targets as the loop of Hugging Face's guide makes them."""
    pieces = []
    previous = 0
    for begin in range(0, len(ids), stride):
        stop = min(begin + max_length, len(ids))
        pieces.append((ids[begin:stop], stop - previous))
        previous = stop
        if stop == len(ids):
            break
    return pieces


@settings(deadline=None)
@given(length=st.integers(30, 300), context=st.integers(2, 40), data=st.data())
def test_windows_of_one_document_are_those_of_the_usual_strided_perplexity(
    length: int, context: int, data: st.DataObject
) -> None:
    stride = data.draw(st.integers(1, context - 1))
    text = LONG[:length]
    (part,) = tokens([text])
    found, _ = in_windows([text], "plain", context, stride)
    usual = [
        # The model shifts the labels, so the first of them is never a target.
        (ids, [k >= max(1, len(ids) - targets) for k in range(len(ids))])
        for ids, targets in perplexity_guide(part.ids.tolist(), context, stride)
    ]
    assert [(s.ids.tolist(), (s.documents == 0).tolist()) for s in found] == usual


def test_windows_without_anything_to_score_are_left_out() -> None:
    # Room for two tokens: a window of a token and the separator has nothing to be scored.
    found, _ = in_windows(["a", "b", "c"], "plain", 2, 1)
    assert all((sequence.documents >= 0).any() for sequence in found)
    assert [number for number, _ in scored(found)] == [1, 2]


@pytest.mark.parametrize(
    ("kind", "context", "stride"), [("plain", 8, 8), ("plain", 8, 9), ("begin", 8, 7)]
)
def test_a_stride_that_leaves_no_context_is_refused(kind: str, context: int, stride: int) -> None:
    with pytest.raises(UsageError, match=f"a stride of {stride} leaves no context"):
        in_windows([LONG], kind, context, stride)


def test_a_text_without_tokens_has_no_windows() -> None:
    for kind in ("plain", "begin"):
        for texts in ([], ["", ""]):
            found, counts = in_windows(texts, kind, 8, 4)
            assert (found, counts.empty, counts.documents) == ([], len(texts), 0)


def test_windows_are_made_as_text_arrives() -> None:
    read: list[int] = []

    def endless() -> object:
        k = 0
        while True:
            read.append(k)
            yield Document(LONG, nbytes=10)
            k += 1

    text = Text("endless", endless, "")  # type: ignore[arg-type]
    found = list(islice(windows(text, tokenizer(), 32, 16, ALL, Counts()), 3))
    assert [sequence.read for sequence in found] == [10, 10, 10]
    assert len(read) <= 64


# Documents


@settings(deadline=None)
@given(texts=TEXTS, kind=KINDS, room=st.integers(2, 20))
def test_documents_are_cut_to_the_context(texts: list[str], kind: str, room: int) -> None:
    prefix = tokenizer(kind).prefix
    context = room + len(prefix)
    found, counts = in_documents(texts, kind, context)
    kept = [part for part in tokens(texts) if len(part.ids)]
    lost = 0 if len(prefix) else 1
    numbered = [(k, part) for k, part in enumerate(kept) if len(part.ids) > lost]
    assert len(found) == len(numbered)
    for sequence, (k, part) in zip(found, numbered, strict=True):
        body = part.ids[:room].tolist()
        assert sequence.ids.tolist() == prefix.tolist() + body
        assert scored([sequence]) == [(k, token) for token in body[lost:]]
        start = int(part.ends[0]) if lost else 0
        assert scored_bytes(sequence) == part.ends[len(body) - 1] - start
    assert counts.documents == len(kept)
    assert counts.empty == len(texts) - len(kept)
    assert counts.short == len(kept) - len(numbered)
    assert counts.cut == sum(len(part.ids) > room for part in kept)


def test_bytes_of_whole_documents_add_up() -> None:
    texts = ["the cat sat", "Grüße aus 東京 ", "\n\n🙂🙂"]
    for kind in ("plain", "begin", "begin and end"):
        found, _ = in_documents(texts, kind, 1000)
        firsts = [0 if tokenizer(kind).prefix.size else int(p.ends[0]) for p in tokens(texts)]
        sizes = [len(text.encode()) for text in texts]
        assert [scored_bytes(s) for s in found] == [
            n - f for n, f in zip(sizes, firsts, strict=True)
        ]


# Limits and counts


@settings(deadline=None)
@given(
    texts=TEXTS, kind=KINDS, most=st.integers(0, 60), most_documents=st.none() | st.integers(0, 5)
)
def test_limits_are_exact(
    texts: list[str], kind: str, most: int, most_documents: int | None
) -> None:
    limits = Limits(most, most_documents)
    kept = [part.ids.tolist() for part in tokens(texts) if len(part.ids)][:most_documents]
    pairs = [(k, token) for k, ids in enumerate(kept) for token in ids][:most]
    prefix = len(tokenizer(kind).prefix)
    found, counts = in_windows(texts, kind, 100, 50, limits)
    assert scored(found) == pairs[0 if prefix else 1 :]
    assert counts.documents == len({k for k, _ in pairs})

    room = 7
    cut = [(k, token) for k, ids in enumerate(kept) for token in ids[:room]][:most]
    found, counts = in_documents(texts, kind, room + prefix, limits)
    firsts = {k: n for n, (k, _) in reversed(list(enumerate(cut)))}
    unscored = set() if prefix else set(firsts.values())
    assert scored(found) == [pair for n, pair in enumerate(cut) if n not in unscored]
    assert counts.documents == len(firsts)


def test_tokens_beyond_the_context_do_not_count_towards_the_limit() -> None:
    found, counts = in_documents([LONG] * 10, "plain", 16, Limits(tokens=40))
    assert [len(sequence) for sequence in found] == [16, 16, 8]
    assert (counts.documents, counts.cut) == (3, 3)
    found, counts = in_documents([LONG] * 10, "plain", 16, Limits(tokens=17))
    assert [len(sequence) for sequence in found] == [16]
    assert counts.short == 0  # the document is long; the limit is not the text's fault


def test_what_is_met_is_counted_up_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = [
        b'{"text": ""}', b'{"text": "a"}', b'{"text": "fine text"}', b'{"text": "b\xff\xffd"}',
        b'{"text": "\\ud800 more"}', b'{"text": "\xff after"}',
    ]  # fmt: skip
    file.write_bytes(b"\n".join(lines))
    counts = Counts()
    found = list(documents(text_files([file]), tokenizer(), 64, Limits(documents=4), counts))
    assert [int(sequence.documents[-1]) for sequence in found] == [1, 2, 3]
    assert (counts.documents, counts.empty, counts.short, counts.cut) == (4, 1, 1, 0)
    assert (counts.undecodable, counts.first_undecodable) == (3, f"{file}, line 4")
    assert counts.read == found[-1].read == sum(len(line) + 1 for line in lines[:5])


def test_zero_limits_read_nothing() -> None:
    def refuse() -> object:
        raise AssertionError("read")

    text = Text("", refuse, "")  # type: ignore[arg-type]
    for limits in (Limits(tokens=0), Limits(documents=0)):
        assert list(documents(text, tokenizer(), 8, limits, Counts())) == []
        assert list(windows(text, tokenizer(), 8, 4, limits, Counts())) == []
