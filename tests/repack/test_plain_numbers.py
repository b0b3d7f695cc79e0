"""Every number of a result, once more from the logits of transformers by plain numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from extras import needed
from tiny_models import LINES, byte_tokenizer, tiny_model

import superscope
from superscope.repack import Repacking, calibration, scoring
from superscope.repack.repacking import HeadScore

needed("transformers")

CAP, POWER, PRIOR, RANK = 2.0, 0.75, 0.5, 4
TEXTS = [line * 2 for line in LINES]
USED = [f"Then {text}" for text in TEXTS]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model("gemma2", byte_tokenizer(tmp_path_factory.mktemp("models") / "gemma2"))


@pytest.fixture(scope="module")
def found(model: Path) -> Repacking:
    with pytest.MonkeyPatch.context() as patched:
        for room in (scoring, calibration):  # a few positions at once
            patched.setattr(room, "LOGITS_BYTES", 1 << 13)
        return superscope.repack(
            model, USED, score_text=TEXTS, ways=("whitened", "frequency", "fisher", "blocks"),
            ranks=(RANK, 8), power=POWER, prior=PRIOR, progress=None,
        )  # fmt: skip


class _Plain:
    """What transformers gives for the texts, in float64."""

    def __init__(self, folder: Path) -> None:
        import torch
        import transformers

        loaded = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.rows = loaded.lm_head.weight.detach().double().numpy()
        self.of = {}
        for name, texts in (("used", USED), ("scored", TEXTS)):
            states, targets, documents = [], [], []
            for k, text in enumerate(texts):
                ids = self.tokenizer(text)["input_ids"][:64]
                with torch.no_grad():
                    state = loaded.model(torch.tensor([ids])).last_hidden_state[0, :-1]
                states.append(state.double().numpy())
                targets += ids[1:]
                documents += [k] * (len(ids) - 1)
            self.of[name] = np.concatenate(states), np.array(targets), np.array(documents)

    def log_p(self, rows: Any, states: Any) -> Any:
        logits = CAP * np.tanh(states @ rows.T / CAP)
        return logits - np.log(np.exp(logits).sum(1, keepdims=True))

    def second(self) -> tuple[Any, float]:
        """C, by the formula of Chen et al. (2010), eq. 23."""
        states = self.of["used"][0]
        n, m = states.shape
        c = states.T @ states / n
        squares, trace = np.trace(c @ c), np.trace(c)
        share = min(1, ((1 - 2 / m) * squares + trace**2)
                    / ((n + 1 - 2 / m) * (squares - trace**2 / m)))  # fmt: skip
        return (1 - share) * c + share * trace / m * np.eye(m), share

    def best(self, weights: Any) -> Any:
        """The head of least E ‖D (W − W_r) h‖², by an SVD."""
        values, vectors = np.linalg.eigh(self.second()[0])
        root, inverse = ((vectors * values**p) @ vectors.T for p in (0.5, -0.5))
        _, _, right = np.linalg.svd(np.sqrt(weights)[:, None] * self.rows @ root)
        return self.rows @ root @ right[:RANK].T @ right[:RANK] @ inverse

    def weights(self, way: str) -> Any:
        states, targets, _ = self.of["used"]
        if way == "fisher":
            p = np.exp(self.log_p(self.rows, states))
            return (p * (1 - p)).mean(0) ** POWER
        counts = np.bincount(targets, minlength=len(self.rows)) + PRIOR
        return (counts / counts.sum()) ** POWER if way == "frequency" else np.ones(len(self.rows))


def _error(values: Any, documents: Any) -> float:
    sums = np.bincount(documents, values - values.mean())
    return float(np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / len(values))


@pytest.fixture(scope="module")
def plain(model: Path) -> _Plain:
    return _Plain(model)


@pytest.mark.parametrize("way", ["whitened", "frequency", "fisher"])
def test_the_numbers_of_a_head(way: str, found: Repacking, plain: _Plain) -> None:
    states, targets, documents = plain.of["scored"]
    right = plain.log_p(plain.rows, states)
    own = plain.log_p(plain.best(plain.weights(way)), states)
    where = np.arange(len(targets)), targets
    nats, whole = -own[where], -right[where]
    kl = (np.exp(right) * (right - own)).sum(1)
    s = found.score(way, RANK)
    assert isinstance(s, HeadScore)
    pairs = [
        (s.loss.value, nats.mean()), (s.loss.error, _error(nats, documents)),
        (s.excess.value, (nats - whole).mean()),
        (s.excess.error, _error(nats - whole, documents)),
        (s.unpaired_error, np.hypot(_error(nats, documents), _error(whole, documents))),
        (s.kl.value, kl.mean()), (s.kl.error, _error(kl, documents)),
        (s.agree.value, (own.argmax(1) == right.argmax(1)).mean()),
    ]  # fmt: skip
    for measured, expected in pairs:
        assert measured == pytest.approx(expected, abs=2e-5)
    assert 0 < s.agree.value < 1
    assert s.weights == s.multiply_adds == RANK * sum(plain.rows.shape)


def test_the_rest_of_a_result(found: Repacking, plain: _Plain) -> None:
    states, targets, _ = plain.of["scored"]
    assert found.shrinkage == pytest.approx(plain.second()[1], rel=1e-5)
    assert found.split == "two texts"
    assert (found.scored.tokens, found.scored.documents) == (len(targets), len(TEXTS))
    nats = -plain.log_p(plain.rows, states)[np.arange(len(targets)), targets]
    for s in (*found.scores, found.full):
        ratio = s.loss.value / s.bits_per_byte.value
        assert ratio == pytest.approx(found.full.loss.value / found.full.bits_per_byte.value)
    per_byte = nats.sum() / np.log(2) / found.full.bits_per_byte.value
    ids = [plain.tokenizer(text)["input_ids"][1:64] for text in TEXTS]  # the first has no loss
    letters = sum(len(plain.tokenizer.decode(of).encode()) for of in ids)
    assert per_byte == pytest.approx(letters, abs=1e-3)


def test_no_rows_are_below_the_welch_floor(found: Repacking) -> None:
    for s in (*found.scores, found.full):
        assert s.row_rank == min(16, s.rank) or s.way == "blocks"
        assert s.welch_floor == pytest.approx((s.rows - s.row_rank) / (s.row_rank * (s.rows - 1)))
        assert s.overlap.centered is None or s.overlap.centered >= s.welch_floor - 1e-9


def test_the_gain_of_blocks_is_paired(found: Repacking) -> None:
    of = found.blocks
    assert of is not None
    assert of.rank == 8
    single, blocks = found.score(of.way, 8), found.score("blocks", 8)
    assert single is not None
    assert blocks is not None
    assert of.gain.value == pytest.approx(single.loss.value - blocks.loss.value, abs=1e-9)
    assert of.gain.error is not None
    assert 0 < of.gain.error < np.hypot(single.loss.error or 0, blocks.loss.error or 0)
