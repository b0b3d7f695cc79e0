"""Train small language models of which it is known what rows were never trained.

    python tools/fetch_text.py
    python examples/undertrained_rows.py --out untrained

The tokenizer is made on a dictionary and on Python's standard library; the models then see other
entries of the dictionary only, so that hundreds of tokens never occur. How often each occurred is
counted in the batches themselves. Five GPT-NeoX models, tied and untied, with and without weight
decay, about 40 minutes on one core. A model whose folder is there is not trained again.

scores.csv then has, for each model and each indicator, the share of never-trained rows among as
many rows as there are of them (precision and recall at the true number are the same), the area
under the curve, and for superscope the list at a false-discovery rate of 5 %.
"""

from __future__ import annotations

import argparse
import json
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from train_family import batches, encode, make_model, make_tokenizer, save, train

import superscope

WIDTH, DEPTH, VOCABULARY = 96, 2, 4096
COUNTS = "counts.npy"
FEW = 5  # a token seen so often or less is neither never trained nor well trained


@dataclass(frozen=True)
class Recipe:
    """What differs between the models."""

    name: str
    tied: bool
    seed: int
    decay: float = 0.1


RECIPES = (
    Recipe("tied-0", True, 0),
    Recipe("tied-1", True, 1),
    Recipe("tied-2-no-decay", True, 2, 0.0),
    Recipe("untied-3", False, 3),
    Recipe("untied-4-no-decay", False, 4, 0.0),
)


def up_to(texts: Iterable[str], characters: int) -> Iterator[str]:
    """Yield the first texts until so many characters are reached."""
    for text in texts:
        if characters <= 0:
            return
        characters -= len(text)
        yield text


def occurrences(ids: torch.Tensor, vocabulary: int, steps: int, seed: int) -> npt.NDArray[np.int64]:
    """Return how often each id occurred in all batches of a training run."""
    counts = np.zeros(vocabulary, np.int64)
    for batch in batches(ids, steps, seed):
        counts += np.bincount(batch.numpy().ravel(), minlength=vocabulary)
    return counts


def area(values: npt.NDArray[np.float64], never: npt.NDArray[np.bool_]) -> float:
    """Return the chance that a never-trained row has a smaller value than another."""
    ranks = pd.Series(-values).rank().to_numpy()[never]
    count, others = int(never.sum()), int((~never).sum())
    return float((ranks.sum() - count * (count + 1) / 2) / (count * others))


def share(truth: npt.NDArray[np.bool_]) -> float:
    """Return how much of it is true; of nothing, not a number."""
    return float(truth.mean()) if len(truth) else float("nan")


def scores(folder: Path, recipe: Recipe) -> list[dict[str, object]]:
    """Return what superscope and each single indicator find of the rows never trained."""
    counts = np.load(folder / COUNTS)
    found = superscope.lens(folder, progress=None).undertrained()
    table = found.to_frame()
    seen = counts[table["id"]]
    never, few, listed = seen == 0, (seen > 0) & (seen <= FEW), table["listed"].to_numpy()
    rows: list[dict[str, object]] = []
    for name in (c.removesuffix("_rank") for c in table if c.endswith("_rank")):
        values = table[name].to_numpy()
        first = np.argsort(values, kind="stable")[: never.sum()]
        rows.append(
            {
                "model": recipe.name,
                "tied": recipe.tied,
                "decay": recipe.decay,
                "indicator": "superscope" if name == "distance" else name,
                "never": int(never.sum()),
                "area": area(values, never),
                "precision_at_number": float(never[first].mean()),
                "few": int(few.sum()),
                "few_at_number": int(few[first].sum()),
            }
        )
    rows[0] |= {
        "estimated": found.estimated,
        "estimated_se": found.estimated_se,
        "listed": int(listed.sum()),
        "expected_fdr": found.expected_fdr,
        "fdr": 1 - share(never[listed]),
        "precision": share(never[listed]),
        "recall": share(listed[never]),
        "few_listed": int(few[listed].sum()),
        "between": len(found.rare),
        "few_between": int(few[np.isin(table["id"], found.rare)].sum()),
    }
    return rows


def main() -> None:
    """Make the tokenizer, then each model that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--text", type=Path, default=here / ".cache/text/gcide/train.jsonl")
    parser.add_argument("--code", type=Path, default=Path(sysconfig.get_path("stdlib")))
    parser.add_argument("--out", type=Path, default=Path("untrained"))
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--width", type=int, default=WIDTH)
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY)
    names = [recipe.name for recipe in RECIPES]
    parser.add_argument("--models", nargs="+", choices=names, default=names)
    asked = parser.parse_args()

    with open(asked.text, encoding="utf-8") as lines:
        entries = [json.loads(line)["text"] for line in lines]
    np.random.default_rng(0).shuffle(entries)  # else the one part ends at M, and the other begins
    half = len(entries) // 2
    code = (p.read_text("utf-8", "replace") for p in sorted(asked.code.glob("*.py")))
    made_on = [*up_to(code, 500_000), *up_to(entries[half:], 4_000_000)]
    tokenizer = make_tokenizer(made_on, asked.vocabulary)
    ids = encode(tokenizer, list(up_to(entries[:half], 7_500_000)))
    asked.out.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, object]] = []
    for recipe in (r for r in RECIPES if r.name in asked.models):
        folder = asked.out / recipe.name
        counts = occurrences(ids, len(tokenizer), asked.steps, recipe.seed)
        print(f"{recipe.name}: {np.sum(counts == 0):,} tokens of {len(counts):,} never occur, "
              f"{np.sum((counts > 0) & (counts <= 5)):,} up to five times", flush=True)  # fmt: skip
        if not folder.is_dir():
            torch.manual_seed(recipe.seed)
            model = make_model(asked.width, len(tokenizer), DEPTH, recipe.tied)
            train(model, ids, asked.steps, recipe.seed, recipe.decay)
            save(model, tokenizer, folder)
        np.save(folder / COUNTS, counts)
        found += scores(folder, recipe)
    pd.DataFrame(found).round(6).to_csv(asked.out / "scores.csv", index=False)


if __name__ == "__main__":
    main()
