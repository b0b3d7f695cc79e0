"""Keep of narrower heads what docs/narrow-heads.md shows, and draw its pictures.

    python tools/fetch_models.py smollm2
    python tools/fetch_text.py
    python tools/fetch_text.py debian-faq
    superscope repack .cache/models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf --context 512 \\
        --text .cache/text/gcide/train.jsonl --score-text .cache/text/gcide/test.jsonl \\
        --other-text .cache/text/debian-faq/text.jsonl --max-tokens 220000 --score-tokens 22000 \\
        --ranks 32,64,128,192,256,288,384 --steps 500 \\
        --ways svd,centered,whitened,frequency,fisher,blocks,trained \\
        --keep out/repack --json > out/curve.json
    python docs/narrow_heads.py out/curve.json     # writes docs/data/narrow_heads.json.gz, pictures
    python docs/generate.py

Two hours on two cores: half an hour for the body, half an hour for training, the rest for scores.
The page's numbers and sentences are made anew from what is kept, by the code as it is now.
"""

from __future__ import annotations

import gzip
import sys
from dataclasses import replace
from pathlib import Path

from superscope.repack import Repacking
from superscope.repack.laws import with_laws

DOCS = Path(__file__).resolve().parent
KEPT = DOCS / "data" / "narrow_heads.json.gz"
NAMES = ("the dictionary, train", "the dictionary, test", "the Debian FAQ")


def keep(file: Path) -> None:
    """Keep a result with plain names of its model and texts, and draw it."""
    found = Repacking.from_json(file.read_text(encoding="utf-8"))
    used, held, other = NAMES
    assert found.other is not None
    found = replace(
        found,
        model=Path(found.model).name,
        calibration=replace(found.calibration, name=used),
        scored=replace(found.scored, name=held),
        other=replace(found.other, text=replace(found.other.text, name=other)),
    )
    bare = replace(found, laws=())  # fitted anew when it is read
    KEPT.write_bytes(gzip.compress(bare.to_json().encode(), mtime=0))
    draw()


def kept() -> Repacking:
    """Return what was kept, with its laws."""
    found = Repacking.from_json(gzip.decompress(KEPT.read_bytes()).decode())
    return with_laws(found)


def draw() -> None:
    """Draw it."""
    for name in ("curve", "overlap", "agreement"):
        kept().plot(name).savefig(DOCS / "images" / f"narrow-heads-{name}.png", dpi=110)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
