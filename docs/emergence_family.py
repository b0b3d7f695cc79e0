"""Keep what docs/emergence.md needs of a family that was trained here, and draw its pictures.

    python tools/fetch_text.py
    for s in 0 1; do
      python examples/train_family.py --out out/seed$s --seed $s --vocabulary 2048 --steps 300 \\
          --widths 8 16 24 32 48 64 96 128
    done
    superscope study out/seed*/neox-* --text .cache/text/gcide/test.jsonl --name gcide \\
        --context 256 --out out/emergence
    python docs/emergence_family.py out/emergence     # keeps docs/data/emergence.npz
    python docs/emergence_family.py                   # draws the pictures from what is kept
    python docs/generate.py
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from superscope.study import Curves, Emergence, emergence, read
from superscope.study.emerging.classes import KINDS, classes_of
from superscope.study.emerging.evidence import Judge
from superscope.study.emerging.of_study import curves_of
from superscope.study.emerging.roll_out import threshold_roll_out
from superscope.study.emerging.scattered import scattered
from superscope.study.emerging.share import share_of_steps
from superscope.study.emerging.tested import rejected

DOCS = Path(__file__).resolve().parent
KEPT = DOCS / "data" / "emergence.npz"
LEAST = 50  # occurrences
PARTS = 10  # of the text, half of those that a study keeps
THRESHOLD = 4.0  # bits
PICTURES = ("classes", "frequency_share", "frequency_map")


def keep(folder: Path) -> None:
    """Keep of a study the losses of its tokens by part of the text."""
    curves = curves_of(read(folder), LEAST, classes=KINDS)
    counts = curves.counts.reshape(len(curves), -1, PARTS).sum(axis=1)
    nats = curves.nats.reshape(len(curves), len(curves.of_models), -1, PARTS).sum(axis=2)
    np.savez_compressed(
        KEPT, ids=curves.ids, names=np.array([n or "" for n in curves.names]),
        of_models=curves.of_models, counts=counts.astype(np.int32), nats=nats.astype(np.float32),
        rows=np.array(curves.rows), overlaps=curves.overlaps,
    )  # fmt: skip


def curves() -> Curves:
    """Return the losses that are kept."""
    with np.load(KEPT) as kept:
        return Curves(
            kept["ids"], tuple(kept["names"].tolist()), kept["of_models"],
            kept["counts"].astype(np.float64), kept["nats"].astype(np.float64),
            tuple(kept["rows"].tolist()), kept["overlaps"],
        )  # fmt: skip


def roll_outs(thresholds: Sequence[float]) -> pd.DataFrame:
    """Return what the narrower half of the widths says of tokens at the widest."""
    tokens, rows = curves(), []
    for bits in thresholds:
        found = threshold_roll_out(tokens, classes_of(tokens), bits)
        assert found is not None
        of = found.tokens
        rows.append({
            "bits": bits, "above": of.above, "pass": of.passed, "named": of.named,
            "precision": of.precision, "recall": of.recall,
            "precision by frequency": of.precision_by_frequency,
            "recall by frequency": of.recall_by_frequency,
        })  # fmt: skip
    return pd.DataFrame(rows).astype(float).round(2)


def planted(shares: Sequence[float]) -> pd.DataFrame:
    """Return what is said of tokens simulated after this family's own fits and errors.

    Parameters
    ----------
    shares
        Of the tokens that follow their best step; the others follow their best power law.
    """
    tokens = curves()
    one = scattered(tokens)
    judge, all_ = Judge(one.candidates, one.noise), np.arange(len(tokens))
    power, step = one.candidates.fitted(one.contrasts)
    rows = []
    for share in shares:
        rng = np.random.default_rng(0)
        steps = rng.random(len(tokens)) < share
        losses = np.where(steps[:, None], step, power) + one.noise.drawn(all_, 1, rng)[:, 0]
        evidence = judge.evidence(losses, 200, rng, 0.05)
        improve = rejected(evidence.p_flat, 0.05)
        said = share_of_steps(judge, losses, improve)
        assert said is not None
        rows.append({
            "step": steps[improve].mean(), "told": rejected(evidence.p_power[improve], 0.05).mean(),
            "said": said.value, "from": said.low, "to": said.high,
        })  # fmt: skip
    return pd.DataFrame(rows).astype(float).round(2)


def told() -> Emergence:
    """Return which tokens the family learns, as the page has it."""
    return emergence(curves(), threshold=THRESHOLD, classes=KINDS)


def draw() -> None:
    """Draw the pictures of the page."""
    found = told()
    for name in PICTURES:
        figure = found.plot(name)
        figure.savefig(DOCS / "images" / f"emergence-{name.replace('_', '-')}.png", dpi=110)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        keep(Path(sys.argv[1]))
    draw()
