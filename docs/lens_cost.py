"""Keep of what collisions cost on a text what docs/lens.md shows, and draw its picture.

    python tools/fetch_text.py
    superscope frequency .cache/models/smollm2 --text .cache/text/gcide/train.jsonl \\
        --out out/counts.parquet
    superscope lens .cache/models/smollm2 --text .cache/text/gcide/test.jsonl --context 512 \\
        --max-tokens 30000 --frequencies out/counts.parquet --json > out/cost.json
    python docs/lens_cost.py out/cost.json     # writes docs/data/lens_cost.json.gz and the picture
    python docs/generate.py

The page's numbers and sentences are made anew from what is kept, by the code as it is now.
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from superscope.lens import NeighborCost
from superscope.lens.cost import Float64, TokenCosts

DOCS = Path(__file__).resolve().parent
KEPT = DOCS / "data" / "lens_cost.json.gz"
IMAGE = DOCS / "images" / "lens-cost.png"
DIGITS = 4  # of each token's numbers; the means over tokens are kept whole


def keep(file: Path) -> None:
    """Keep a result with the numbers of single tokens rounded, and draw it."""
    cost = NeighborCost.from_json(file.read_text(encoding="utf-8"))
    t = cost.token_costs
    short = {
        f.name: _rounded(getattr(t, f.name))
        for f in fields(TokenCosts)
        if f.name not in ("ids", "counts", "frequencies")
    }
    cost = replace(
        cost,
        model=replace(cost.model, name=Path(cost.model.name).name),
        text=replace(cost.text, name="gcide"),
        token_costs=replace(t, **short),
    )
    KEPT.write_bytes(gzip.compress(cost.to_json().encode(), mtime=0))
    draw()


def _rounded(values: Float64) -> Float64:
    return np.array([float(f"{v:.{DIGITS}g}") for v in values.tolist()])


def kept() -> NeighborCost:
    """Return what was kept."""
    return NeighborCost.from_json(gzip.decompress(KEPT.read_bytes()).decode())


def draw() -> None:
    """Draw it."""
    kept().plot("cost").savefig(IMAGE, dpi=110)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
