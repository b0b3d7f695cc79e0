"""A head over training after the fact equals the same checkpoints measured one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from command import superscope
from files import matrix, safetensors
from web import Hub, Repo

import superscope as package
from superscope import measure, measure_revisions
from superscope.errors import HeadDataError, UsageError
from superscope.heads import cache
from superscope.watch import EventKind, RevisionTrace, read_trace
from superscope.watch.revisions import kept_in

NAME = "owner/model"
STEPS = (0, 2, 1000)
V, WIDTH = 3000, 64
pytestmark = pytest.mark.usefixtures("no_waits")


@pytest.fixture
def repo(hub: Hub) -> Repo:
    """A model at three steps, whose rows get a common part while it trains."""
    repo = hub.repos[NAME] = Repo()
    for step in STEPS:
        repo.commit(files(step), f"step{step}")
    return repo


def files(step: int) -> dict[str, bytes]:
    body = {f"model.layers.{k}.mlp.weight": matrix(V, WIDTH, k) for k in range(2)}
    head = matrix(V, WIDTH) + np.float32(step / 1000)
    return {
        "model.safetensors": safetensors({"lm_head.weight": head, **body}),
        "config.json": b'{"tie_word_embeddings": false}',
        "tokenizer.json": b" " * 1_000_000,  # not valid, and not asked for
    }


def saved(folder: Path) -> Path:
    """Write checkpoints as transformers' Trainer does."""
    for step in STEPS:
        place = folder / f"checkpoint-{step}"
        place.mkdir(parents=True)
        for name, content in files(step).items():
            if name != "tokenizer.json":
                (place / name).write_bytes(content)
        (place / "optimizer.pt").write_bytes(b"of training")
        (place / "trainer_state.json").write_text("{}")
    return folder


def numbers(trace: RevisionTrace) -> list[float | None]:
    return [point.observation.mean_square_overlap for point in trace.points]


def test_checkpoints_of_a_trainer_are_measured_to_the_bit_as_one_by_one(tmp_path: Path) -> None:
    run = saved(tmp_path / "run")
    trace = measure_revisions(run, "checkpoint-*", progress=None)
    assert [point.step for point in trace.points] == list(STEPS)
    for point in trace.points:
        alone = measure(run / f"checkpoint-{point.step}", pairs="none")
        named = {"model": str(run), "run": f"checkpoint-{point.step}"}
        assert point.observation == replace(alone.observation(), **named)
        assert point.mean_row_share == alone.mean_row_share
        assert point.regime == alone.regime
    shares = [point.mean_row_share or 0.0 for point in trace.points]
    assert shares == pytest.approx([0, 0, 0.5], abs=0.02)  # 1² against 1² + 1
    assert [(event.step, event.kind) for event in trace.events] == [(1000, EventKind.MEAN_ROW)]


def test_a_second_call_fetches_nothing_and_a_new_checkpoint_its_head_alone(
    hub: Hub, repo: Repo
) -> None:
    before = measure_revisions(NAME, "step*", progress=None)
    assert [point.observation.revision for point in before.points] == [
        repo.refs[f"step{step}"] for step in STEPS
    ]
    head = V * WIDTH * 4
    assert 3 * head <= hub.cdn.body_bytes() <= 3 * (head + 4_000)
    assert hub.body_bytes("tokenizer.json") == 0
    assert not list(cache.root().rglob("head-*")), "heads of a whole training are not kept"

    sent, asked = hub.cdn.body_bytes(), len(hub.requests)
    assert measure_revisions(NAME, "step*", progress=None) == before
    assert (hub.cdn.body_bytes(), len(hub.requests)) == (sent, asked + 1)
    repo.commit(files(3000), "step3000")
    after = measure_revisions(NAME, "step*", progress=None)
    assert after.points[:3] == before.points
    assert after.points[3].step == 3000
    assert head <= hub.cdn.body_bytes() - sent <= head + 4_000


def test_it_goes_on_where_it_was_stopped_and_without_a_network(hub: Hub, repo: Repo) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_revisions(NAME, "step*", progress=stop)
    assert len(list(kept_in(NAME).glob("*.json"))) == 2
    sent = hub.cdn.body_bytes()
    whole = measure_revisions(NAME, "step*", progress=None)
    assert hub.cdn.body_bytes() - sent <= V * WIDTH * 4 + 4_000
    hub.stop()
    hub.cdn.stop()
    assert measure_revisions(NAME, "step*", progress=None) == whole


def test_one_that_cannot_be_read_does_not_stop_the_others(hub: Hub, repo: Repo) -> None:
    broken = files(5)
    broken["model.safetensors"] = broken["model.safetensors"][:1000]
    repo.commit(broken, "step5")
    repo.refs["step-final"] = repo.refs["step1000"]
    trace = measure_revisions(NAME, "step*", progress=None)
    assert [point.step for point in trace.points] == list(STEPS)
    assert [(one.name, one.step) for one in trace.missing] == [("step5", 5)]
    assert "model.safetensors" in trace.missing[0].why
    assert trace.unnumbered == ("step-final",)
    assert "step5: " in str(trace)
    with pytest.raises(HeadDataError, match="no revision of owner/model was measured; the first"):
        measure_revisions(NAME, "step5", progress=None)
    repo.commit(files(5), "step5")  # repaired
    assert len(measure_revisions(NAME, "step*", progress=None).points) == 4


def test_other_options_are_measured_anew_and_damage_is_repaired(tmp_path: Path) -> None:
    run, out = saved(tmp_path / "run"), tmp_path / "out"
    trace = measure_revisions(run, "c*", out=out, progress=None)
    measure_revisions(run, "c*", out=out, rows="trained", progress=None)
    kept = sorted(out.glob("*.json"))
    assert len(kept) == 6
    for file in kept:
        file.write_text("{")
    assert measure_revisions(run, "c*", out=out, progress=None) == trace
    assert len(list((out / "set-aside").iterdir())) == 3


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    run = saved(tmp_path)
    with pytest.raises(UsageError, match="the pattern names them all"):
        measure_revisions(run, "c*", revision="main")
    with pytest.raises(UsageError, match="no numbers of pairs"):
        measure_revisions(run, "c*", pairs="exact")


def test_the_command_writes_a_table_and_says_what_is_missing(tmp_path: Path) -> None:
    run = saved(tmp_path / "run")
    (run / "checkpoint-7").mkdir()
    (run / "checkpoint-best").mkdir()
    parquet, csv = tmp_path / "t.parquet", tmp_path / "t.csv"
    done = superscope("measure", run, "--revisions", "checkpoint-*", "--table", parquet)
    assert done.code == 2
    assert "left out, because they have no number of a step: checkpoint-best" in done.err
    assert "checkpoint-7 has no weights file" in done.err
    assert "1 of 4 revisions were not measured: checkpoint-7" in done.err.splitlines()[-1]
    assert done.out.splitlines()[0] == f"{run}: 3 revisions"
    assert [point.step for point in read_trace(parquet).points] == list(STEPS)
    (run / "checkpoint-7").rmdir()
    done = superscope("measure", run, "--revisions", "checkpoint-*", "--table", csv, "--json")
    assert done.code == 0
    assert len(done.out.splitlines()) == 3
    assert csv.read_text().startswith("step,source,run")
    listed = superscope("cache").out
    assert f"{run}" in listed
    assert "measured revisions" in listed
    superscope("cache", "--clear")
    assert not kept_in(run).exists()
    assert cache.root().is_dir()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{run}", "{run}", "--revisions", "c*"], "name a single one"),
        (["--revisions", "c*"], "name a single one"),
        (["{run}", "--revisions", "c*", "--initial", "gpt2"], "--initial does not go with"),
        (["{run}", "--revisions", "c*", "--tokens", "t.csv"], "--tokens does not go with"),
        (["{run}", "--revisions", "c*", "--revision", "main"], "--revision"),
        (["{run}", "--revisions", "stpe*"], "no folder or weights file that matches 'stpe*'"),
        (["{run}/checkpoint-0/model.safetensors", "--revisions", "*"], "has no revisions"),
        (["{run}", "--revisions", "c*", "--table", "t.xlsx"], ".parquet or .csv"),
    ],
)
def test_commands_that_cannot_be(tmp_path: Path, arguments: list[str], said: str) -> None:
    run = saved(tmp_path)
    done = superscope("measure", *(a.replace("{run}", str(run)) for a in arguments))
    assert done.code == 2
    assert said in done.err
    assert done.err.count("\n") == 1


def test_the_name_is_public() -> None:
    assert package.measure_revisions is measure_revisions
