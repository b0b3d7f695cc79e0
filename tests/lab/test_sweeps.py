"""Sweeps of the lab: what a file means, what a folder holds, what becomes of failures."""

from __future__ import annotations

import os
from collections import namedtuple
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
from lab_texts import SMALL, documents

from superscope.errors import FormatError, SuperscopeError, UsageError
from superscope.frequency.tokenizer import Tokenizer
from superscope.lab import Corpus, LabConfig, read_runs, read_sweep, sweep, timing, training
from superscope.lab.run import run_identity
from superscope.lab.sweeps import CHECKPOINTS, CORPORA, MODELS, checkpoints
from superscope.lab.training import Training
from superscope.runs import SweepOutcome


@pytest.fixture
def executor() -> Iterator[Executor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def lab(folder: Path, text: str = "", table: str = "files = 'words.txt'\nsplit = 'line'") -> Path:
    (folder / "words.txt").write_text("\n".join(documents()))
    small = "\n".join(f"{name} = {value}" for name, value in SMALL.items() if name not in text)
    file = folder / "lab.toml"
    file.write_text(f"{text}\n{small}\n[text]\n{table}\n")
    return file


def done(file: Path, out: Path, executor: Executor) -> SweepOutcome:
    return sweep(read_sweep(file).corpora(out / CORPORA), out, executor=executor, progress=None)


# What a file means


def test_a_list_is_a_list_of_choices_and_whole_seeds_come_first(tmp_path: Path) -> None:
    asked = read_sweep(lab(tmp_path, "variant = ['adamw', 'coupled + bias']\nseed = [0, 1]"))
    assert [(c.variant, c.seed) for c in asked.configs] == [
        ("adamw", 0), ("bias=1 + coupled", 0), ("adamw", 1), ("bias=1 + coupled", 1),
    ]  # fmt: skip
    assert all(c.width == 8 for c in asked.configs)


def test_tables_of_runs_are_products_with_what_they_share(tmp_path: Path) -> None:
    file = lab(tmp_path, "seed = [0, 1]")
    file.write_text(
        file.read_text() + "[[runs]]\nvariant = 'tied'\nseed = 1\n[[runs]]\nwidth = [4, 8]\n"
    )
    found = [(c.variant, c.width, c.seed) for c in read_sweep(file).configs]
    assert found == [
        ("adamw", 4, 0), ("adamw", 8, 0), ("tied", 8, 1), ("adamw", 4, 1), ("adamw", 8, 1),
    ]  # fmt: skip


def test_points_of_the_held_out_loss_are_one_list(tmp_path: Path) -> None:
    (one,) = read_sweep(lab(tmp_path, "check_at = [64, 128]")).configs
    assert one.check_at == (64, 128)
    two = read_sweep(lab(tmp_path, "check_at = [[64, 128], [64]]")).configs
    assert [c.check_at for c in two] == [(64, 128), (64,)]


def test_configs_of_one_vocabulary_read_one_text(tmp_path: Path) -> None:
    asked = read_sweep(lab(tmp_path, "vocabulary = [270, 280]\nseed = [0, 1]"))
    corpora = asked.corpora(tmp_path / "text")
    assert len({corpus.folder for corpus in corpora.values()}) == 2
    assert {c.vocabulary: corpora[c].info.vocabulary for c in corpora} == {270: 270, 280: 280}


def test_the_vocabulary_of_a_given_tokenizer_need_not_be_named(tmp_path: Path) -> None:
    made = read_sweep(lab(tmp_path)).corpora(tmp_path / "text")
    (corpus,) = made.values()
    file = lab(tmp_path, "", f"files = 'words.txt'\nsplit = 'line'\ntokenizer = '{corpus.folder}'")
    file.write_text(file.read_text().replace("vocabulary = 270\n", ""))
    assert read_sweep(file).configs[0].vocabulary == 270


@pytest.mark.parametrize(
    ("text", "table", "said"),
    [
        ("widht = 8", "files = 'words.txt'", "the lab has no field 'widht'; did you mean width"),
        ("width = []", "files = 'words.txt'", "width is an empty list"),
        ("variant = 'unti'", "files = 'words.txt'", "did you mean unit"),
        ("runs = 3", "files = 'words.txt'", "runs must be tables: [[runs]]"),
        ("", "files = 'words.txt'\n[[runs]]\nwidht = 3", "no field 'widht'; did you mean width"),
        ("", "fiels = 'words.txt'", "[text] has no field 'fiels'; did you mean files"),
        ("", "files = 'words.txt'\n[[runs]]\nrates = 'a.csv'", "[[runs]] has a field rates, which"),
        ("", "files = 'words.txt'\n[[runs]]\ntext = 'a.txt'", "[[runs]] has a field text, which"),
        ("runs = []", "files = 'words.txt'", "runs must be tables: [[runs]]"),
        ("width = '8'", "files = 'words.txt'", "width must be a whole number, not '8'"),
        ("width = [[8]]", "files = 'words.txt'", "width must be a whole number, not a list"),
        ("check_at = 'end'", "files = 'words.txt'", "check_at must be a list, not 'end'"),
        (
            "check_at = [64, [128]]",
            "files = 'words.txt'",
            "check_at=[64, [128]] has both lists and other values; a list of choices is a list of",
        ),
        ("seed = [0, -1]", "files = 'words.txt'", "seed=-1; it must be at least 0"),
        ("", "", "[text]: a text needs either files or dataset"),
        ("", "files = 'words.txt'\ndataset = 'c4'", "[text]: a text needs either files or dataset"),
        ("", "files = 3", "[text]: files must be a list, not 3"),
        ("", "files = [3]", "[text]: every item of files must be a string, not 3"),
        (
            "",
            "files = 'a'\nheld_out_tokens = 1",
            "[text]: held_out_tokens=1; it must be at least 2",
        ),
        (
            "",
            "files = 'a'\nheld_out_dataset_split = 'test'",
            "[text]: held_out_dataset_split needs",
        ),
        (
            "= 3",
            "files = 'words.txt'",
            "is not valid TOML: Invalid statement (at line 1, column 1)",
        ),
        ("width = [8,", "files = 'words.txt'", "is not valid TOML: Invalid value (at line 2"),
    ],
)
def test_a_file_that_is_no_sweep_is_refused(
    tmp_path: Path, text: str, table: str, said: str
) -> None:
    with pytest.raises(SuperscopeError) as error:
        read_sweep(lab(tmp_path, text, table))
    assert said in str(error.value)
    assert "lab.toml" in str(error.value)


def test_a_given_tokenizer_is_loaded_once(
    tmp_path: Path, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def load(name: object) -> Tokenizer:
        loaded.append(name)
        return corpus.tokenizer()

    monkeypatch.setattr("superscope.lab.sweep_file.load_tokenizer", load)
    table = "files = 'words.txt'\nsplit = 'line'\ntokenizer = 'mine'"
    read_sweep(lab(tmp_path, "vocabulary = 270", table)).corpora(tmp_path / "text")
    assert loaded == ["mine"]


def test_a_sweep_says_what_it_is_in_a_line(tmp_path: Path) -> None:
    assert repr(read_sweep(lab(tmp_path, "seed = [0, 1]"))) == f"LabSweep(2 runs in {tmp_path})"


def test_a_file_without_a_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text("width = 8\n")
    with pytest.raises(SuperscopeError, match=r"there is no table \[text\]"):
        read_sweep(file)
    for text in ("text = 'words.txt'", "[[text]]\nfiles = 'words.txt'"):
        file.write_text(text)
        with pytest.raises(SuperscopeError, match=r"text must be one table: \[text\], then files"):
            read_sweep(file)


# What a folder holds


def test_each_run_is_done_once(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "KEEP_EVERY", 0.0)
    file, out = lab(tmp_path, "variant = ['adamw', 'tied']"), tmp_path / "runs"
    first = done(file, out, executor)
    written = {f: f.stat().st_mtime_ns for f in out.rglob("*.*") if f.is_file()}
    assert (first.done, first.found) == (2, 0)
    assert {f.name for f in (out / MODELS).iterdir()} == {f.stem for f in out.glob("*.json")}
    assert not list((out / CHECKPOINTS).glob("*"))
    again = done(lab(tmp_path, "variant = ['tied', 'adamw', 'coupled']"), out, executor)
    assert (again.done, again.found) == (1, 2)
    assert written.items() <= {f: f.stat().st_mtime_ns for f in out.rglob("*.*")}.items()


def test_the_same_text_elsewhere_is_the_same_run(tmp_path: Path, executor: Executor) -> None:
    out = tmp_path / "runs"
    done(lab(tmp_path), out, executor)
    (tmp_path / "elsewhere").mkdir()
    assert done(lab(tmp_path / "elsewhere"), out, executor).found == 1


def test_a_diverged_run_is_recorded_and_the_others_go_on(
    tmp_path: Path, executor: Executor
) -> None:
    file, out = lab(tmp_path, "learning_rate = [1e30, 1e-3]"), tmp_path / "runs"
    outcome = done(file, out, executor)
    assert outcome.done == 2
    assert list(outcome.failed.values()) == ["the loss is not finite at step 1"]
    assert done(file, out, executor).found == 2
    runs = read_runs(out, progress=None)
    assert ([f.step for f in runs.failures], len(runs.runs)) == ([1], 1)


def test_an_unreadable_result_is_set_aside_and_done_again(
    tmp_path: Path, executor: Executor
) -> None:
    out = tmp_path / "runs"
    done(lab(tmp_path), out, executor)
    (result,) = out.glob("*.json")
    content = result.read_bytes()
    result.write_bytes(content[:100])
    outcome = done(lab(tmp_path), out, executor)
    assert outcome.done == 1
    assert "moved to" in outcome.set_aside[0]
    assert read_runs(out, progress=None).runs[0].config == LabConfig(**SMALL)


def test_what_is_no_file_is_set_aside_unread(tmp_path: Path, executor: Executor) -> None:
    out = tmp_path / "runs"
    file = lab(tmp_path)
    (config, corpus), *_ = read_sweep(file).corpora(out / CORPORA).items()
    os.mkfifo(out / f"{run_identity(config, corpus.info)}.json")  # reading would wait for a writer
    outcome = done(file, out, executor)
    assert outcome.done == 1
    assert "not a file" in outcome.set_aside[0]


def test_an_error_of_one_run_leaves_the_others(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Training.make_step

    def broken(self: Training) -> None:
        if self.config.seed == 1:
            raise RuntimeError("no memory")
        step(self)

    monkeypatch.setattr(Training, "make_step", broken)
    outcome = done(lab(tmp_path, "seed = [0, 1, 2]"), tmp_path / "runs", executor)
    assert outcome.done == 2
    assert list(outcome.errors.values()) == ["RuntimeError: no memory"]


@pytest.mark.parametrize(
    ("text", "device", "said"),
    [
        ("batch = [4, 400]\ntokens = 6400", "cpu", "less than a batch of 400 windows of 16"),
        ("", "nvidia", "device 'nvidia' cannot be used here"),
    ],
)
def test_what_no_worker_could_do_is_refused_before_any_run(
    tmp_path: Path, executor: Executor, text: str, device: str, said: str
) -> None:
    corpora = read_sweep(lab(tmp_path, text)).corpora(tmp_path / "text")
    with pytest.raises(UsageError, match=said):
        sweep(corpora, tmp_path / "runs", executor=executor, device=device, progress=None)
    assert not list((tmp_path / "runs").glob("*.json"))


def test_a_disk_without_room_is_refused_before_anything_is_trained(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(1e5))
    said = r"2 models take about \S+ GB and the checkpoints of 1 worker \S+ GB, but 0.0001 GB are"
    with pytest.raises(UsageError, match=said):
        done(lab(tmp_path, "seed = [0, 1]"), tmp_path / "runs", executor)
    assert not list((tmp_path / "runs").glob("*.json"))


def test_a_disk_that_is_full_in_between_loses_nothing(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    file, out = lab(tmp_path), tmp_path / "runs"
    with monkeypatch.context() as patch:
        patch.setattr(training, "KEEP_EVERY", 0.0)
        patch.setattr("torch.save", full)
        outcome = done(file, out, executor)
    assert "No space left on device" in next(iter(outcome.errors.values()))
    assert done(file, out, executor).done == 1


def test_checkpoints_go_when_their_runs_are_done(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "KEEP_EVERY", 0.0)
    corpora = read_sweep(lab(tmp_path, "seed = [0, 1, 2, 3, 4, 5]")).corpora(tmp_path / "text")
    kept, seen = tmp_path / CHECKPOINTS, []

    def count(*at: object) -> None:
        seen.append(len(list(kept.glob("*.pt"))))

    sweep(corpora, tmp_path, executor=executor, progress=count)
    assert 0 < max(seen) <= 3  # a result may be on its way while the next run begins
    assert not list(kept.glob("*.pt"))
    done, begun = next(tmp_path.glob("[!.]*.json")).stem, "0" * 24
    for name in (done, begun):
        (kept / f"{name}.pt").touch()
    assert [file.stem for file in checkpoints(tmp_path, done=False)] == [begun]
    assert [file.stem for file in checkpoints(tmp_path, done=True)] == [done]
    assert checkpoints(tmp_path / "none", done=False) == []


def test_a_rough_time_is_that_of_one_shape_and_of_the_work_of_others(
    tmp_path: Path, executor: Executor, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpora = read_sweep(lab(tmp_path, "width = [8, 16]\nseed = [0, 1]")).corpora(tmp_path)
    narrow, wide = sorted(corpora, key=lambda config: (config.seed, config.width))[:2]
    timed: list[int] = []

    def speed(shape: LabConfig, *of: object) -> float:
        timed.append(shape.width)
        return 1000.0

    monkeypatch.setattr(timing, "_speed", speed)
    left = timing.time_left(corpora, tmp_path / "runs", rough=True).left
    assert timed == [8]
    assert left[narrow] == pytest.approx(narrow.trained_tokens / 1000)
    assert left[wide] / left[narrow] == pytest.approx(wide.about_work / narrow.about_work)
    sweep({wide: corpora[wide]}, tmp_path / "runs", executor=executor, progress=None)
    (run,) = read_runs(tmp_path / "runs", progress=None).runs
    left = timing.time_left(corpora, tmp_path / "runs", rough=True).left
    assert timed == [8] and len(left) == 3
    share = narrow.about_work / wide.about_work
    assert left[narrow] == pytest.approx(run.seconds * share, rel=1e-6)


# As a table


def test_the_table_has_a_row_a_run(tmp_path: Path, executor: Executor) -> None:
    out = tmp_path / "runs"
    done(lab(tmp_path, "variant = ['tied', 'adamw']\nseed = [1, 0]"), out, executor)
    (out / "other.json").write_text("{}")
    runs = read_runs(out, progress=None)
    frame = runs.to_frame()
    assert list(zip(frame["variant"], frame["seed"], strict=True)) == [
        ("adamw", 0), ("adamw", 1), ("tied", 0), ("tied", 1),
    ]  # fmt: skip
    assert (frame["source"] == "lab").all()
    assert frame["loss"].notna().all()
    assert len(runs.unreadable) == 1
    assert str(runs).splitlines()[0].split() == [
        "variant", "width", "tokens", "seed", "loss", "mean", "c²", "centered",
    ]  # fmt: skip


def test_a_wide_head_is_in_the_row_of_its_body(tmp_path: Path, executor: Executor) -> None:
    out = tmp_path / "runs"
    done(lab(tmp_path, "variant = ['wide', 'adamw']"), out, executor)
    frame = read_runs(out, progress=None).to_frame()
    assert list(zip(frame["width"], frame["head_width"], strict=True)) == [(8, 8), (8, 16)]


def test_damage_is_named(tmp_path: Path) -> None:
    from superscope.lab.result_file import read_result

    (tmp_path / "a.json").write_text("[1")
    with pytest.raises(FormatError, match="it is not JSON"):
        read_result(tmp_path / "a.json")


EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples" / "lab").glob("*.toml"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_sweeps_of_the_examples_are_sweeps(file: Path) -> None:
    assert len(read_sweep(file).configs) >= 30
