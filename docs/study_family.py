"""Write docs/study.md: a small family, trained here, in one study.

    python tools/fetch_text.py
    python examples/train_family.py --out out/family
    superscope study out/family/neox-* --text .cache/text/gcide/test.jsonl --name gcide \\
        --out out/study --figures out/study/figures
    python docs/study_family.py out/study      # keeps what the page needs in docs/data and images
    python docs/generate.py

The page's numbers and sentences are made anew from what is kept, by the code as it is now.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from superscope.evaluation import Evaluation, Losses
from superscope.geometry import Geometry
from superscope.study import Member, Study, answers, fit_laws, table_of
from superscope.study.summary import table_lines

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "docs" / "data" / "study_family.json.gz"
IMAGES = ROOT / "docs" / "images"
TEXT = ROOT / "docs" / "data" / "study_text.md"
PAGE = ROOT / "docs" / "study.md"
FIGURES = ("study-overlap", "study-loss", "study-overlap-loss")


def keep(folder: Path) -> None:
    """Keep of a study what the page needs: geometries and losses by document, and the figures."""
    found = []
    for file in sorted((folder / "members").glob("head-*.json")):
        geometry = Geometry.from_json(file.read_text(encoding="utf-8"))
        few = {
            name: replace(getattr(geometry, name), token_interference=np.zeros(0))
            for name in ("raw", "centered")
        }
        found.append((geometry.width, replace(geometry, frequency_centered=None, **few)))
    losses = {}
    for file in (folder / "members").glob("loss-*.json"):
        loss = Evaluation.from_json(file.read_text(encoding="utf-8"))
        none = Losses(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
        losses[loss.model.name] = replace(loss, vocabulary=(), token_losses=none, token_parts=None)
    rows = [
        [json.loads(g.to_json()), json.loads(losses[g.provenance.model].to_json())]
        for _, g in sorted(found, key=lambda item: item[0])
    ]
    KEPT.write_bytes(gzip.compress(json.dumps(rows).encode(), mtime=0))
    for name in FIGURES:
        shutil.copy(folder / "figures" / f"{name}.png", IMAGES / f"{name}.png")


def study() -> Study:
    """Return the study that was kept."""
    members = []
    for head, loss in json.loads(gzip.decompress(KEPT.read_bytes())):
        geometry = Geometry.from_json(json.dumps(head))
        evaluation = Evaluation.from_json(json.dumps(loss))
        name = Path(geometry.provenance.model).name
        geometry = replace(geometry, provenance=replace(geometry.provenance, model=name))
        evaluation = replace(evaluation, model=replace(evaluation.model, name=name))
        members.append(Member(name, None, geometry, evaluation))
    return Study(members[0].evaluation.text.name, tuple(members), fit_laws(table_of(members)))


def page() -> str:
    """Return the page."""
    found = study()
    said = [f"**{a.question}** {a.short[:1].upper()}{a.short[1:]}. {' '.join(a.text)}\n"
            for a in answers(found)]  # fmt: skip
    parts = {
        "members": "```text\n" + "\n".join(table_lines(found)) + "\n```",
        "answers": "\n".join(said),
    }
    text = TEXT.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    return text


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
