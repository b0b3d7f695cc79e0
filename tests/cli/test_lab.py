"""``superscope lab train`` and ``superscope lab table``."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import lab_sweeper
import pandas as pd
import pytest
from command import superscope
from extras import needed
from lab_tables import simulate
from lab_texts import SMALL, documents
from tasks import eventually, group_members

from superscope.cli import lab_train
from superscope.device import one_torch_thread
from superscope.lab import LabFailure, LabRun, read_runs, read_sweep, sweep, train, training
from superscope.lab.sweeps import CHECKPOINTS, CORPORA, MODELS, checkpoints
from superscope.lab.table import OWN
from superscope.observations import COLUMNS, DTYPES
from superscope.runs import SweepOutcome, workers_of


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train in this process."""
    with ThreadPoolExecutor(1) as threads:
        workers = nullcontext(workers_of(threads))
        monkeypatch.setattr(lab_train, "chosen_workers", lambda *options: workers)
        yield


def lab(folder: Path, more: str) -> Path:
    (folder / "words.txt").write_text("\n".join(documents()))
    small = "\n".join(f"{name} = {value}" for name, value in SMALL.items())
    file = folder / "lab.toml"
    file.write_text(f"{small}\n{more}\n[text]\nfiles = 'words.txt'\nsplit = 'line'\n")
    return file


@pytest.mark.usefixtures("one_thread")
def test_a_sweep_is_trained_and_made_a_table(tmp_path: Path) -> None:
    file, out = lab(tmp_path, "variant = ['adamw', 'coupled']"), tmp_path / "runs"
    done = superscope("lab", "train", file, "--out", out)
    assert (done.code, done.out) == (0, f"2 runs in {out}: 2 done now, 0 found there, 0 diverged\n")
    (corpus,) = {c.folder: c for c in read_sweep(file).corpora(out / CORPORA).values()}.values()
    read = (
        f"superscope: text {corpus.info.name}: {corpus.info.tokens:,} tokens to train on, "
        f"{corpus.info.held_out_tokens:,} held out, vocabulary 270"
    )
    *before, about, end = done.err.splitlines()
    assert before == [
        "making a tokenizer of 270 entries: done", f"making {corpus.info.name} into tokens: done",
        read,
    ]  # fmt: skip
    assert re.fullmatch(
        r"superscope: 2 runs of 2 to do: about \d+ s on \d cores? of this machine; stop them at "
        "will", about,
    )  # fmt: skip
    assert end == "runs: 2 of 2"
    again = superscope("lab", "train", file, "--out", out)
    assert again.out == f"2 runs in {out}: 0 done now, 2 found there, 0 diverged\n"
    assert again.err.splitlines() == [
        read, "superscope: 0 runs of 2 to do; stop them at will", "runs: 2 of 2",
    ]  # fmt: skip
    table = superscope("lab", "table", out)
    frame = pd.read_csv(io.StringIO(table.out))
    assert tuple(frame.columns[: len(COLUMNS)]) == COLUMNS
    assert list(frame["variant"]) == ["adamw", "coupled"]
    written = superscope("lab", "table", out, "--out", tmp_path / "table.parquet")
    assert written.out == f"2 runs in {tmp_path / 'table.parquet'}\n"
    assert len(pd.read_parquet(tmp_path / "table.parquet")) == 2
    (out / f"{'0' * 24}.json").write_text("no run")
    report = superscope("lab", "report", out, tmp_path / "table.parquet")
    assert report.out.startswith("2 runs\n\nwhat variants are worth against adamw: words, ")
    assert "coupled: cannot be said: one seed gives no interval" in report.out
    assert f"{'0' * 24}.json" in report.err


@pytest.mark.usefixtures("one_thread")
def test_runs_that_a_table_has_are_not_repeated(tmp_path: Path) -> None:
    table, more = tmp_path / "table.csv", lab(tmp_path, "seed = 0")
    superscope("lab", "train", more, "--out", tmp_path / "here")
    superscope("lab", "table", tmp_path / "here", "--out", table)
    file, there = lab(tmp_path, "seed = [0, 1]"), tmp_path / "there"
    asked = ("lab", "train", file, "--out", there, "--done", table)
    plan = superscope(*asked, "--dry-run").out
    assert plan.startswith("2 runs: 1 done elsewhere, 0 done, 0 diverged, 1 to do\n")
    assert superscope(*asked).out.startswith(f"1 run in {there}: 1 done now")
    both = superscope("lab", "report", table, there)
    assert both.out.startswith("2 runs\n")
    again = (
        "lab",
        "train",
        lab(tmp_path, "seed = 0"),
        "--out",
        tmp_path / "empty",
        "--done",
        table,
    )
    for nothing in (superscope(*again), superscope(*again, "--dry-run")):
        assert nothing.out == (
            f"1 run is done elsewhere, and nothing is left; see: superscope lab report {table}\n"
        )
    table.write_text("run\n0\n")
    refused = superscope("lab", "train", file, "--out", tmp_path / "new", "--done", table)
    assert refused.code == 2
    assert not (tmp_path / "new").exists()  # before any text is read


@pytest.mark.usefixtures("one_thread")
def test_a_dry_run_trains_nothing_and_says_how_long_it_takes(tmp_path: Path) -> None:
    file, out = lab(tmp_path, "seed = [0, 1]\nlearning_rate = [1e-3, 1e30]"), tmp_path / "runs"
    told = superscope("lab", "train", file, "--out", out, "--dry-run")
    plan = told.out.splitlines()
    assert plan[0] == "4 runs: 0 done, 0 diverged, 4 to do"
    assert plan[1].split() == ["width", "tokens", "trained", "runs", "a", "run", "all"]
    assert plan[2].split()[:4] == ["8", "384", "384", "4"]
    assert plan[3].startswith("about ")
    assert told.err.splitlines()[:2] == [
        "making a tokenizer of 270 entries: done", "making words into tokens: done",
    ]  # fmt: skip
    assert "timing: done" in told.err.splitlines()
    assert not list(out.glob("*.json"))
    superscope("lab", "train", file, "--out", out)
    plan = superscope("lab", "train", file, "--out", out, "--dry-run").out
    assert plan == "4 runs: 2 done, 2 diverged, 0 to do\n"


@pytest.mark.usefixtures("one_thread")
def test_a_diverged_run_is_told_and_the_others_are_there(tmp_path: Path) -> None:
    file, out = lab(tmp_path, "learning_rate = [1e30, 1e-3]"), tmp_path / "runs"
    done = superscope("lab", "train", file, "--out", out)
    assert (done.code, done.out[-11:]) == (0, "1 diverged\n")
    assert "the loss is not finite at step 1" in done.err
    table = superscope("lab", "table", out)
    assert "has no loss: the loss is not finite" in table.err
    assert table.out.count("\n") == 3


@pytest.mark.usefixtures("one_thread")
def test_a_sweep_of_which_all_diverged_is_an_error(tmp_path: Path) -> None:
    file, out = lab(tmp_path, "learning_rate = [1e30, 1e31]"), tmp_path / "runs"
    done = superscope("lab", "train", file, "--out", out)
    assert (done.code, done.out[-11:]) == (2, "2 diverged\n")
    assert "no run of 2 has a loss: all diverged; lower learning_rate" in done.err
    again = superscope("lab", "train", file, "--out", out)
    assert (again.code, again.err.splitlines()[-1]) == (2, done.err.splitlines()[-1])


def test_a_device_that_is_not_here_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    file, out = lab(tmp_path, "seed = [0, 1]"), tmp_path / "runs"
    for more in ((), ("--workers", 2), ("--executor", "dask"), ("--dry-run",)):
        done = superscope("lab", "train", file, "--out", out, "--device", "nvidia", *more)
        assert (done.code, done.out) == (2, "")
        assert "device 'nvidia' cannot be used here" in done.err
        assert len(done.err.splitlines()) == 1
    assert not out.exists()


@pytest.mark.slow
def test_sigterm_keeps_the_step_that_a_run_has_reached(tmp_path: Path) -> None:
    file, out = lab(tmp_path, ""), tmp_path / "runs"
    file.write_text(f"{file.read_text()}[[runs]]\n[[runs]]\ntokens = 100_000_000\n")
    command = [sys.executable, "-m", "superscope", "lab", "train", file, "--out", out]
    sweeping = subprocess.Popen([*command, "--workers", "1"], stderr=subprocess.PIPE, text=True)
    try:
        assert eventually(lambda: list(out.glob("[!.]*.json")), 120)  # the other one has begun
        time.sleep(0.5)
        sweeping.terminate()
        told = sweeping.communicate(timeout=60)[1]
    finally:
        sweeping.kill()
    assert sweeping.returncode == 130
    assert f"stopped: 1 run is done, 1 begun, and kept in {out}; the same command" in told
    assert len(list((out / CHECKPOINTS).glob("[!.]*.pt"))) == 1


@pytest.mark.slow
def test_killed_in_the_middle_of_a_run_it_goes_on_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, out = lab(tmp_path, "seed = 0"), tmp_path / "runs"
    long = 200
    file.write_text(f"{file.read_text()}[[runs]]\n[[runs]]\ntokens = {64 * long}\n")
    command = [sys.executable, "-W", "error", lab_sweeper.__file__, file, "--out", out]
    sweeping = subprocess.Popen(
        [*command, "--workers", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert eventually(lambda: list((out / CHECKPOINTS).glob("[!.]*.pt")), 120)
        assert eventually(lambda: list(out.glob("[!.]*.json")), 20)
        assert eventually(lambda: _begun(out), 20)
        assert sweeping.poll() is None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(sweeping.pid, signal.SIGKILL)
        sweeping.wait()
    assert eventually(lambda: not group_members(sweeping.pid), 20)
    (short,) = out.glob("[!.]*.json")
    before = short.stat().st_mtime_ns, short.read_bytes()

    steps: list[int] = []
    step = training.Training.make_step

    def noted(self: training.Training) -> None:
        steps.append(self.step)
        step(self)

    corpora = read_sweep(file).corpora(out / CORPORA)
    with ThreadPoolExecutor(1) as threads, monkeypatch.context() as patch, one_torch_thread():
        patch.setattr(training.Training, "make_step", noted)
        outcome = sweep(corpora, out, executor=threads, progress=None)
    assert outcome == SweepOutcome(1, 1, {}, {}, ())
    assert 0 < steps[0] < long
    assert steps == list(range(steps[0], long))
    assert (short.stat().st_mtime_ns, short.read_bytes()) == before
    with one_torch_thread():
        whole = [train(c, corpus, device="cpu", progress=None) for c, corpus in corpora.items()]
    kept = read_runs(out, progress=None)
    assert kept.unreadable == ()
    assert {_bits(run) for run in kept.runs} == {_bits(run) for run in whole}
    assert {f.name for f in (out / MODELS).iterdir()} == {run.identity for run in kept.runs}


def _begun(out: Path) -> bool:
    """Return whether there is a checkpoint of a run that has no result."""
    return len(checkpoints(out, done=False)) > 0


def _bits(run: LabRun | LabFailure) -> str:
    """Return all of a run but how long it took."""
    assert isinstance(run, LabRun)
    return replace(run, seconds=1.0).to_json()


@pytest.mark.slow
def test_a_sweep_runs_on_a_dask_cluster_to_the_same_bits(tmp_path: Path) -> None:
    needed("distributed")
    file, out = lab(tmp_path, "seed = [0, 1]"), tmp_path / "runs"
    done = superscope(
        "lab", "train", file, "--out", out, "--executor", "dask", "--workers", 1
    )  # fmt: skip
    assert (done.code, done.out) == (0, f"2 runs in {out}: 2 done now, 0 found there, 0 diverged\n")
    assert "Traceback" not in done.err
    with one_torch_thread():
        whole = {
            _bits(train(c, corpus, device="cpu", progress=None))
            for c, corpus in read_sweep(file).corpora(out / CORPORA).items()
        }
    assert {_bits(run) for run in read_runs(out, progress=None).runs} == whole


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("widht = 3", "the lab has no field 'widht'; did you mean width"),
        ("variant = 'growth=-1'", "must be a number of at least 0"),
        ("decay = 'strong'", "decay must be a number, not 'strong'"),
    ],
)
def test_what_cannot_be_trained_is_refused(tmp_path: Path, more: str, said: str) -> None:
    done = superscope("lab", "train", lab(tmp_path, more), "--out", tmp_path / "runs")
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "runs").exists()


def test_runs_in_a_place_that_is_a_file_are_refused(tmp_path: Path) -> None:
    """As where the sweep's own file is named twice; it stays as it is."""
    file = lab(tmp_path, "")
    before = file.read_bytes()
    for more in ((), ("--dry-run",)):
        done = superscope("lab", "train", file, "--out", file, *more)
        assert (done.code, done.out) == (2, "")
        assert f"cannot write {file}: {file} is a file, not a folder" in done.err
    assert file.read_bytes() == before


@pytest.mark.usefixtures("one_thread")
def test_a_text_too_short_is_refused(tmp_path: Path) -> None:
    file = lab(tmp_path, "")
    file.write_text(file.read_text().replace("batch = 4", "batch = 4000").replace("384", "64000"))
    done = superscope("lab", "train", file, "--out", tmp_path / "runs")
    assert done.code == 2
    assert "less than a batch of 4000 windows of 16" in done.err
    assert not list((tmp_path / "runs").glob("*.json"))


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    done = superscope("lab", "table", tmp_path)
    assert done.code == 2
    assert "has no finished run; make some with: superscope lab train" in done.err


# What variants are worth


def test_a_report_of_tables_says_what_variants_are_worth(tmp_path: Path) -> None:
    made = {"muon": 1.25, "factored=32": 0.5, "factored=64": 0.8}
    table = simulate(made, noise=0.003, shared=0.02)
    first, second = tmp_path / "first.csv", tmp_path / "second.parquet"
    complete(table[table["seed"] < 2]).to_csv(first, index=False)
    complete(table[table["seed"] > 0]).to_parquet(second, index=False)
    gains = tmp_path / "gains.csv"
    page, figures = tmp_path / "page.html", tmp_path / "figures"
    done = superscope("lab", "report", first, second, "--table", gains, "--out", page,
                      "--figures", figures)  # fmt: skip
    assert done.code == 0
    assert "No variant was trained at four settings of one width and budget" in done.err
    assert sorted(f.stem for f in figures.glob("*.svg")) == [
        "gains", "heads", "heads-2", "slopes", "worth",
    ]  # fmt: skip
    assert "<h2>muon</h2>" in page.read_text()
    assert done.out.startswith("36 runs\n\nwhat variants are worth against adamw: simulated, ")
    assert "  muon: worth +2" in done.out
    assert "heads of rank r on a body of width 128, and bodies of width r" in done.out
    assert pd.read_csv(gains)["variant"].unique().tolist() == ["muon"]
    assert sorted(f.name for f in tmp_path.glob("gains.*")) == [
        "gains.csv", "gains.heads.csv", "gains.slopes.csv",
    ]  # fmt: skip
    line = superscope("lab", "report", first, second, "--baseline", "muon", "--json").out
    assert json.loads(line)["gains"]["baseline"] == "muon"


def test_what_cannot_be_reported_is_refused(tmp_path: Path) -> None:
    table = complete(simulate({"coupled": 1, "muon": 1.25}))
    table = table[table["variant"] != "adamw"]
    file, other = tmp_path / "runs.csv", tmp_path / "other.csv"
    table.to_csv(file, index=False)
    table.assign(loss=3.0).to_csv(other, index=False)
    pd.DataFrame({"width": [1], "loss": [2]}).to_csv(tmp_path / "no.csv", index=False)
    for given, said in {
        (): "name folders or tables of lab runs",
        (file,): "has no variant 'adamw'; variants: coupled, muon",
        (
            tmp_path / "no.csv",
        ): "lab table writes them: it has no column run, dataset, architecture, variant and",
        (file, other): "leave one of them out",
        (tmp_path / "none",): "there is no folder or table",
        (
            tmp_path,
        ): f"there is no finished run in {tmp_path}; make some with: superscope lab train",
        (file, "--out", tmp_path / "lab.toml"): "lab.toml must end in .html or .htm, to say in",
        (file, "--out", file / "a.html"): f"a.html: {file} is a file, not a folder",
        (file, "--out", tmp_path / "no" / "a.html"): f"there is no folder {tmp_path / 'no'}",
        (file, "--figures", file): f"cannot write {file}: {file} is a file, not a folder",
        (file, "--figures", file / "a"): f"{file} is a file, not a folder",
    }.items():
        done = superscope("lab", "report", *given)
        assert (done.code, done.out) == (2, "")
        assert said in done.err


def complete(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with every column that lab table writes."""
    return table.reindex(columns=[*DTYPES, *OWN])
