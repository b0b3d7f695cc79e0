"""`superscope loss` and `superscope study`, in this process but where the process is the fact."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from command import superscope
from extras import needed
from tiny_models import tiny_language_model

from superscope.evaluation import Evaluation
from superscope.observations import read_observations

needed("transformers")

LINES = [f"the cat number {k} sat on a mat of width {k * k % 17} and slept" for k in range(30)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_language_model("llama", tmp_path_factory.mktemp("model"), begin=True)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("text") / "cats.txt"
    file.write_text("\n".join(LINES), encoding="utf-8")
    return file


def test_it_prints_the_loss_and_writes_the_tables(model: Path, text: Path, tmp_path: Path) -> None:
    out = tmp_path / "loss.csv"
    figures = tmp_path / "figures"
    options = ("--split", "line", "--context", 32, "--out", out, "--figures", figures)
    done = superscope("loss", model, "--text", text, *options)
    assert done.code == 0, done.err
    for label in ("nats per token", "bits per byte", "perplexity", "30 documents",
                  "documents, each", "standard error, clustered by 30"):  # fmt: skip
        assert label in done.out, label
    row = read_observations(out).iloc[0]
    assert f"{row['loss']:.4f}" in done.out and row["dataset"] == "cats"
    tokens = pd.read_parquet(tmp_path / "loss.tokens.parquet")
    assert list(tokens.columns) == ["id", "token", "count", "loss"]
    assert list((tmp_path / "loss.blocks").glob("*.npz"))
    assert {path.suffix for path in figures.iterdir()} == {".png", ".pdf", ".svg"}


def test_options_of_text_may_come_first_or_last(model: Path, text: Path) -> None:
    a = superscope("loss", model, "--text", text, "--split", "line", "--max-documents", 3)
    b = superscope("loss", "--max-documents", 3, "--split", "line", "--text", text, "--", model)
    assert a.code == b.code == 0, a.err + b.err
    assert a.out == b.out


def test_json_is_everything(model: Path, text: Path) -> None:
    done = superscope("loss", model, "--text", text, "--mode", "windows", "--context", 16, "--json")
    assert done.code == 0, done.err
    found = Evaluation.from_json(done.out)
    assert found.settings.stride == 8 and found.loss_se is None
    assert json.loads(done.out)["derived"]["loss"] == found.loss


def test_standard_input_is_a_text(model: Path, text: Path) -> None:
    piped = superscope("loss", model, "--text", "-", "--split", "line", given=text.read_bytes())
    read = superscope("loss", model, "--text", text, "--split", "line", "--name", "standard input")
    assert piped.code == 0, piped.err
    assert piped.out == read.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no text is given"),
        (("--text", "nowhere.txt"), "nowhere.txt"),
        (("--text", "TEXT", "--dataset", "c4"), "--text and --dataset exclude each other"),
        (("--dataset", "c5"), "c5"),
        (("--text", "TEXT", "--context", 1), "--context 1; it must be at least 2"),
        (("--text", "TEXT", "--stride", 3), "--mode windows"),
        (("--text", "TEXT", "--mode", "pages"), "pages"),
        (("--text", "TEXT", "--dtype", "int3"), "int3"),
        (("--text", "TEXT", "--batch", 0), "--batch 0; it must be at least 1"),
        (("--text", "TEXT", "--device", "gpu9"), "gpu9"),
        (("--text", "TEXT", "--out", "table.xlsx"), ".parquet or .csv"),
        (("--text", "TEXT", "--out", "no/where/table.csv"), "no/where"),
        (("--text", "EMPTY"), "no text in it"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_2(
    model: Path, text: Path, tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    (tmp_path / "empty.txt").write_text("")
    files = {"TEXT": text, "EMPTY": tmp_path / "empty.txt"}
    done = superscope("loss", model, *(files.get(str(a), a) for a in arguments))
    assert done.code == 2
    assert said in done.err and "Traceback" not in done.err
    assert done.out == ""


def test_a_model_that_is_none_is_one_line(text: Path, tmp_path: Path) -> None:
    for model in (tmp_path, tmp_path / "gone", text):
        done = superscope("loss", model, "--text", text)
        assert done.code == 2 and done.err.count("\n") == 1, done.err
        assert str(model) in done.err


def test_no_network_is_one_line(
    text: Path, monkeypatch: pytest.MonkeyPatch, no_waits: None
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    done = superscope("loss", "nobody/nothing", "--text", text)
    assert done.code == 2 and done.err.count("\n") == 1, done.err
    assert "nobody/nothing" in done.err


def test_an_absent_extra_is_named(model: Path, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    done = superscope("loss", model, "--text", text)
    assert done.code == 2
    assert "pip install 'superscope[text]'" in done.err


def test_a_study_answers_and_lists_what_failed(
    model: Path, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A thread does the work, because a process would import transformers for seconds.
    asked: list[object] = []

    def in_a_thread(*how: object) -> ThreadPoolExecutor:
        asked.append(how)
        return ThreadPoolExecutor(1)

    monkeypatch.setattr("superscope.cli.executor.chosen_workers", in_a_thread)
    others = [tiny_language_model(kind, tmp_path / kind) for kind in ("opt", "gpt2")]
    out = tmp_path / "study"
    done = superscope("study", model, *others, tmp_path / "gone", "--text", text, "--split", "line",
               "--workers", 1, "--out", out)  # fmt: skip
    assert asked == [(None, 1, None)]
    assert done.code == 2
    assert "gone" in done.err and "1 of 4 members" in done.err
    for question in ("strong superposition?", "interference fall as 1/m?", "loss fall as 1/m?",
                     "next doubling", "could not be said?"):  # fmt: skip
        assert question in done.out
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "gone" in page and "strong superposition" in page
    assert len(read_observations(out / "observations.csv")) == 3
    elsewhere, figures = tmp_path / "page.html", tmp_path / "figures"
    again = superscope("study", model, *others, "--text", text, "--split", "line", "--out", out,
               "--report", elsewhere, "--figures", figures)  # fmt: skip
    assert again.code == 0, again.err
    assert again.out.endswith(f"report: {elsewhere}\n")
    assert "strong superposition" in elsewhere.read_text(encoding="utf-8")
    assert {file.suffix for file in figures.iterdir()} == {".png", ".pdf", ".svg"}


def test_a_study_is_given_the_initialization(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def stopped(*_: object, initial: object, **__: object) -> None:
        given.append(initial)
        raise KeyboardInterrupt

    monkeypatch.setattr("superscope.study.study", stopped)
    superscope("study", "pythia", "--initial", "step0", "--text", text, "--out", tmp_path)
    assert given == ["step0"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--text", "TEXT", "--out", "OUT"), "name models or a family"),
        (("MODEL", "--out", "OUT"), "no text is given"),
        (("MODEL", "--text", "TEXT"), "--out"),
        (("MODEL", "--text", "TEXT", "--out", "OUT", "--workers", 0), "at least 1"),
        (("MODEL", "--text", "TEXT", "--out", "TEXT"), "cats.txt"),
    ],
)
def test_a_study_that_cannot_be_is_refused(
    model: Path, text: Path, tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    names = {"TEXT": text, "MODEL": model, "OUT": tmp_path / "out"}
    done = superscope("study", *(names.get(str(a), a) for a in arguments))
    assert done.code == 2 and said in done.err, done.err
    assert "Traceback" not in done.err


def test_ctrl_c_says_what_is_done_and_how_to_go_on(
    model: Path, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from superscope.evaluation.model import LanguageModel

    scored, calls = LanguageModel.scored, iter(range(9))

    def stopping(self: LanguageModel, batch: list, scoring: object) -> list:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return scored(self, batch, scoring)

    monkeypatch.setattr(LanguageModel, "scored", stopping)
    of_text = ("--text", text, "--split", "line", "--block-tokens", 100, "--batch", 99)
    done = superscope("loss", model, *of_text, "--out", tmp_path / "a.csv")
    assert done.code == 130
    kept = tmp_path / "a.blocks"
    assert f"stopped: 3 blocks are done and kept in {kept}; the same command" in done.err


@pytest.mark.parametrize(
    ("command", "function", "said"),
    [
        ("loss", "superscope.evaluation.evaluate", "stopped: nothing was kept"),
        ("study", "superscope.study.study", "stopped: 0 heads and 0 losses are done"),
        ("frequency", "superscope.frequency.count_tokens", "stopped: nothing was written"),
    ],
)
def test_ctrl_c_of_each_command_is_exit_130(
    model: Path, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    command: str, function: str, said: str,
) -> None:  # fmt: skip
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(function, stopped)
    out = ("--out", tmp_path) if command == "study" else ()
    done = superscope(command, model, "--text", text, *out)
    assert done.code == 130 and said in done.err
