"""What makes losses comparable: what is unread, what stands before a text, special tokens."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from extras import needed
from tiny_models import tiny_language_model

from superscope.cli import main
from superscope.errors import UsageError
from superscope.evaluation import Evaluation, LossOptions, evaluate
from superscope.frequency import text_files
from superscope.frequency.tokenizer import Tokenizer, load_tokenizer

needed("transformers")

LONG = "the cat sat on a mat while much meaning is packed into width. " * 6


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_language_model("gpt-neox", tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_language_model("llama", tmp_path_factory.mktemp("begun"), begin=True)


def test_what_is_cut_off_is_counted_and_windows_leave_nothing(plain: Path) -> None:
    whole = len(next(load_tokenizer(plain).encode(text_files_of(LONG)))[1].ids)
    cut = evaluate(plain, [LONG], LossOptions(context=16))
    assert cut.text.unread == whole - 16
    assert cut.unread_share == pytest.approx(1 - 16 / whole)
    assert any("mode='windows'" in note and f"{whole - 16:,} of" in note for note in cut.notes)
    assert "unread" in cut.observation().run
    assert json.loads(cut.to_json())["derived"]["unread_share"] == pytest.approx(cut.unread_share)
    assert Evaluation.from_json(cut.to_json()).text == cut.text
    windows = evaluate(plain, [LONG], LossOptions(mode="windows", context=16))
    assert windows.unread_share == 0
    assert windows.scored == whole - 1
    assert not any("windows" in note for note in windows.notes)


def text_files_of(text: str) -> object:
    from superscope.frequency import text_of

    return text_of([text])


def test_the_command_names_its_own_option(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "wiki.test.raw").write_text(LONG)
    main(["loss", str(plain), "--text", str(tmp_path / "wiki.test.raw"), "--context", "16"])
    said = capsys.readouterr().out
    assert "--mode windows" in said
    assert "nothing before it" in said


@pytest.mark.parametrize("mode", ["documents", "windows"])
def test_what_stands_before_a_text_is_said(plain: Path, begun: Path, mode: str) -> None:
    options = LossOptions(mode=mode, context=24)
    without, after = evaluate(plain, [LONG[:60]], options), evaluate(begun, [LONG[:60]], options)
    assert (without.settings.before, without.settings.first_scored) == ((), False)
    begin = after.settings.before[0]
    assert after.settings.first_scored
    assert f"after {begin}" in after.observation().run
    assert f"{begin} stands before each" in str(after)


@pytest.mark.parametrize("folder", ["plain", "begun"])
def test_the_default_stride_is_half_the_context(
    folder: str, request: pytest.FixtureRequest
) -> None:
    options = LossOptions(mode="windows", context=24)
    assert evaluate(request.getfixturevalue(folder), [LONG], options).settings.stride == 12


def test_words_are_separated_by_white_space(begun: Path) -> None:
    found = evaluate(begun, ["Köln  sat,\non a mat", "東京"], LossOptions(context=64))
    assert found.text.words == 6
    assert found.word_perplexity == pytest.approx(math.exp(found.documents.nats.sum() / 6))
    windows = evaluate(begun, [LONG], LossOptions(mode="windows", context=24))
    assert windows.text.words == len(LONG.split())


def special_of(tokenizer: Tokenizer) -> str:
    return str(tokenizer.token(tokenizer.end))


def test_special_tokens_in_a_text_are_read_as_asked_and_said(plain: Path) -> None:
    special = special_of(load_tokenizer(plain))
    read = [f"the cat{special}sat on"]
    tokens = evaluate(plain, read)
    text = evaluate(plain, read, LossOptions(special="text"))
    end = load_tokenizer(plain).end
    assert tokens.token_losses.counts[tokens.token_losses.ids == end].sum() == 1
    assert end not in text.token_losses.ids
    assert text.scored > tokens.scored
    assert any("read as tokens" in note and special in note for note in tokens.notes)
    assert any("read as text" in note for note in text.notes)
    assert "special tokens as text" in text.observation().run
    assert not any("special" in note for note in evaluate(plain, ["the cat sat"]).notes)


def test_a_separator_divides_a_file(plain: Path, tmp_path: Path) -> None:
    file = tmp_path / "stories.txt"
    file.write_text("One day.\n<|endoftext|>\nTwo\ndays.\n<|endoftext|>\n")
    divided = list(text_files(file, split="<|endoftext|>"))
    assert [d.text for d in divided] == ["One day.", "Two\ndays."]
    assert divided[1].place.endswith("line 3")
    with pytest.raises(UsageError, match="separator"):
        text_files(file, split="paragraphs")


def test_texts_of_every_kind_are_read(tmp_path: Path) -> None:
    for name in ("wiki.test.raw", "wiki.test.tokens"):
        (tmp_path / name).write_text("the cat")
        assert [d.text for d in text_files(tmp_path / name)] == ["the cat"]
    table = tmp_path / "t.csv"
    long = "word " * 50_000
    table.write_text(f'n,text\n1,"the ""cat"",\nsat"\n2,{long}\n3,\n')
    assert [d.text for d in text_files(table)] == ['the "cat",\nsat', long]
