"""`superscope frequency` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import python, superscope
from cyclopts import App, CycloptsError
from tiny_models import word_tokenizer
from zipf_texts import zipf_words

from superscope.cli.text_arguments import TextArguments
from superscope.errors import SuperscopeError, UsageError
from superscope.frequency import TokenFrequency, count_tokens, read_frequencies

WORDS = tuple(f"w{k}" for k in range(500))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return word_tokenizer(tmp_path_factory.mktemp("tokenizer"), WORDS) / "tokenizer.json"


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "drawn.txt"
    path.write_text("\n".join(zipf_words(1.1, WORDS, 100_000, seed=0)))
    return path


def run(*arguments: object) -> None:
    """Run the command in this process."""
    app = App(print_error=False, exit_on_error=False, result_action="return_value")
    app.command("superscope.cli.frequency:frequency", name="frequency")
    app(["frequency", *map(str, arguments)])


def printed(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    run(*arguments)
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_figure_is_written_three_ways(
    tokenizer: Path, text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(capsys, tokenizer, "--text", text, "--max-tokens", 20_000, "--figures", tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".pdf", ".png", ".svg"]


def test_what_is_printed(tokenizer: Path, text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, tokenizer, "--text", text, "--split", "line", "--name", "my words")
    assert out.splitlines()[0] == f"{tokenizer} on my words"
    for label in (
        "tokens", "vocabulary", "next token", "coverage", "exponent", "by decade", "one power law",
        "toy model", "intervals",
    ):  # fmt: skip
        assert f"\n  {label} " in out
    assert "in 128 documents" in out
    assert "of p ∝ rank^−α, ranks 100 to " in out
    assert "superscope toy train --alpha 1." in out


def test_json_is_one_line_and_loses_nothing(
    tokenizer: Path, text: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = printed(
        capsys, tokenizer, "--text", text, "--split", "line", "--json", "--ranks", "20:300"
    )
    assert len(out.splitlines()) == 1
    f = TokenFrequency.from_json(out)
    same = count_tokens(tokenizer, text.read_text().splitlines(), ranks=(20, 300))
    assert np.array_equal(f.counts, same.counts)
    assert f.tail == same.tail
    assert f.tail is not None and (f.tail.first, f.tail.last) == (20, 300)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_table_is_what_measure_takes_as_frequencies(
    tokenizer: Path, text: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"t.{suffix}"
    out = printed(capsys, tokenizer, "--text", text, "--json", "--out", file)
    f = TokenFrequency.from_json(out)
    found = read_frequencies(file)
    assert np.array_equal(found.counts, f.counts) and found.texts == f.texts
    frame = pd.read_csv(file) if suffix == "csv" else pd.read_parquet(file)
    assert list(frame.columns) == ["id", "token", "count", "rank"]
    assert frame["token"].tolist() == ["<unk>", "</s>", *WORDS]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("ranks", "ends"), [("20:300", (20, 300)), (":400", (100, 400)), ("30:", (30, None))]
)
def test_either_end_of_the_ranks_may_be_left_to_the_default(
    tokenizer: Path, text: Path, ranks: str, ends: tuple[int, int | None],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = printed(capsys, tokenizer, "--text", text, "--split", "line", "--json", "--ranks", ranks)
    tail = TokenFrequency.from_json(out).tail
    assert tail is not None and tail.first == ends[0]
    assert ends[1] in (None, tail.last)


def test_limits(tokenizer: Path, text: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take = (tokenizer, "--text", text, text, "--split", "line", "--json")
    assert TokenFrequency.from_json(printed(capsys, *take, "--max-tokens", 77)).tokens == 77
    f = TokenFrequency.from_json(printed(capsys, *take, "--max-documents", 130))
    assert f.text.documents == 130
    assert "--max-documents" not in str(f) and f.max_documents == 130


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{tok}"], "no text is given; name one with --text FILE… or --dataset NAME"),
        (
            ["{tok}", "--text", "{txt}", "--dataset", "c4"],
            "--text and --dataset exclude each other",
        ),
        (["{tok}", "--dataset", "c5"], "did you mean c4"),
        (["{tok}", "--dataset", "c4", "--split", "line"], "--dataset-split"),
        (["{tok}", "--text", "{txt}", "--dataset-split", "test"], "option of --dataset"),
        (["{tok}", "--text", "{txt}", "--dataset-config", "en"], "--dataset-config"),
        (["{tok}", "--text", "{tmp}/absent.txt"], "absent.txt"),
        (["{tok}", "--text", "{txt}", "--ranks", "100"], "write FIRST:LAST"),
        (["{tok}", "--text", "{txt}", "--ranks", "a:b"], "write FIRST:LAST"),
        (["{tok}", "--text", "{txt}", "--ranks", "1:2:3"], "write FIRST:LAST"),
        (["{tok}", "--text", "{txt}", "--ranks", "-1:20"], "-1:20"),
        (["{tok}", "--text", "{txt}", "--ranks", "90:80"], "below the last"),
        (["{tok}", "--text", "{txt}", "--ranks", "9:800"], "502 ids"),
        (["{tok}", "--text", "{txt}", "--max-tokens", "0"], "max_tokens=0; it must be at least 1"),
        (["{tok}", "--text", "{txt}", "--out", "{tmp}/t.xlsx"], ".parquet or .csv"),
        (["{tok}", "--text", "{txt}", "--out", "{tmp}/absent/t.csv"], "cannot write"),
        (["{tmp}/absent", "--text", "{txt}"], "absent"),
    ],
)
def test_bad_arguments_are_named(
    tokenizer: Path, text: Path, tmp_path: Path, arguments: list[str], said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    with pytest.raises((SuperscopeError, CycloptsError)) as caught:
        run(*(a.format(tok=tokenizer, txt=text, tmp=tmp_path) for a in arguments))
    assert said in str(caught.value)
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


def test_standard_input_is_a_text(tokenizer: Path) -> None:
    done = superscope("frequency", tokenizer, "--text", "-", "--split", "line", given="w1 w2\nw1\n")
    assert "on standard input" in done.out, done.err
    assert "3 in 2 documents" in done.out


def test_a_data_set_is_named_without_being_read() -> None:
    text = TextArguments(dataset="C4", dataset_split="validation", name="web").text()
    assert text.name == "web"
    assert TextArguments(dataset="C4").text().name == "c4"
    assert text.identity != TextArguments(dataset="C4").text().identity
    with pytest.raises(UsageError, match="--split is an option of --text"):
        TextArguments(dataset="C4", split="line").text()


def test_counting_tokens_loads_no_torch(tokenizer: Path) -> None:
    code = (
        "import sys\n"
        "import superscope.cli.frequency\n"
        "assert not {'torch', 'pandas', 'transformers'} & set(sys.modules)\n"
        "import superscope.frequency._count_tokens\n"
        "print(sorted({'torch', 'pandas', 'transformers'} & set(sys.modules)))"
    )
    done = python(code)
    assert done.out.strip() == "[]", done.err
