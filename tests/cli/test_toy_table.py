"""`superscope toy table`: one row for each run of a folder."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
from command import Done, superscope

from superscope import read_observations
from superscope.observations import COLUMNS
from superscope.toy import ToyConfig, loss_curves, product, read_runs, sweep

CONFIGS = product(
    {"n": 20, "width": [5, 2, 3], "batch": 32, "steps": 20, "seed": [1, 0], "alpha": [1, 0.5]}
)


def run(*arguments: object) -> Done:
    return superscope("toy", "table", *arguments)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs, none of which went wrong."""
    folder = tmp_path_factory.mktemp("runs")
    with ThreadPoolExecutor(1) as executor:
        assert sweep(CONFIGS, folder, executor=executor).done == len(CONFIGS)
    return folder


def test_csv_on_the_standard_output_is_the_table(runs: Path, tmp_path: Path) -> None:
    done = run(runs)
    assert done.code == 0, done.err
    assert done.err == ""
    (tmp_path / "table.csv").write_text(done.out)
    frame = read_observations(tmp_path / "table.csv")
    assert tuple(frame.columns) == COLUMNS
    assert tuple(pd.read_csv(io.StringIO(done.out)).columns) == COLUMNS
    assert set(frame["run"]) == {config.identity for config in CONFIGS}
    assert set(frame["source"]) == {"toy"}
    order = list(zip(frame["frequency_exponent"], frame["width"], frame["seed"], strict=True))
    assert order == sorted(order)
    assert order == [(a, m, s) for a in (0.5, 1.0) for m in (2, 3, 5) for s in (0, 1)]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_table_says_of_each_run_what_was_measured(
    runs: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"table.{suffix}"
    done = run(runs, "--out", out)
    assert done.code == 0, done.err
    assert done.out == f"12 runs in {out}\n"
    frame = read_observations(out).set_index("run")
    for point in read_runs(runs).points:
        row, o = frame.loc[point.config.identity], point.observation
        assert row["width"] == point.config.width
        assert row["features"] == 20
        assert row["loss"] == o.loss
        assert row["represented_fraction"] == o.represented_fraction
        assert row["norm_cv"] == o.norm_cv
        assert row["mean_square_overlap"] == o.mean_square_overlap


def test_what_is_no_finished_run_is_named_and_left_out(tmp_path: Path) -> None:
    good = ToyConfig(n=20, width=2, batch=32, steps=20)
    bad = ToyConfig(n=20, width=2, batch=32, steps=20, learning_rate=1e30)
    with ThreadPoolExecutor(1) as executor:
        sweep([good, bad], tmp_path / "runs", executor=executor)
    (tmp_path / "runs" / "other.npz").write_bytes(b"garbage")
    done = run(tmp_path / "runs", "--out", tmp_path / "table.csv")
    assert done.code == 0
    unreadable, failed = done.err.splitlines()
    assert "other.npz" in unreadable
    assert f"run {bad.identity} was left out: diverged at step" in failed
    assert list(read_observations(tmp_path / "table.csv")["run"]) == [good.identity]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{tmp}/absent"], "absent"),
        (["{tmp}/empty"], "empty has no finished run; make some with: superscope toy sweep"),
        (["{tmp}/empty/file"], "file"),
        (["{runs}", "--out", "{tmp}/table.xlsx"], ".parquet or .csv"),
        (["{runs}", "--out", "{tmp}/absent/table.csv"], "cannot write"),
        ([], "RUNS"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(
    runs: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "file").write_bytes(b"")
    before = sorted(tmp_path.rglob("*"))
    done = run(*(a.format(runs=runs, tmp=tmp_path) for a in arguments))
    assert done.code == 2
    assert done.out == ""
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert sorted(tmp_path.rglob("*")) == before


def test_curves_are_the_loss_over_the_steps_of_every_run(runs: Path, tmp_path: Path) -> None:
    done = run(runs, "--out", tmp_path / "table.csv", "--curves", tmp_path / "curves.csv")
    assert (done.code, done.err) == (0, "")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "curves.csv"), loss_curves(runs))
    assert run(runs, "--curves", tmp_path / "curves.txt").code == 2
