"""Counts of tokens, and the exponent of their tail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from tiny_models import byte_tokenizer, word_tokenizer
from zipf_texts import DrawnTokens, zipf_tokens, zipf_words

from superscope import measure
from superscope.errors import FormatError, SuperscopeError, UsageError
from superscope.frequency import TokenFrequency, count_tokens, text_files
from superscope.frequency.tokenizer import load_tokenizer
from superscope.frequency.zipf import FIRST_RANK, MIN_COUNT


def counted(drawn: DrawnTokens, **options: object) -> TokenFrequency:
    return count_tokens(drawn, drawn.text(), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("alpha", [0.0, 0.7, 1.0, 1.2, 1.6])
def test_a_zeta_distribution_gives_its_exponent_back(alpha: float) -> None:
    f = counted(zipf_tokens(alpha, 5000, 1_000_000, seed=0))
    assert f.tail is not None and f.bend is not None
    assert f.tail.interval[0] < alpha < f.tail.interval[1]
    assert f.bend.interval[0] < 0 < f.bend.interval[1]
    assert f.tail.first == FIRST_RANK
    assert f.tail.last == pytest.approx((f.counts >= MIN_COUNT * f.dispersion).sum())
    for decade in f.decades:
        assert abs(decade.value - alpha) < 4 * decade.se
    assert f.tail.se < 0.03


def exponent_of_one_sample(counts: np.ndarray, first: int, last: int) -> float:
    """Return α with ranks and counts of the same tokens."""
    ordered = np.sort(counts)[::-1][first - 1 : last]
    return exponent_of(ordered, first)


def exponent_of(counts: np.ndarray, first: int) -> float:
    """Return α of counts at the ranks from `first` on."""
    logs = np.log(np.arange(first, first + len(counts)))
    mean = logs @ counts / counts.sum()
    return float(brentq(lambda a: np.average(logs, weights=np.exp(-a * logs)) - mean, -5, 5))


def test_ranks_of_the_counted_tokens_would_be_biased() -> None:
    f = counted(zipf_tokens(0.0, 5000, 200_000, seed=1))
    assert f.tail is not None
    assert abs(f.tail.value) < 3 * f.tail.se < 0.06
    assert exponent_of_one_sample(f.counts, f.tail.first, f.tail.last) > 10 * f.tail.se


def test_ranks_of_other_tokens_alone_would_be_biased_as_well() -> None:
    """Ids out of order flatten the end of the curve: what is taken off is more than the error."""
    drawn = zipf_tokens(0.7, 50_000, 1_000_000, seed=2)
    f = counted(drawn)
    half = [np.concatenate(drawn.documents[k::2]) for k in range(2)]
    rank, count = (np.bincount(h, minlength=drawn.size) for h in half)
    assert f.tail is not None
    tail = np.argsort(-rank)[f.tail.first - 1 : f.tail.last]
    naive = exponent_of(count[tail], f.tail.first)
    assert f.tail.interval[0] < 0.7 < f.tail.interval[1] < naive


@pytest.mark.slow
@pytest.mark.parametrize("repeats", [0.0, 3.0])
def test_the_interval_covers_as_often_as_it_says(repeats: float) -> None:
    n = 30
    found = [
        counted(zipf_tokens(1.1, 4000, 250_000, seed, repeats=repeats)).tail for seed in range(n)
    ]
    tails = [tail for tail in found if tail is not None]
    assert len(tails) == n
    covered = sum(tail.interval[0] < 1.1 < tail.interval[1] for tail in tails)
    assert covered / n > 0.95 - 2 * (0.95 * 0.05 / n) ** 0.5
    deviation = np.std([tail.value for tail in tails])
    doubt = 2 / (2 * n) ** 0.5  # two standard errors of a deviation, relative
    assert 1 - doubt < np.mean([tail.se for tail in tails]) / deviation < 1.6 * (1 + doubt)


def test_bursts_within_documents_widen_the_interval_and_end_the_tail_sooner() -> None:
    one_by_one = counted(zipf_tokens(1.1, 4000, 400_000, seed=0))
    bursts = counted(zipf_tokens(1.1, 4000, 400_000, seed=0, repeats=3.0))
    assert one_by_one.dispersion == pytest.approx(1, abs=0.1)
    # A Poisson number of repeats, mean 3: variance over mean is E(1 + k)² / E(1 + k) = 19/4.
    assert bursts.dispersion == pytest.approx(19 / 4, rel=0.15)
    assert one_by_one.tail is not None and bursts.tail is not None
    assert bursts.tail.last < one_by_one.tail.last
    assert bursts.tail.se > 2 * one_by_one.tail.se


def test_a_broken_power_law_is_told() -> None:
    random = np.random.default_rng(0)
    rank = np.arange(1.0, 5001)
    p = np.where(rank < 500, (rank / 500) ** -0.8, (rank / 500) ** -1.4)
    ids = random.choice(5000, (128, 8000), p=p / p.sum())
    f = counted(DrawnTokens(list(ids), 5000))
    assert f.bend is not None and f.bend.interval[0] > 0
    assert "one power law  no: α changes by +0." in str(f)
    ours = counted(DrawnTokens(list(ids), 5000), ranks=(20, 400)).tail
    assert ours is not None and ours.value == pytest.approx(0.8, abs=3 * ours.se)
    assert (ours.first, ours.last) == (20, 400)


def test_counts_are_those_of_the_text(tmp_path: Path) -> None:
    words = word_tokenizer(tmp_path, ("a", "b", "c", "d"))
    f = count_tokens(str(words), ["a b a", "", "c a x", "a"])
    assert f.counts.tolist() == [1, 0, 4, 1, 1, 0]  # <unk>, </s>, a, b, c, d
    assert (f.tokens, f.vocabulary, f.seen, f.once) == (7, 6, 4, 3)
    assert f.coverage == 4 / 6
    assert f.new_token_chance == 3 / 7
    assert f.share(1, 1) == 4 / 7 and f.share(1, 6) == 1
    assert f.ranks.tolist() == [2, 0, 1, 3, 4, 0]
    assert (f.text.documents, f.text.empty, f.text.nbytes) == (3, 1, len("a b ac a xa"))
    assert f.notes == ("1 document without a token left out",)
    table = f.to_frame()
    assert list(table.columns) == ["id", "token", "count", "rank"]
    assert table["token"].tolist() == ["<unk>", "</s>", "a", "b", "c", "d"]
    assert table["rank"].isna().tolist() == [False, True, False, False, False, True]


def test_tokens_that_the_tokenizer_adds_are_not_counted(tmp_path: Path) -> None:
    plain = byte_tokenizer(tmp_path / "plain")
    adding = byte_tokenizer(tmp_path / "adding", begin=True, finish=True)
    text = ["The cat sat.", "naïve café"]
    counts = [count_tokens(folder, text).counts for folder in (plain, adding)]
    assert counts[0].tolist() == counts[1].tolist()
    file = count_tokens(str(adding / "tokenizer.json"), text)
    assert file.counts.tolist() == counts[0].tolist()
    assert file.text.nbytes == sum(len(t.encode()) for t in text)


def test_words_through_a_real_tokenizer_give_their_exponent(tmp_path: Path) -> None:
    words = tuple(f"w{k}" for k in range(2000))
    texts = zipf_words(1.2, words, 200_000, seed=0)
    f = count_tokens(word_tokenizer(tmp_path, words), texts)
    assert f.tail is not None and f.tail.interval[0] < 1.2 < f.tail.interval[1]
    assert f.counts[2] == f.counts.max()  # w0
    assert f.tokens == sum(len(text.split()) for text in texts)


def test_all_ids_seen_leave_no_chance_of_a_new_one() -> None:
    assert counted(DrawnTokens([np.arange(5)], 5)).new_token_chance == 0


def test_the_same_text_gives_the_same_bits() -> None:
    drawn = zipf_tokens(1.1, 3000, 200_000, seed=0)
    first, second = counted(drawn), counted(drawn)
    assert first.to_json() == second.to_json()


def test_limits_take_the_beginning() -> None:
    drawn = zipf_tokens(1.1, 3000, 200_000, seed=0)
    f = counted(drawn, max_tokens=5000)
    assert f.tokens == 5000
    assert np.array_equal(
        f.counts, np.bincount(np.concatenate(drawn.documents)[:5000], minlength=3000)
    )
    assert counted(drawn, max_documents=3).tokens == sum(map(len, drawn.documents[:3]))


def test_few_documents_are_divided_into_runs() -> None:
    drawn = zipf_tokens(1.1, 3000, 400_000, seed=0)
    one = DrawnTokens([np.concatenate(drawn.documents)], 3000)
    f = counted(one)
    assert f.groups == "runs"
    assert "1 document: divided into runs of 1,000 tokens" in f.notes[0]
    assert f.tail is not None and f.tail.interval[0] < 1.1 < f.tail.interval[1]
    uneven = DrawnTokens([np.concatenate(drawn.documents[:-80]), *drawn.documents[-80:]], 3000)
    assert counted(drawn).groups == "documents"
    assert "81 documents, of which a few are most of the text" in counted(uneven).notes[0]


def test_json_loses_nothing() -> None:
    f = counted(zipf_tokens(1.1, 3000, 200_000, seed=0))
    again = TokenFrequency.from_json(f.to_json())
    assert again.to_json() == f.to_json()
    assert np.array_equal(again.counts, f.counts)
    assert (again.tail, again.decades, again.bend) == (f.tail, f.decades, f.bend)
    derived = json.loads(f.to_json())["derived"]
    assert derived["tokens"] == f.tokens and derived["alpha"] == f.alpha
    with pytest.raises(FormatError, match="not a TokenFrequency"):
        TokenFrequency.from_json("{}")


def test_the_toy_model_that_corresponds() -> None:
    f = counted(zipf_tokens(1.2, 3000, 300_000, seed=0))
    assert f.tail is not None and f.alpha == f.tail.value
    assert f.toy_options == f"--alpha {f.alpha:.4g} --density 1"
    assert f.weak_exponent == pytest.approx(f.alpha - 1)
    assert f"superscope toy train {f.toy_options}" in str(f)
    flat = replace(f, tail=replace(f.tail, value=0.9))
    assert flat.weak_exponent is None
    assert "no power of the width" in str(flat)


def test_counts_are_frequencies_that_a_geometry_takes(tmp_path: Path) -> None:
    drawn = zipf_tokens(1.1, 300, 50_000, seed=0)
    np.save(tmp_path / "W.npy", np.random.default_rng(0).standard_normal((320, 8)))
    f = counted(drawn)
    geometry = measure(tmp_path / "W.npy", pairs="none", frequencies=f.counts)
    assert geometry.raw.weighted is not None


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["a"], "the text is too short: 1 run of 1,000 tokens; 32 are needed"),
        (["a b c"] * 100, "only 3 ids occur 20 times or more, and the tail begins at rank 100"),
        (["a b"] * 10, "too short"),
    ],
)
def test_a_short_text_is_counted_without_an_exponent(
    tmp_path: Path, texts: list[str], said: str
) -> None:
    f = count_tokens(word_tokenizer(tmp_path, ("a", "b", "c", "d")), texts)
    assert f.tail is None and f.bend is None and f.alpha is None and f.toy_options is None
    assert f.reason is not None and said in f.reason
    assert said in str(f)
    assert f.tokens == sum(len(text.split()) for text in texts)
    assert TokenFrequency.from_json(f.to_json()).reason == f.reason


@pytest.mark.parametrize("texts", [[], [""], ["", "  "]])
def test_a_text_without_tokens_is_an_error(tmp_path: Path, texts: list[str]) -> None:
    with pytest.raises(UsageError, match="has no text in it"):
        count_tokens(word_tokenizer(tmp_path, ("a",)), texts)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ranks": (100, 100)}, "ranks 100:100: the first must be below the last"),
        ({"ranks": (200, 150)}, "below the last"),
        ({"ranks": (None, 50)}, "ranks 100:50: the first must be below"),
        ({"ranks": (0, 50)}, "the most frequent id has rank 1"),
        ({"ranks": (-3, None)}, "the most frequent id has rank 1"),
        ({"ranks": (10, 4000)}, "drawn tokens has 3,000 ids, and no more ranks"),
        ({"ranks": (10, 2900)}, "ids occur in drawn; choose lower ranks or a longer text"),
        ({"max_tokens": 0}, "max_tokens=0; it must be at least 1"),
        ({"max_documents": -1}, "max_documents=-1; it must be at least 1"),
    ],
)
def test_bad_options_are_named(options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        counted(zipf_tokens(1.3, 3000, 20_000, seed=0), **options)


def test_ranks_beyond_what_can_be_told_are_fitted_with_a_note() -> None:
    f = counted(zipf_tokens(1.1, 3000, 60_000, seed=0), ranks=(50, 1500))
    assert f.tail is not None and f.tail.last == 1500
    assert "order is in part chance" in f.notes[-1]


def test_a_tokenizer_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    for name in (tmp_path / "absent", tmp_path / "absent.gguf", tmp_path / "absent.json"):
        with pytest.raises(SuperscopeError, match="absent"):
            count_tokens(str(name), ["a"])


def test_undecodable_bytes_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes(b"a \xff\xfe b")
    f = count_tokens(byte_tokenizer(tmp_path / "t"), text_files([tmp_path / "t.txt"]))
    assert f.text.undecodable == 2
    assert "2 undecodable bytes were read as U+FFFD, the first in" in f.notes[0]


def test_special_tokens_that_a_text_spells_are_tokens_or_text_and_said(tmp_path: Path) -> None:
    folder = byte_tokenizer(tmp_path / "t", begin=True)
    spelled = load_tokenizer(folder).token(int(load_tokenizer(folder).prefix[0]))
    texts = [f"a {spelled} b"]
    as_tokens = count_tokens(folder, texts)
    as_text = count_tokens(folder, texts, special="text")
    assert as_text.counts.sum() > as_tokens.counts.sum()
    assert any("read as tokens" in note for note in as_tokens.notes)
    assert any("read as text" in note for note in as_text.notes)
    # What a limit leaves unread spells none.
    assert not any("special" in n for n in count_tokens(folder, texts, max_tokens=1).notes)
    with pytest.raises(UsageError, match="special"):
        count_tokens(folder, texts, special="both")


def test_a_separator_that_divides_nothing_is_said(tmp_path: Path) -> None:
    folder = byte_tokenizer(tmp_path / "t")
    (tmp_path / "a.txt").write_text("one <|end|> two")
    for split, said in (("<|end|>", False), ("<|stop|>", True)):
        text = text_files(tmp_path / "a.txt", split=split)
        for found in (count_tokens(folder, text), count_tokens(folder, text, max_documents=1)):
            assert any("does not occur" in note for note in found.notes) == said


def test_a_panic_of_the_tokenizers_library_is_an_error_in_one_line(tmp_path: Path) -> None:
    class PanicException(BaseException):
        pass

    class Panicking:
        is_fast = True

        def __call__(self, *_: object, **__: object) -> None:
            raise PanicException("index out of bounds")

    tokenizer = load_tokenizer(byte_tokenizer(tmp_path / "t"))
    tokenizer._loaded = Panicking()
    with pytest.raises(FormatError, match="index out of bounds"):
        count_tokens(tokenizer, ["a"])
