"""Watching a head in a plain loop: what it reports, when, and what it leaves alone."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tiny_models import tiny_model

import superscope
from superscope import Observation, Watch
from superscope.errors import FormatError, HeadDataError, UsageError
from superscope.geometry.shards import WHOLE, Shards
from superscope.heads import head_of
from superscope.watch import EventKind, read_trace
from superscope.watch._watch import OPTIONS
from superscope.watch.events import PATIENCE
from superscope.watch.live import unwrapped
from superscope.watch.observer import Observer

NAMES = ("source", "run", "family", "model", "revision")


def numbers(observation: Observation) -> dict[str, object]:
    return {name: value for name, value in asdict(observation).items() if name not in NAMES}


def loaded(folder: Path, **options: Any) -> Any:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, **options)


def layer(rows: int = 60, width: int = 8, seed: int = 0) -> torch.nn.Linear:
    made = torch.nn.Linear(width, rows, bias=False)
    with torch.no_grad():
        values = np.random.default_rng(seed).standard_normal((rows, width))
        made.weight.copy_(torch.from_numpy(values))
    return made


def kinds(watch: Watch) -> list[tuple[int, EventKind]]:
    return [(event.step, event.kind) for event in watch.trace.events]


# What it reports


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["gpt-neox", "qwen2"])  # the head of the second one is tied
def test_it_reports_to_the_bit_what_measuring_the_saved_checkpoint_does(
    kind: str, dtype: str, tmp_path: Path
) -> None:
    model = loaded(tiny_model(kind, tmp_path / "start", dtype=dtype))
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    watch = Watch(model, every=2)
    generator = torch.Generator().manual_seed(0)
    for step in range(5):
        point = watch.step(step)
        if point is not None:
            model.save_pretrained(tmp_path / str(step))
            saved = superscope.measure(tmp_path / str(step), progress=None)
            assert numbers(point.observation) == numbers(saved.observation())
            assert point.mean_row_share == saved.mean_row_share
        ids = torch.randint(0, 300, (2, 16), generator=generator)
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert [point.step for point in watch.trace.points] == [0, 2, 4]


def test_a_shift_of_all_rows_is_drift_and_the_rest_their_own() -> None:
    rows = np.random.default_rng(0).standard_normal((50, 4))
    own = np.random.default_rng(1).standard_normal((50, 4))
    own -= own.mean(axis=0)
    shift = np.array([3.0, 0, 0, 0])
    watch = Watch(rows)
    watch.observe(0)
    usual = math.sqrt(np.mean(np.sum(rows**2, axis=1)))
    rows += shift + own
    point = watch.observe(1)
    assert point is not None
    assert point.drift_update == pytest.approx(3 / usual, rel=1e-6)
    assert point.own_update == pytest.approx(
        math.sqrt(np.mean(np.sum(own**2, axis=1))) / usual, rel=1e-6
    )


def test_training_is_the_same_with_and_without_it(tmp_path: Path) -> None:
    ends = []
    for watched in (False, True):
        torch.manual_seed(0)
        model = loaded(tiny_model("gpt2", tmp_path))
        model.train()  # with dropout
        watch = Watch(model, every=1, pairs="sample", out=tmp_path / "run.parquet")
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for step in range(3):
            if watched:
                watch.step(step)
            ids = torch.randint(0, 300, (2, 8))
            model(input_ids=ids, labels=ids).loss.backward()
            optimizer.step()
        ends.append(model.lm_head.weight.detach().clone())
    assert torch.equal(*ends)


def test_mixed_precision_and_observing_within_autocast_change_nothing() -> None:
    head = layer()
    with torch.autocast("cpu", torch.bfloat16):
        within = Watch(head).observe(0)
    without = Watch(head).observe(0)
    assert within == without


# When


def test_it_observes_the_first_step_and_every_so_many(tmp_path: Path) -> None:
    watch = Watch(layer(), every=10)
    for step in [3, 4, 9, 10, 10, 11, 25, 26, 30]:  # the same step twice, and steps left out
        watch.step(step)
    assert [point.step for point in watch.trace.points] == [3, 10, 25, 30]


@pytest.mark.parametrize("updates", [True, False])
def test_observing_a_step_twice_keeps_one_row(updates: bool) -> None:
    watch = Watch(layer(), updates=updates)
    assert watch.observe(5) == watch.observe(5)
    assert len(watch.trace.points) == 1


def test_the_loss_stands_beside_the_head() -> None:
    head = layer()
    point = Watch(head).observe(0, loss=2.5)
    assert point is not None and point.observation.loss == 2.5
    loss = head(torch.ones(1, 8)).sum()  # as a loop has it, with its graph
    point = Watch(head).observe(0, loss=loss)
    assert point is not None and point.observation.loss == loss.item()


def test_a_loss_that_is_known_later_is_put_beside_the_head(tmp_path: Path) -> None:
    head, path = layer(), tmp_path / "run.parquet"
    watch = Watch(head, out=path)
    watch.step(0)
    point = watch.observe(0, loss=2.5)
    assert point is not None and point.observation.loss == 2.5
    assert read_trace(path) == watch.trace == superscope.Trace((point,))
    resumed = Watch(head, out=path).observe(0, loss=2.0)
    assert resumed is not None and resumed.observation.loss == 2.0


def test_a_resumed_run_replaces_the_rows_after_its_step(tmp_path: Path) -> None:
    path, states = tmp_path / "run.parquet", {}

    def train(watch: Watch, head: torch.nn.Linear, steps: range) -> None:
        for step in steps:
            watch.step(step)
            states[step] = head.weight.detach().clone()
            with torch.no_grad():
                head.weight += 0.2 * (1 + step % 7)

    head = layer()
    train(Watch(head, every=2, out=path), head, range(7))
    whole = read_trace(path)
    with torch.no_grad():
        head.weight.copy_(states[4])
    train(Watch(head, every=2, out=path), head, range(4, 7))
    again = read_trace(path)
    assert [point.step for point in again.points] == [0, 2, 4, 6]
    # Whether rows are abandoned takes three updates to see.
    assert [replace(point, abandoned_rows=None) for point in again.points] == [
        replace(point, abandoned_rows=None) for point in whole.points
    ]
    assert again.events == whole.events
    assert EventKind.MEAN_ROW in {event.kind for event in again.events}


def test_another_run_in_the_same_file_replaces_all_of_it(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    for seed in (0, 1):
        watch = Watch(layer(seed=seed), every=1, out=path)
        for step in range(3 - seed):
            watch.step(step)
        assert read_trace(path) == watch.trace
    assert len(read_trace(path).points) == 2


def test_going_back_within_a_process_drops_what_came_later() -> None:
    head = layer()
    watch = Watch(head)
    for step in (0, 100, 200, 100):
        watch.observe(step)
    assert [point.step for point in watch.trace.points] == [0, 100]
    assert watch.trace.points[-1].drift_update is None  # from 200 to 100 is no update


# Models


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")
def test_wrapped_and_compiled_models_are_unwrapped(tmp_path: Path) -> None:
    model = loaded(tiny_model("llama", tmp_path))
    plain = Watch(model).observe(0)
    wrapped = torch.nn.DataParallel(torch.compile(model))
    assert Watch(wrapped).observe(0) == plain


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_model_that_calls_its_body_module_is_no_wrapper(wrapped: bool) -> None:
    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = torch.nn.Linear(8, 8)
            self.lm_head = layer()

    model = Model()
    point = Watch(torch.nn.DataParallel(model) if wrapped else model).observe(0)
    assert point is not None and point.observation.features == 60


def test_a_model_with_parameters_of_its_own_is_no_wrapper() -> None:
    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = torch.nn.Linear(8, 8)
            self.rows = layer().weight

    model = Model()
    assert unwrapped(model) is model


def test_a_model_that_accelerate_prepared_is_watched(tmp_path: Path) -> None:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, PartialState

    for shared in (AcceleratorState, PartialState):  # what another test left in this process
        shared._reset_state()
    model = loaded(tiny_model("llama", tmp_path))
    plain = Watch(model).observe(0)
    prepared = Accelerator(cpu=True, mixed_precision="bf16").prepare(model)
    assert Watch(prepared).observe(0) == plain


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # PEFT's
def test_the_adapted_head_of_a_peft_model_is_watched(tmp_path: Path) -> None:
    import peft

    model = loaded(tiny_model("llama", tmp_path))
    adapted = peft.get_peft_model(
        model, peft.LoraConfig(r=2, lora_alpha=6, target_modules=["lm_head"], task_type="CAUSAL_LM")
    )
    with torch.no_grad():
        torch.nn.init.normal_(adapted.get_output_embeddings().lora_B["default"].weight)
    watched = Watch(adapted).observe(0)
    merged = Watch(adapted.merge_and_unload()).observe(0)
    assert watched is not None and merged is not None
    assert watched.observation.mean_square_overlap == pytest.approx(
        merged.observation.mean_square_overlap, rel=1e-5
    )


def test_resized_weights_are_found_anew(tmp_path: Path) -> None:
    model = loaded(tiny_model("llama", tmp_path))
    watch = Watch(model)
    watch.observe(0)
    model.resize_token_embeddings(333, mean_resizing=False)
    point = watch.observe(100)
    assert point is not None
    assert (point.observation.features, point.drift_update) == (333, None)
    assert kinds(watch) == [(100, EventKind.WEIGHTS)]
    assert watch.observe(200).drift_update == 0.0


def test_rows_that_moved_to_another_process_are_compared_by_none() -> None:
    """Else the one whose shape is as before would wait for those that do not compare."""

    class OtherMoved(Shards):
        def sum(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            return values + 1

    head, observer = head_of(layer()), Observer(OPTIONS, updates=True)
    observer.change(head, WHOLE)
    assert observer.change(head, WHOLE) is not None
    assert observer.change(head, OtherMoved()) is None


def test_a_plain_module_is_watched_by_the_name_of_its_head() -> None:
    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = torch.nn.Linear(8, 8)
            self.lm_head = layer()

    model = Model()
    assert numbers(Watch(model).observe(0).observation) == numbers(
        Watch(model.lm_head).observe(0).observation
    )


# Events


def test_rows_that_die_or_run_away_are_told_once_with_their_tokens() -> None:
    head = layer()
    watch = Watch(head, tokenizer=[f"token {i}" for i in range(60)])
    for step in range(5):
        watch.observe(step)
        with torch.no_grad():
            head.weight += 0.01 * torch.randn(60, 8, generator=torch.Generator().manual_seed(step))
            if step == 1:
                head.weight[9] *= 1e3
            if step >= 1:
                head.weight[7] = 0
    assert [e for e in kinds(watch) if e[1] in (EventKind.DEAD, EventKind.RUNAWAY)] == [
        (2, EventKind.DEAD), (2, EventKind.RUNAWAY),
    ]  # fmt: skip
    dead = next(e for e in watch.trace.events if e.kind == EventKind.DEAD)
    assert dead.rows == (7,) and '"token 7" #7' in dead.message


def test_a_row_that_never_changes_is_still() -> None:
    head = layer()
    watch = Watch(head)
    for step in range(3):
        watch.observe(step)
        with torch.no_grad():
            head.weight[1:] += 0.1
    assert [point.still_rows for point in watch.trace.points] == [None, 1, 1]
    assert kinds(watch) == [(1, EventKind.STILL)]


def test_a_frozen_head_has_no_still_rows_to_tell() -> None:
    watch = Watch(layer())
    for step in range(3):
        watch.observe(step)
    assert kinds(watch) == []


def test_rows_that_move_only_together_are_abandoned() -> None:
    """As the softmax moves tokens that do not occur: all the same way, unlike the mean row."""
    head, random = layer(400, 16), np.random.default_rng(0)
    watch = Watch(head)
    push = random.standard_normal(16)
    for step in range(5):
        watch.observe(step)
        change = random.standard_normal((400, 16))
        change[:40] = push + 0.02 * change[:40]
        with torch.no_grad():
            head.weight += torch.from_numpy(0.1 * change).float()
    counts = [point.abandoned_rows for point in watch.trace.points]
    assert counts[:3] == [None, None, None]
    event = next(e for e in watch.trace.events if e.kind == EventKind.ABANDONED)
    assert event.step == 3 and set(event.rows) <= set(range(40)) and len(event.rows) >= 38


def test_an_interval_in_which_no_group_shows_leaves_abandoned_rows_as_they_were() -> None:
    some, none = np.arange(9), np.empty(0, np.int64)

    def course(*found: npt.NDArray[np.int64]) -> list[int | None]:
        observer, counts = Observer(OPTIONS, updates=True), []
        for together in found:
            observer._take(together)
            kept = observer._together
            counts.append(len(reduce(np.intersect1d, kept)) if len(kept) == PATIENCE else None)
        return counts

    assert course(some, some, some, none, some[:8]) == [None, None, 9, 9, 8]
    assert course(some, some, some, none, none, none) == [None, None, 9, 9, 9, 0]
    assert course(none, none, none, none) == [None, None, 0, 0]  # there never was one
    # Where the group shows, a row that is not in it has learned something.
    assert course(some, some, some, some[1:], some)[2:] == [9, 8, 8]


def test_the_mean_row_is_an_event_when_it_passes_a_share_and_not_when_it_trembles() -> None:
    rows = np.random.default_rng(0).standard_normal((500, 8))
    rows -= rows.mean(axis=0)
    usual = np.mean(np.sum(rows**2, axis=1))
    watch, told = Watch(now := rows.copy()), []
    for step, share in enumerate([0, 0.45, 0.52, 0.48, 0.51, 0.3, 0.95]):
        shift = math.sqrt(share / (1 - share) * usual / 8)
        now[:] = rows + shift
        watch.observe(step)
        told.append([e.kind for e in watch.trace.events if e.step == step])
    assert [EventKind.MEAN_ROW in kinds for kinds in told] == [
        False, True, True, False, False, True, True
    ]  # fmt: skip


def test_a_change_of_the_regime_is_an_event() -> None:
    rows = np.random.default_rng(0).standard_normal((200, 4))
    watch = Watch(rows)
    watch.observe(0)
    rows[20:] *= 0.05
    watch.observe(1)
    watch.observe(2)
    assert (1, EventKind.REGIME) in kinds(watch)
    assert [kind for _, kind in kinds(watch)].count(EventKind.REGIME) == 1


def test_a_diverged_head_leaves_a_gap_and_one_event(tmp_path: Path) -> None:
    head = layer()
    watch = Watch(head, out=tmp_path / "run.parquet")
    watch.observe(0)
    kept = head.weight.detach().clone()
    with torch.no_grad():
        head.weight[3, 2] = math.nan
    watch.observe(1)
    watch.observe(2)
    with torch.no_grad():
        head.weight.copy_(kept)
    watch.observe(3)
    assert kinds(watch) == [(1, EventKind.UNMEASURED)]
    overlaps = [point.observation.mean_square_overlap for point in watch.trace.points]
    assert [one is None for one in overlaps] == [False, True, True, False]
    assert read_trace(tmp_path / "run.parquet") == watch.trace


def test_a_resumed_run_tells_no_row_again(tmp_path: Path) -> None:
    rows, path = np.random.default_rng(0).standard_normal((3000, 2)), tmp_path / "run.parquet"
    rows[:1200] = 0
    Watch(rows, out=path).observe(0)
    Watch(rows, out=path).observe(1)
    told = [event for event in read_trace(path).events if event.kind == EventKind.DEAD]
    assert [(event.step, event.rows) for event in told] == [(0, tuple(range(1200)))]


@pytest.mark.parametrize(("steps", "told"), [((0, 1, 2), [2]), ((0, 1, 1), [1]), ((0, 0), [])])
def test_a_resize_before_a_run_was_resumed_is_an_event(
    steps: tuple[int, ...], told: list[int], tmp_path: Path
) -> None:
    """Unless nothing was observed before: then it is another run in the same file."""
    watch = Watch(layer(), out=tmp_path / "run.parquet")
    for step in steps[:-1]:
        watch.observe(step)
    resumed = Watch(layer(70), out=tmp_path / "run.parquet")
    resumed.observe(steps[-1])
    assert kinds(resumed) == [(step, EventKind.WEIGHTS) for step in told]


def test_zero_rows_do_not_hide_from_a_resumed_run_that_the_head_was_resized(tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    for step, rows in enumerate((60, 60, 70)):  # some of which die in between
        head = layer(rows)
        with torch.no_grad():
            head.weight[: 5 * step] = 0
        watch = Watch(head, out=path)
        watch.observe(step)
    assert [point.rows for point in watch.trace.points] == [60, 60, 70]
    resized = [event for event in watch.trace.events if event.kind == EventKind.WEIGHTS]
    assert [(event.step, event.message) for event in resized] == [
        (2, "the head has 70 rows of 8 numbers; it had 60 rows of 8 numbers")
    ]


def test_an_event_is_a_line_of_the_log_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    head, path = layer(), tmp_path / "run.parquet"
    Watch(head, out=path).observe(0)
    with torch.no_grad():
        head.weight[7] = 0
    for _ in range(2):  # the second one resumes
        Watch(head, out=path).observe(1)
    assert [(one.name, one.levelname, one.getMessage()[:8]) for one in caplog.records] == [
        ("superscope.watch", "WARNING", "step 1: ")
    ]
    assert "#7" in caplog.text


def test_it_says_what_it_watches_and_how_far_it_is(tmp_path: Path) -> None:
    head, path = layer(), tmp_path / "run.parquet"
    watch = Watch(head, every=1, out=path)
    what = "Linear, 60 rows of 8 numbers, every step"
    assert repr(watch) == f"Watch({what}: no observation yet, in {path})"
    for step in range(3):
        watch.step(step)
        with torch.no_grad():
            head.weight[1:] += 0.1
    assert repr(watch) == f"Watch({what}: 3 observations to step 2, 1 event, in {path})"
    assert str(Watch(head, 1000)) == (
        "Watch(Linear, 60 rows of 8 numbers, every 1,000 steps: no observation yet)"
    )


# Bad input


@pytest.mark.parametrize("every", [0, -1, 1.5])
def test_an_interval_is_a_whole_number_of_steps(every: Any) -> None:
    with pytest.raises(UsageError, match="every"):
        Watch(layer(), every=every)


def test_a_model_without_an_output_head_is_refused(tmp_path: Path) -> None:
    from transformers import AutoModel

    body = AutoModel.from_pretrained(tiny_model("llama", tmp_path))
    with pytest.raises(HeadDataError, match="no output embeddings"):
        Watch(body)


def test_what_cannot_be_a_step_a_file_or_an_option_is_refused(tmp_path: Path) -> None:
    for step in (-1, 1.5, None):
        with pytest.raises(UsageError, match="step"):
            Watch(layer()).observe(step)
    with pytest.raises(UsageError, match=r"\.parquet"):
        Watch(layer(), out=tmp_path / "run.csv")
    (tmp_path / "other.parquet").write_text("no table")
    with pytest.raises(FormatError, match=r"other\.parquet is not a trace .*name another file"):
        Watch(layer(), out=tmp_path / "other.parquet")
    with pytest.raises(UsageError, match="rank=1; the ranks of this training are 0 to 0"):
        Watch(layer(), rank=1)
    with pytest.raises(UsageError, match="there is no folder"):
        Watch(layer(), out=tmp_path / "none" / "run.parquet")
    with pytest.raises(UsageError, match="Watch has no option 'pair'; did you mean pairs"):
        Watch(layer(), pair="none")
    with pytest.raises(UsageError, match="Watch has no option 'evry'; did you mean every"):
        Watch(layer(), evry=3)
    with pytest.raises(UsageError, match=r"watch\.step"):
        Watch(layer()).attach(object())


def test_what_was_not_loaded_is_refused_with_how_to_load_it(tmp_path: Path) -> None:
    for name in ("gpt2", tmp_path):
        with pytest.raises(UsageError, match="takes the model that is trained, in memory, not '"):
            Watch(name)
    with pytest.raises(UsageError, match=r"tokenizer='x' is a name; .*from_pretrained\('x'\)"):
        Watch(layer(), tokenizer="x")
    with pytest.raises(HeadDataError, match="ReLU has no weights; pass a model with an output"):
        Watch(torch.nn.ReLU())


def test_a_full_disk_does_not_stop_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(layer(), out=tmp_path / "run.parquet")
    monkeypatch.setattr(watch._record, "out", tmp_path / "gone" / "run.parquet")
    with pytest.warns(UserWarning, match="the next observation tries again"):
        watch.observe(0)
    assert len(watch.trace.points) == 1
