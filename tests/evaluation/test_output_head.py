"""What the output head is given, times its rows, and the last steps, are the model's logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from extras import needed
from tiny_models import VOCABULARY, tiny_model

from superscope.evaluation.load import load_model
from superscope.evaluation.sequences import Sequence
from superscope.frequency.checkpoint import loadable

torch = needed("torch")


@pytest.mark.parametrize("kind", ["gpt2", "opt", "gemma2", "mamba"])
def test_states_times_rows_and_the_last_steps_are_the_logits(kind: str, tmp_path: Path) -> None:
    model = load_model(loadable(tiny_model(kind, tmp_path / kind)), "cpu", "auto")
    ids = np.random.default_rng(0).integers(2, VOCABULARY, 9).astype(np.int32)
    documents = np.where(np.arange(9) >= 1, 0, -1).astype(np.int32)
    read = Sequence(ids, documents, np.ones(9, np.int64), 0)
    (states,) = model.states([read])
    products = torch.from_numpy(states) @ torch.from_numpy(model.head.rows(np.arange(model.rows))).T
    with model.head.last_steps() as finished, torch.inference_mode():
        logits = finished(products)
    nats = torch.nn.functional.cross_entropy(
        logits, torch.from_numpy(ids[1:].astype(np.int64)), reduction="none"
    )
    np.testing.assert_allclose(nats.numpy(), model.losses([read])[0], rtol=1e-5, atol=1e-6)
