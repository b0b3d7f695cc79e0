"""Training lowers the objective on documents it does not see, or leaves the head as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from extras import needed
from tiny_models import LINES, byte_tokenizer, tiny_model

import superscope
from superscope.errors import UsageError
from superscope.evaluation.states import StoredStates
from superscope.heads.narrow_head import Block, NarrowHead
from superscope.progress import silent
from superscope.repack import objective, trained
from superscope.repack.calibration import calibrated
from superscope.repack.closed_form import closed_form_heads, roots
from superscope.repack.full_head import FullHead
from superscope.repack.held_out import parted
from superscope.repack.options import RepackOptions
from superscope.repack.trained import Training

V, M, RANK = 60, 12, 3


class _Head:
    """Last steps of a model: a cap, or nothing."""

    device = torch.device("cpu")

    def __init__(self, cap: float | None):
        self.cap = cap

    @contextmanager
    def last_steps(self) -> Iterator[Any]:
        yield lambda x: x if self.cap is None else self.cap * torch.tanh(x / self.cap)


def _states(folder: Path, head: FullHead, count: int = 1200, documents: int = 20) -> StoredStates:
    """Return states of which one direction has most, and targets that the head expects."""
    rng = np.random.default_rng(1)
    states = rng.normal(size=(count, M)) @ np.diag(np.geomspace(3, 0.3, M)) + rng.normal(size=M)
    states = states.astype(np.float32)
    logits = states @ head.rows.T + (0 if head.bias is None else head.bias)
    targets = (logits + rng.gumbel(size=logits.shape)).argmax(1)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for k, half in enumerate(np.array_split(states, 2)):
        files.append(folder / f"{k}.npy")
        np.save(files[-1], half)
    return StoredStates(
        tuple(files), np.array([0, count // 2, count]), targets,
        np.arange(count) * documents // count, np.ones(count, np.int64), "text",
    )  # fmt: skip


def _training(
    folder: Path, *, cap: float | None = None, bias: bool = False, **options: Any
) -> tuple[Training, NarrowHead]:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(V, M)).astype(np.float32)
    own = rng.normal(size=V).astype(np.float32) if bias else None
    full = FullHead(rows, own, cap is None)
    states = _states(folder / "states", full)
    o = RepackOptions(**{"steps": 60, "step_positions": 128, "held_share": 0.2, **options})
    learned, choosing = parted(states, o.held_share, o.seed)
    calibration = calibrated(learned, V, 0.1, silent)
    model: Any = SimpleNamespace(head=_Head(cap), rows=V, width=M)
    training = Training(
        model, full, learned, choosing, *roots(calibration.second, M), o, o.seed,
        folder / "trained", silent,
    )  # fmt: skip
    ((_, start),) = closed_form_heads("frequency", full, calibration, None, (RANK,))
    return training, start


def _trained(training: Training, start: NarrowHead) -> trained.Trained:
    return trained.trained(training, start, training.measured({0: start})[0], "rank 3")


@pytest.mark.parametrize("kind", ["kl", "text", "both"])
@pytest.mark.parametrize(("cap", "bias"), [(None, False), (5.0, True)])
def test_it_lowers_the_objective_on_documents_it_does_not_see(
    kind: str, cap: float | None, bias: bool, tmp_path: Path
) -> None:
    training, start = _training(tmp_path, cap=cap, bias=bias, objective=kind)
    made = _trained(training, start)
    assert made.ended < made.begun - 0.02
    assert training.measured({0: made.head})[0].loss == pytest.approx(made.ended, abs=1e-6)


@pytest.mark.parametrize("kind", ["kl", "text", "both"])
@pytest.mark.parametrize(("cap", "bias"), [(None, False), (5.0, True)])
def test_its_gradient_is_that_of_the_objective(
    kind: str, cap: float | None, bias: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objective, "LOGITS_BYTES", 4 * 3 * V * 7)  # 7 positions at once
    training, start = _training(tmp_path, cap=cap, bias=bias, objective=kind)
    t, device = training, torch.device("cpu")
    head = trained.TrainableHead(
        start, t.root, t.inverse, bias=True, device=device, dtype=torch.float32
    )
    share = t.options.text_share
    own = objective.Objective(t.model, t.full, share, torch.float32)
    where = np.arange(20)
    states, targets = t.learned.take(where), t.learned.targets[:20]
    own.backward(head, states, targets)
    found = [p.grad for p in head.parameters]
    h = torch.from_numpy(states)
    with t.model.head.last_steps() as finished:
        right = h @ torch.from_numpy(t.full.rows).T
        right = finished(right if t.full.bias is None else right + torch.from_numpy(t.full.bias))
        right, got = right.log_softmax(-1), finished(head.products(h)).log_softmax(-1)
    nats = -got.gather(1, torch.from_numpy(targets)[:, None])[:, 0]
    value = share * nats + (1 - share) * (right.exp() * (right - got)).sum(-1)
    for mine, other in zip(found, torch.autograd.grad(value.mean(), head.parameters), strict=True):
        assert torch.allclose(mine, other, atol=1e-6)  # type: ignore[arg-type]


def test_it_never_ends_worse_than_it_began(tmp_path: Path) -> None:
    training, start = _training(tmp_path, learning_rate=1e12)
    made = _trained(training, start)
    assert made.head is start
    assert made.ended == made.begun


def test_it_ends_early_when_nothing_is_gained_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, start = _training(tmp_path)
    whole = _trained(training, start).steps
    same = training.measured({0: start})[0]
    monkeypatch.setattr(type(training), "measured", lambda self, heads: dict.fromkeys(heads, same))
    training, start = _training(tmp_path / "again")
    # The first check is the lowest loss yet; as many more follow as are waited for.
    assert _trained(training, start).steps == (1 + trained.PATIENCE) * whole // trained.CHECKS


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tmp_path: Path) -> None:
    prints = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        training, start = _training(tmp_path / name)
        prints.append(_trained(replace(training, seed=seed), start).head.fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_an_interrupted_training_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _trained(*_training(tmp_path / "whole"))
    monkeypatch.setattr(trained, "KEEP_EVERY", 0.0)

    def stop(stage: str, done: int, total: int) -> None:
        if done in stops:
            stops.remove(done)
            raise KeyboardInterrupt

    stops = [17, 40]
    training, start = _training(tmp_path / "parts")
    training = replace(training, progress=stop)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            _trained(training, start)
    made = _trained(training, start)
    assert not stops
    assert made.head.fingerprint == whole.head.fingerprint
    assert (made.begun, made.ended) == (whole.begun, whole.ended)
    monkeypatch.setattr(trained._Run, "_step", None)  # nothing is done a second time
    assert _trained(training, start).head.fingerprint == whole.head.fingerprint


def test_a_broken_checkpoint_is_set_aside(tmp_path: Path) -> None:
    training, start = _training(tmp_path, steps=4)
    made = _trained(training, start)
    (file,) = (tmp_path / "trained").iterdir()
    file.write_bytes(b"broken")
    assert _trained(training, start).head.fingerprint == made.head.fingerprint
    assert file.with_suffix(".broken").exists()


def test_documents_that_choose_are_not_learned_from(tmp_path: Path) -> None:
    training, _ = _training(tmp_path)
    states = _states(tmp_path / "states", training.full)
    learned, choosing = parted(states, 0.2, 0)
    assert not set(learned.documents) & set(choosing.documents)
    assert len(learned) + len(choosing) == len(states)
    assert len(np.unique(choosing.documents)) == 4
    everything = states.take(np.arange(len(states)))
    assert learned.chosen is not None
    assert np.array_equal(learned.take(np.arange(len(learned))), everything[learned.chosen])
    pieces = [(w, s) for w, s in choosing.pieces(50)]
    assert np.array_equal(np.concatenate([s for _, s in pieces]), everything[choosing.chosen])
    assert [w.start for w, _ in pieces][:2] == [0, 50]
    one = replace(states, documents=np.zeros(len(states), np.int64))
    first, last = parted(one, 0.2, 0)
    assert (len(first), len(last)) == (960, 240)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": 0}, "steps=0"),
        ({"step_positions": 0}, "step_positions=0"),
        ({"learning_rate": 0.0}, "learning_rate=0.0"),
        ({"held_share": 1.0}, "held_share=1.0"),
        ({"objective": "kll"}, "kl"),
    ],
)
def test_options_that_cannot_be_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        RepackOptions(**changes)


def test_blocks_of_rows_are_trained_as_well(tmp_path: Path) -> None:
    training, start = _training(tmp_path)
    (block,) = start.blocks
    own = np.arange(0, V, 3), np.setdiff1d(np.arange(V), np.arange(0, V, 3))
    parts = tuple(
        Block(block.rows[ids][:, :rank].copy(), block.columns[:rank].copy(), ids)
        for ids, rank in zip(own, (3, 2), strict=True)
    )
    made = _trained(training, NarrowHead(parts, start.bias, start.shift))
    assert made.ended < made.begun - 0.02
    assert [b.rank for b in made.head.blocks] == [3, 2]


def test_the_way_trained_goes_on_from_the_ways_beside_it(tmp_path: Path) -> None:
    needed("transformers")
    folder = tiny_model("gemma2", byte_tokenizer(tmp_path / "model"))
    texts = [line * 2 for line in LINES]
    found = superscope.repack(
        folder, [f"Then {text}" for text in texts] * 3, score_text=texts, ranks=(4,),
        ways=("svd", "trained"), steps=20,
        held_share=0.3, progress=None,
    )  # fmt: skip
    start, end = found.scores
    assert (start.way, end.way) == ("svd", "trained")
    assert end.kl.value < start.kl.value
    assert any("trained, rank 4: 20 steps from svd;" in note for note in found.notes)


def test_it_begins_with_the_best_of_the_closed_forms(tmp_path: Path) -> None:
    needed("transformers")
    folder = tiny_model("llama", byte_tokenizer(tmp_path / "model"))
    texts = [line * 2 for line in LINES]
    for ways in (("svd", "blocks"), ("blocks", "svd")):
        found = superscope.repack(
            folder, [f"Then {text}" for text in texts] * 3, score_text=texts, ranks=(4,),
            ways=(*ways, "trained"), steps=1, held_share=0.3, progress=None,
        )  # fmt: skip
        kl = {way: s.kl.value for way in ways if (s := found.score(way, 4)) is not None}
        assert kl["blocks"] < kl["svd"]
        assert any("trained, rank 4: 1 step from blocks;" in note for note in found.notes)


def test_long_documents_do_not_all_choose() -> None:
    def parts(*lengths: int) -> tuple[int, int]:
        count = sum(lengths)
        owners = np.repeat(np.arange(len(lengths)), lengths)
        empty = np.zeros(count, np.int64)
        states = StoredStates((), np.array([0, count]), empty, owners, empty, "x")
        learned, choosing = parted(states, 0.05, 0)
        return len(learned), len(choosing)

    assert parts(60_000, 3_000) == (60_000, 2_048)
    assert parts(50_000, 50_000, 50_000) == (100_000, 2_048)
    assert parts(60_000, 1_000) == (60_000, 1_000)
