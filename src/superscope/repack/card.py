"""The model card of a model with a narrower head."""

from __future__ import annotations

from typing import Any

from superscope.repack.original import Original
from superscope.repack.product import Product
from superscope.repack.repacking import Repacking
from superscope.repack.summary_product import (
    dequantized_words,
    size_words,
    tied_words,
    way_words,
)
from superscope.text import counted, fixed, named, plus_minus


def card(found: Repacking, made: Product, original: Original, version: str) -> str:
    """Return a model card, Markdown with YAML in front.

    Parameters
    ----------
    found, made
        What was measured, and what was written.
    original
        The model it was made from.
    version
        Of superscope.
    """
    from huggingface_hub import CardData

    name = named(original.name)
    told: dict[str, Any] = {**original.license, "tags": ["superscope", "low-rank-head"]}
    if original.base is not None and "/" in original.base:  # the hub takes an id only
        told["base_model"] = original.base
    front = CardData(**told).to_yaml()
    said = original.license.get("license")
    license_words = (
        f"The license of the original is {said}, and holds for this model too."
        if said
        else "The license of the original is unknown: it came without a model card that names one."
    )
    rows = [
        ("full head", found.width, found.full.loss, None),
        ("this head, as written", made.rank, made.loss, made.excess),
    ]
    if made.whole_loss is not None:
        rows.append(("with the input embedding in factors", made.rank, made.whole_loss,
                     made.whole_excess))  # fmt: skip
    if made.full_loss is not None:
        rows.append(("the checkpoint of full size in `full`", made.rank, made.full_loss, None))
    table = "\n".join(
        f"| {what} | {rank} | {plus_minus(fixed(loss.value, 4), loss.error)} | "
        f"{'' if over is None else plus_minus(fixed(over.value, 4), over.error)} |"
        for what, rank, loss, over in rows
    )
    facts = [
        ("size", size_words(made)), ("tied", tied_words(made)),
        ("dequantized", dequantized_words(made)),
    ]  # fmt: skip
    listed = "\n".join(f"- {label}: {words}" for label, words in facts if words is not None)
    full_words = (
        "The folder `full` has the same head as one matrix of full size: transformers loads it "
        "alone."
        if made.full_missing is None
        else f"There is no checkpoint of full size beside it: {made.full_missing}."
    )
    ranks = ", ".join(map(str, made.ranks))
    shape = (
        f"two factors of rank {made.rank}"
        if len(made.ranks) == 1
        else f"two factors for each of {len(made.ranks)} blocks of rows, of ranks {ranks}"
    )
    return f"""---
{front.strip()}
---

# {name} with an output head of rank {made.rank}

The body is that of the original, and its output head of {found.rows:,} rows and {found.width:,}
columns is {shape} ({way_words(made)}). superscope {version} made them from
{counted(found.calibration.tokens, "token")} of {named(found.calibration.name)}.

{license_words}

| head | rank | nats per token | over the full head |
|---|---|---|---|
{table}

Measured on {counted(found.scored.tokens, "token")} of {named(found.scored.name)}
({counted(found.scored.documents, "document")}); ± one standard error, clustered by document.

{listed}

## Use

```python
import superscope

model = superscope.repack.load("this folder")
for pair in model.get_output_embeddings().blocks:
    print(pair.columns, pair.rows)  # two torch.nn.Linear
```

{full_words}
"""
