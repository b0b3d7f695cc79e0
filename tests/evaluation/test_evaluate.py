"""The loss of a model on a text: against plain loops, under interruptions, on bad input."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import COMMAND, superscope
from extras import needed
from tiny_models import CONTEXT, byte_tokenizer, tiny_language_model, tiny_model

from superscope.errors import EvaluationError, SuperscopeError, UsageError
from superscope.evaluation import Evaluation, Losses, LossOptions, evaluate, passes
from superscope.evaluation.blocks import BlockLosses
from superscope.evaluation.clustered import clustered_freedom
from superscope.evaluation.evaluation import LEAST_COUNT, PARTS
from superscope.evaluation.model import LanguageModel, OutOfMemory
from superscope.frequency import Text, text_files, text_of
from superscope.text import percent

torch = needed("torch")
transformers = needed("transformers")

WORDS = (
    "the", "cat", "sat", "on", "a", "mat", "while", "much", "meaning", "is", "packed", "into",
    "width", "and", "Köln", "naïve", "東京",
)  # fmt: skip


def texts(count: int = 12, seed: int = 0, longest: int = 30) -> list[str]:
    rng = np.random.default_rng(seed)
    return [
        " ".join(rng.choice(WORDS, size=int(rng.integers(2, longest)))) + "." for _ in range(count)
    ]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_language_model("gpt-neox", tmp_path_factory.mktemp("neox"))


def plain_documents(folder: Path, documents: list[str], context: int) -> tuple[float, int]:
    """Return nats and tokens by the loop that LLG25 writes: each text cut to the context."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    nats = tokens = 0.0
    for text in documents:
        given = tokenizer(text, truncation=True, max_length=context, return_tensors="pt")
        ids = given["input_ids"]
        if ids.shape[1] < 2:
            continue
        with torch.no_grad():
            nats += float(loaded(**given, labels=ids).loss) * (ids.shape[1] - 1)
        tokens += ids.shape[1] - 1
    return nats, int(tokens)


@pytest.mark.parametrize("batch", [1, 3, 8])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "opt", "gemma2"])
def test_documents_give_the_loss_of_a_plain_loop(tmp_path: Path, kind: str, batch: int) -> None:
    folder = tiny_language_model(kind, tmp_path, begin=kind == "llama")
    read = texts()
    found = evaluate(folder, read, LossOptions(context=24, batch=batch))
    nats, tokens = plain_documents(folder, read, 24)
    assert found.scored == tokens
    assert found.loss == pytest.approx(nats / tokens, abs=1e-5)


@pytest.mark.parametrize("batch", [1, 8])
def test_windows_give_the_usual_perplexity(model: Path, batch: int) -> None:
    read = " ".join(texts(20))
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(model).eval()
    ids = tokenizer(read, return_tensors="pt")["input_ids"]
    context, stride, nats, tokens, before = 32, 12, 0.0, 0, 0
    for start in range(0, ids.shape[1], stride):
        stop = min(start + context, ids.shape[1])
        part, labels = ids[:, start:stop], ids[:, start:stop].clone()
        labels[:, : before - start] = -100
        scored = int((labels[:, 1:] != -100).sum())
        with torch.no_grad():
            nats += float(loaded(input_ids=part, labels=labels).loss) * scored
        tokens, before = tokens + scored, stop
        if stop == ids.shape[1]:
            break
    options = LossOptions(mode="windows", context=context, stride=stride, batch=batch)
    found = evaluate(model, [read], options)
    assert found.scored == tokens == ids.shape[1] - 1
    assert found.loss == pytest.approx(nats / tokens, abs=1e-5)


def test_a_uniform_model_loses_log_v(tmp_path: Path) -> None:
    """With an output head of zeros every token costs log V nats, and the error is 0."""
    folder = tiny_language_model("gpt-neox", tmp_path)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        loaded.get_output_embeddings().weight.zero_()
    loaded.save_pretrained(folder)
    found = evaluate(folder, texts())
    assert found.loss == pytest.approx(math.log(found.model.rows), abs=1e-6)
    assert found.loss_se == pytest.approx(0, abs=1e-6)
    bits = found.scored * math.log2(found.model.rows)
    assert found.bits_per_byte == pytest.approx(bits / found.text.nbytes, rel=1e-6)


def test_bytes_are_those_of_the_scored_text(model: Path) -> None:
    read = texts(5)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    first = sum(len(tokenizer.decode(tokenizer(t)["input_ids"][:1]).encode()) for t in read)
    whole = sum(len(t.encode()) for t in read)
    found = evaluate(model, read, LossOptions(context=CONTEXT))
    if found.text.cut == 0:
        assert found.text.nbytes == whole - first
    options = LossOptions(mode="windows", context=16)
    assert evaluate(model, [" ".join(read)], options).text.nbytes > 0.98 * whole


def test_batches_and_blocks_change_nothing_that_matters(model: Path) -> None:
    read = texts(30)
    one = evaluate(model, read, LossOptions(batch=1))
    for options in (LossOptions(batch=7), LossOptions(batch=4, block_tokens=50)):
        other = evaluate(model, read, options)
        assert other.loss == pytest.approx(one.loss, abs=1e-6)
        assert (other.token_losses.counts == one.token_losses.counts).all()


def test_the_error_is_clustered_by_document() -> None:
    """Of documents that all have one loss at every token, many tokens do not lessen the error."""
    rng = np.random.default_rng(0)
    level = rng.normal(3, 0.5, 400)

    def found(tokens: int) -> Evaluation:
        counts = np.full(400, tokens, np.int64)
        return made(Losses(np.arange(400), counts, level * counts))

    assert found(10).loss_se == pytest.approx(found(1000).loss_se)
    assert found(10).loss_se == pytest.approx(level.std(ddof=1) / math.sqrt(400), rel=1e-3)


def test_the_error_is_that_of_resampled_documents() -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(5, 500, 300)
    nats = counts * rng.normal(3, 0.4, 300)
    loss = made(Losses(np.arange(300), counts, nats))
    drawn = rng.integers(0, 300, (4000, 300))
    resampled = nats[drawn].sum(1) / counts[drawn].sum(1)
    assert loss.loss_se == pytest.approx(resampled.std(), rel=0.08)


def test_the_error_of_bits_per_byte_is_that_of_resampled_documents() -> None:
    """Bytes per token differ between documents, and go with the loss."""
    rng = np.random.default_rng(2)
    counts = rng.integers(50, 500, 300)
    level = rng.normal(3, 0.5, 300)
    sizes = np.rint(counts * (7 - 1.2 * level)).astype(np.int64)
    found = made(Losses(np.arange(300), counts, counts * level), sizes)
    drawn = rng.integers(0, 300, (4000, 300))
    bits = (counts * level)[drawn].sum(1) / sizes[drawn].sum(1) / math.log(2)
    assert found.bits_per_byte_se == pytest.approx(bits.std(), rel=0.1)
    # Not the error of the loss, scaled: harder documents have fewer bytes a token here.
    assert found.bits_per_byte_se > 1.3 * found.bits_per_byte * found.loss_se / found.loss


@pytest.mark.parametrize("spread", [0.0, 1.0])
@pytest.mark.parametrize("documents", [3, 5, 20])
def test_intervals_of_few_documents_hold_the_loss(documents: int, spread: float) -> None:
    """± 1.96 standard errors hold it in 55 to 90 %: few errors know their own size badly."""
    rng = np.random.default_rng(3)
    held, narrow = [], []
    for _ in range(400):
        counts = np.rint(200 * np.exp(spread * rng.standard_normal(documents))).astype(np.int64) + 1
        nats = counts * rng.normal(3, 0.5, documents)
        found = made(Losses(np.arange(documents), counts, nats))
        low, high = found.loss_interval
        held.append(low <= 3 <= high)
        narrow.append(abs(found.loss - 3) < 1.96 * found.loss_se)
    assert 0.92 <= np.mean(held) <= 0.99
    assert np.mean(narrow) < np.mean(held)


def test_documents_of_one_length_have_one_degree_of_freedom_less_than_there_are() -> None:
    assert clustered_freedom(np.full(7, 30)) == pytest.approx(6)


@pytest.mark.parametrize("most", [10_000, 10**6, 10**9])
def test_where_one_document_has_nearly_all_tokens_the_others_are_compared_with_it(
    most: int,
) -> None:
    """Six differences from one number: a sum of squares of which one is 49 times the others."""
    assert clustered_freedom(np.array([1, most])) == pytest.approx(1)
    six = clustered_freedom(np.array([1, 1, 1, 1, 1, 1, most]))
    assert six == pytest.approx((49 + 5) ** 2 / (49**2 + 5), rel=0.01)


def test_how_many_documents_there_are_is_said() -> None:
    found = made(Losses(np.arange(5), np.full(5, 10), np.array([30.0, 31, 29, 33, 30])))
    assert "clustered by 5 documents; 95 % by Student's t: " in str(found)
    written = json.loads(found.to_json())
    assert written["derived"]["loss_interval"] == list(found.loss_interval)


def made(documents: Losses, sizes: np.ndarray | None = None) -> Evaluation:
    """Return an evaluation with these losses, and bytes, of documents."""
    from superscope.evaluation.evaluation import EvaluatedModel, LossSettings, TextRead

    return Evaluation(
        EvaluatedModel("m", None, 10, 4, 1, 100),
        TextRead("t", len(documents.ids), 0, 0, 0, 0, int(4 * documents.counts.sum())),
        LossSettings("documents", 16, None, 8, None, None, "cpu", "float32", "0"),
        documents,
        4 * documents.counts if sizes is None else sizes,
        Losses(np.arange(1), np.array([1]), np.array([1.0])),
    )


def test_one_document_has_no_error(model: Path) -> None:
    found = evaluate(model, ["one text and no other"])
    assert found.loss_se is None and found.bits_per_byte_se is None
    assert found.loss_interval is None and found.bits_per_byte_interval is None
    assert "none, because there is one document" in str(found)


def test_losses_by_token_add_up(model: Path) -> None:
    found = evaluate(model, texts())
    table = found.tokens()
    assert len(table) == found.model.rows
    assert table["count"].sum() == found.scored
    seen = table[table["count"] > 0]
    assert (seen["count"] * seen["loss"]).sum() == pytest.approx(found.loss * found.scored)
    assert table.loc[table["count"] == 0, "loss"].isna().all()
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    row = seen.iloc[-1]
    assert row["token"] == tokenizer.convert_ids_to_tokens(int(row["id"]))


def test_losses_by_part_of_the_text_add_up_to_those_of_frequent_tokens(model: Path) -> None:
    """Parts take documents in turn: the first part alone is the loss on its documents."""
    read = texts(2 * PARTS)
    found = evaluate(model, read, LossOptions(block_tokens=100))
    often = found.token_losses.counts >= LEAST_COUNT
    assert 0 < often.sum() < len(often)
    parts = found.token_parts
    entry = np.searchsorted(found.token_losses.ids, parts.ids // PARTS)
    assert (np.bincount(entry, parts.counts, len(often))[often]
            == found.token_losses.counts[often]).all()  # fmt: skip
    assert np.bincount(entry, parts.nats, len(often))[often] == pytest.approx(
        found.token_losses.nats[often]
    )
    first = evaluate(model, read[::PARTS]).token_losses
    of_first = parts.ids % PARTS == 0
    same = np.isin(first.ids, parts.ids[of_first] // PARTS)
    assert parts.nats[of_first] == pytest.approx(first.nats[same], rel=1e-5)


def test_it_is_a_row_of_the_table(model: Path) -> None:
    found = evaluate(model, text_of(texts(), "words"))
    row = found.observation()
    assert (row.dataset, row.loss, row.loss_se) == ("words", found.loss, found.loss_se)
    assert (row.width, row.features, row.depth) == (16, found.model.rows, 2)
    assert row.tokens is None  # of training, which nobody knows
    assert row.run == f"documents of {CONTEXT}, {percent(found.unread_share)} unread"


def test_json_and_back(model: Path) -> None:
    found = evaluate(model, texts())
    again = Evaluation.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert str(again) == str(found)
    assert json.loads(found.to_json())["derived"]["loss"] == found.loss


def test_limits_are_kept_and_a_longer_run_uses_a_shorter_ones_blocks(
    model: Path, tmp_path: Path
) -> None:
    read = texts(60, longest=6)
    short = evaluate(model, read, LossOptions(max_tokens=200, block_tokens=40), keep=tmp_path)
    assert short.scored + short.text.documents - short.text.short == 200
    before = {file.name for file in tmp_path.glob("*.npz")}
    evaluate(model, read, LossOptions(max_tokens=400, block_tokens=40), keep=tmp_path)
    after = {file.name for file in tmp_path.glob("*.npz")}
    assert len(before & after) == len(before) and len(after) > len(before)


@pytest.mark.parametrize("mode", ["documents", "windows"])
def test_stopped_and_started_again_it_ends_with_the_same_bits(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    options = LossOptions(mode=mode, context=32, batch=2, block_tokens=64)
    read = texts(30)
    whole = evaluate(model, read, options).to_json()
    calls = []
    scored = LanguageModel.scored

    def stopping(self: LanguageModel, batch: list, scoring: object) -> list:
        calls.append(1)
        if len(calls) == 9:
            raise KeyboardInterrupt
        return scored(self, batch, scoring)

    monkeypatch.setattr(LanguageModel, "scored", stopping)
    with pytest.raises(KeyboardInterrupt):
        evaluate(model, read, options, keep=tmp_path)
    assert list(tmp_path.glob("*.npz"))
    assert evaluate(model, read, options, keep=tmp_path).to_json() == whole
    count = len(calls)
    assert evaluate(model, read, options, keep=tmp_path).to_json() == whole
    assert len(calls) == count  # nothing is evaluated twice


def test_a_block_that_cannot_be_read_is_done_again(model: Path, tmp_path: Path) -> None:
    options = LossOptions(block_tokens=64)
    whole = evaluate(model, texts(), options, keep=tmp_path).to_json()
    file = next(tmp_path.glob("*.npz"))
    file.write_bytes(file.read_bytes()[:40])
    assert evaluate(model, texts(), options, keep=tmp_path).to_json() == whole
    assert (tmp_path / "set-aside" / file.name).exists()


def test_blocks_of_another_format_are_made_again_and_never_read(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of an older superscope have the same names of arrays, of another meaning."""
    options, others = LossOptions(block_tokens=64), {**passes.FORMAT, "format": 1}
    whole = evaluate(model, texts(), options)
    with monkeypatch.context() as patch:
        patch.setattr(passes, "FORMAT", others)
        evaluate(model, texts(), options, keep=tmp_path)
    old = {file: file.read_bytes() for file in tmp_path.glob("*.npz")}
    for file, content in old.items():
        block = BlockLosses.from_bytes(content)
        worse = replace(block.documents, nats=block.documents.nats + 1)
        file.write_bytes(replace(block, documents=worse).to_bytes())
    assert evaluate(model, texts(), options, keep=tmp_path).to_json() == whole.to_json()
    assert len(list(tmp_path.glob("*.npz"))) == 2 * len(old)


def test_blocks_of_another_model_or_option_are_not_used(model: Path, tmp_path: Path) -> None:
    other = tiny_language_model("gpt-neox", tmp_path / "other", seed=1)
    keep = tmp_path / "keep"
    first = evaluate(model, texts(), LossOptions(), keep=keep)
    assert evaluate(other, texts(), LossOptions(), keep=keep).loss != first.loss
    half = evaluate(model, texts(), LossOptions(dtype="bfloat16"), keep=keep)
    assert half.loss != first.loss


@pytest.mark.slow
def test_killed_and_resumed_the_command_writes_the_same_table(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text("\n".join(texts(50)), encoding="utf-8")

    def loss(out: Path) -> tuple[object, ...]:
        return ("loss", model, "--text", file, "--split", "line", "--batch", 1,
                "--block-tokens", 64, "--context", 32, "--out", out)  # fmt: skip

    whole, killed = tmp_path / "whole.csv", tmp_path / "killed.csv"
    assert superscope(*loss(whole)).code == 0
    blocks = tmp_path / "killed.blocks"
    process = subprocess.Popen(
        [*COMMAND, *map(str, loss(killed))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while len(list(blocks.glob("*.npz"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    done = len(list(blocks.glob("*.npz")))
    assert done >= 5 and not killed.exists()
    assert superscope(*loss(killed)).code == 0
    assert done < len(list(blocks.glob("*.npz")))
    assert killed.read_bytes() == whole.read_bytes()
    first, second = (pd.read_parquet(p.with_suffix(".tokens.parquet")) for p in (whole, killed))
    pd.testing.assert_frame_equal(first, second)


def test_a_text_that_cannot_be_read_is_named_before_the_model_is_loaded(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text('{"body": "some text"}\n')
    monkeypatch.setattr("superscope.evaluation.passes.load_model", lambda *_: pytest.fail())
    with pytest.raises(SuperscopeError, match="text"):
        evaluate(model, text_files([file]))


def test_a_context_beyond_the_models_is_cut_and_said(model: Path) -> None:
    found = evaluate(model, texts(), LossOptions(context=2048))
    assert found.settings.context == CONTEXT
    assert f"the model allows {CONTEXT}" in " ".join(found.notes)
    within = LossOptions(context=CONTEXT)
    assert evaluate(model, texts(longest=6), within).notes == ()


def test_out_of_memory_halves_the_batch_and_says_so(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluate(model, texts(), LossOptions(batch=8))
    scored = LanguageModel.scored

    def at_most_two(self: LanguageModel, batch: list, scoring: object) -> list:
        if len(batch) > 2:
            raise OutOfMemory
        return scored(self, batch, scoring)

    monkeypatch.setattr(LanguageModel, "scored", at_most_two)
    found = evaluate(model, texts(), LossOptions(batch=8))
    assert found.loss == pytest.approx(whole.loss, abs=1e-6)
    assert "batches of 8 became 2" in " ".join(found.notes)

    def never(self: LanguageModel, batch: list, scoring: object) -> list:
        raise OutOfMemory

    monkeypatch.setattr(LanguageModel, "scored", never)
    with pytest.raises(EvaluationError, match="out of memory with one sequence"):
        evaluate(model, texts())


def test_a_tokenizer_of_another_model_is_refused_by_token(tmp_path: Path) -> None:
    folder = tiny_model("gpt2", byte_tokenizer(tmp_path), vocabulary=100)
    with pytest.raises(EvaluationError, match=r"does not match the model: token .* has 100 rows"):
        evaluate(folder, texts())


def test_far_fewer_ids_than_rows_is_remarked(tmp_path: Path) -> None:
    folder = tiny_model("gpt2", byte_tokenizer(tmp_path), vocabulary=1000)
    assert "is it this model's tokenizer?" in " ".join(evaluate(folder, texts()).notes)


def test_more_ids_than_rows_is_remarked_though_they_do_not_occur(tmp_path: Path) -> None:
    folder = tiny_model("gpt2", byte_tokenizer(tmp_path, vocabulary=320), vocabulary=319)
    rare = transformers.AutoTokenizer.from_pretrained(folder).convert_ids_to_tokens(319)
    read = [text for text in texts() if rare.replace("Ġ", " ") not in text]
    assert "the ids beyond did not occur" in " ".join(evaluate(folder, read).notes)


def test_after_memory_ran_out_a_resumed_run_goes_on_with_the_smaller_batches(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored, least = LanguageModel.scored, [2]

    def limited(self: LanguageModel, batch: list, scoring: object) -> list:
        if len(batch) > least[0]:
            raise OutOfMemory
        return scored(self, batch, scoring)

    monkeypatch.setattr(LanguageModel, "scored", limited)
    options = LossOptions(batch=8, block_tokens=300)  # blocks of more than two documents
    whole = evaluate(model, texts(20), options, keep=tmp_path / "whole").to_json()
    short = LossOptions(batch=8, block_tokens=300, max_documents=12)
    evaluate(model, texts(20), short, keep=tmp_path / "part")
    least[0] = 8  # now there is room
    resumed = evaluate(model, texts(20), options, keep=tmp_path / "part")
    assert resumed.to_json() == whole


def test_losses_that_are_no_number_are_refused(tmp_path: Path) -> None:
    folder = tiny_language_model("gpt2", tmp_path)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder)
    with torch.no_grad():
        loaded.transformer.wte.weight[7] = float("nan")
    loaded.save_pretrained(folder)
    with pytest.raises(EvaluationError, match="in document 0 is nan"):
        evaluate(folder, texts())


@pytest.mark.parametrize(
    ("read", "said"),
    [
        ([], "has no text in it"),
        ([""], "has no text in it"),
        (["", ""], "has no text in it"),
        (["a"], "no document has two tokens"),
    ],
)
def test_too_little_text_is_an_error(model: Path, read: list[str], said: str) -> None:
    for mode in ("documents", "windows"):
        with pytest.raises(UsageError, match=said):
            evaluate(model, read, LossOptions(mode=mode, context=16))


def test_short_texts_are_left_out_and_counted(model: Path) -> None:
    found = evaluate(model, ["", "a", *texts(4)])
    assert (found.text.empty, found.text.short) == (1, 1)
    assert found.loss == pytest.approx(evaluate(model, texts(4)).loss, abs=1e-6)


def test_undecodable_bytes_are_counted_and_named(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(b"well formed\nthis \x92 is \xff not\nwell formed\n")
    found = evaluate(model, text_files([file], split="line"))
    assert found.text.undecodable == 2
    assert f"2 undecodable bytes were read as U+FFFD, the first in {file}, line 2" in found.notes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "paragraphs"}, "mode='paragraphs'"),
        ({"dtype": "int8"}, "dtype='int8'"),
        ({"context": 1}, "context=1; it must be at least 2"),
        ({"batch": 0}, "batch=0; it must be at least 1"),
        ({"max_tokens": 0}, "max_tokens=0; it must be at least 2"),
        ({"stride": 4}, "choose mode='windows'"),
        ({"mode": "windows", "stride": 4, "context": 4}, "leaves no context"),
    ],
)
def test_options_that_cannot_be_used_are_named(changes: dict, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        LossOptions(**changes)


def test_a_model_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuperscopeError, match="nowhere"):
        evaluate(tmp_path / "nowhere", texts())


def test_no_device_of_that_name(model: Path) -> None:
    with pytest.raises(UsageError, match="device 'nonsense'"):
        evaluate(model, texts(), LossOptions(device="nonsense"))


def test_a_text_is_read_as_it_is_reached(model: Path) -> None:
    """A stream is not read to its end before the work begins, and not beyond its limit."""
    asked = []

    def read() -> object:
        from superscope.frequency import Document

        for k in range(10_000):
            asked.append(k)
            yield Document(f"text number {k} of many", 0, f"text {k}", 10)

    evaluate(model, Text("endless", read, "endless"), LossOptions(max_documents=5))
    assert len(asked) < 200


def test_progress_begins_before_loading_and_moves_within_a_block(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int, int]] = []
    load = sys.modules["superscope.evaluation.passes"].load_model

    def loading(*arguments: object) -> LanguageModel:
        assert told == [("loading the model", 0, 1)]
        return load(*arguments)

    monkeypatch.setattr("superscope.evaluation.passes.load_model", loading)
    read = texts(12)
    found = evaluate(
        model, read, LossOptions(batch=2), progress=lambda *report: told.append(report)
    )
    assert [report for report in told if not report[0].startswith("loss of")] == [
        ("loading the model", 0, 1), ("loading the model", 1, 1),
        ("reading the text", 0, 1), ("reading the text", 1, 1),
    ]  # fmt: skip
    assert found.scored < LossOptions().block_tokens  # so all of it is one block
    done = [report[1] for report in told if report[0].startswith("loss of")][:-1]
    assert len(done) == 1 + 6 and done == sorted(done) and len(set(done)) == 7
