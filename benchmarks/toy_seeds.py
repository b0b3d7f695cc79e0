"""More seeds of the published toy sweep by superscope, and a table beside the plain script's.

    OMP_NUM_THREADS=1 python -m benchmarks.toy_seeds QUEUE.txt engine/
    python -m benchmarks.toy_seeds TABLE.csv plain/ engine/

QUEUE.txt is that of `benchmarks/plain_reference.py`, which trains plain/; the schedule is `ours`.
The second command writes a row for each run of the folders and says by which script it is.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from benchmarks.plain_reference import PUBLISHED, keep, path_of, pending

from superscope.toy import ToyConfig, train

LAST = (1, 100, 1000, 2000, 4000)


def work(queue: Path, out: Path) -> None:
    """Train what is in the queue and not yet done."""
    while (line := pending(queue, out)) is not None:
        m, gamma, alpha, seed, _, *size = line.split()
        n, batch, steps = map(int, size or PUBLISHED)
        run = train(
            ToyConfig(
                n=n, width=int(m), alpha=float(Fraction(alpha)), decay=float(Fraction(gamma)),
                batch=batch, steps=steps, seed=int(seed),
            )
        )  # fmt: skip
        keep(path_of(out, line), losses=run.losses, W=run.W, b=run.b)


def table(path: Path, folders: Sequence[Path]) -> None:
    """Write each run's mean losses over its last steps, and shares of norms above ½ and 1."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([
            "script", "width", "decay", "frequency_exponent", "seed", "schedule", "features",
            "batch", "steps", *(f"loss_{k}" for k in LAST), "represented_fraction",
            "share_norm_above_one",
        ])  # fmt: skip
        for found in sorted(found for folder in folders for found in folder.glob("*.npz")):
            m, gamma, alpha, seed, schedule, *size = found.stem.replace("-over-", "/").split("_")
            with np.load(found) as run:
                losses, norms = run["losses"].astype(float), np.linalg.norm(run["W"], axis=1)
            rows.writerow([
                found.parent.name, m, f"{float(Fraction(gamma)):.6g}",
                f"{float(Fraction(alpha)):g}", seed, schedule, *(size or PUBLISHED),
                *(f"{losses[-k:].mean():.6g}" for k in LAST),
                f"{(norms > 0.5).mean():g}", f"{(norms > 1).mean():g}",
            ])  # fmt: skip


if __name__ == "__main__":
    first, *others = map(Path, sys.argv[1:])
    table(first, others) if first.suffix == ".csv" else work(first, others[0])
