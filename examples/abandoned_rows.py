"""Compare the rows that moved only together with the tokens that did not occur meanwhile.

    python tools/fetch_text.py
    python examples/abandoned_rows.py

The tokenizer is made on a dictionary and on Python's standard library; the models then see other
entries of the dictionary only, so that hundreds of tokens never occur. Two GPT-NeoX models, tied
and untied, a few minutes on one core. How often each token occurred between two observations is
counted in the batches themselves.
"""

from __future__ import annotations

import argparse
import json
import sysconfig
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from train_family import batches, encode, make_model, make_tokenizer
from undertrained_rows import up_to

from superscope import Head
from superscope.watch import update

WINDOWS = (20, 50, 100)


def states(
    ids: torch.Tensor, vocabulary: int, width: int, steps: int, tied: bool
) -> tuple[list[npt.NDArray[np.float32]], list[npt.NDArray[np.int64]]]:
    """Return the head, and how often each token has occurred, before every tenth step."""
    torch.manual_seed(0)
    model = make_model(width, vocabulary, 2, tied)
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, betas=(0.9, 0.95), weight_decay=0.1)
    heads, counts, seen = [], [], np.zeros(vocabulary, np.int64)
    for step, batch in enumerate(batches(ids, steps + 1, 0)):
        if step % 10 == 0:
            heads.append(model.get_output_embeddings().weight.detach().numpy().copy())
            counts.append(seen.copy())
        optimizer.zero_grad(set_to_none=True)
        model(input_ids=batch, labels=batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seen += np.bincount(batch.numpy().ravel(), minlength=vocabulary)
    return heads, counts


def main() -> None:
    """Train both models, and print what was found in each window."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--text", type=Path, default=here / ".cache/text/gcide/train.jsonl")
    parser.add_argument("--code", type=Path, default=Path(sysconfig.get_path("stdlib")))
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--width", type=int, default=48)
    parser.add_argument("--vocabulary", type=int, default=2048)
    asked = parser.parse_args()

    with open(asked.text, encoding="utf-8") as lines:
        entries = [json.loads(line)["text"] for line in lines]
    np.random.default_rng(0).shuffle(entries)
    half = len(entries) // 2
    code = (p.read_text("utf-8", "replace") for p in sorted(asked.code.glob("*.py")))
    made_on = [*up_to(code, 300_000), *up_to(entries[half:], 1_500_000)]
    tokenizer = make_tokenizer(made_on, asked.vocabulary)
    ids = encode(tokenizer, list(up_to(entries[:half], 4_000_000)))
    rows = []
    for tied in (False, True):
        heads, counts = states(ids, len(tokenizer), asked.width, asked.steps, tied)
        never = counts[-1] == 0
        for window in WINDOWS:
            for start in range(0, asked.steps - window + 1, 100):
                at, to = start // 10, (start + window) // 10
                found = update(heads[at], Head.from_array(heads[to])).together
                absent = counts[to] == counts[at]
                rows.append({
                    "head": "tied" if tied else "untied",
                    "steps": f"{start} to {start + window}",
                    "absent": int(absent.sum()),
                    "found": len(found),
                    "of them absent": int(absent[found].sum()),
                    "never": int(never.sum()),
                    "of them found": int(never[found].sum()),
                })  # fmt: skip
    print(pd.DataFrame(rows).to_string(index=False))


if __name__ == "__main__":
    main()
