"""The model card of a model with a narrower head."""

from __future__ import annotations

from typing import Any

from superscope.repack.original import Original
from superscope.repack.product import Product
from superscope.repack.repacking import Repacking
from superscope.repack.summary_product import product_facts, way_words
from superscope.text import counted, fixed, named, plus_minus

_FACTS = ("size", "tied", "dequantized")


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
    told: dict[str, Any] = {
        **original.license, "base_model": name, "tags": ["superscope", "low-rank-head"],
    }  # fmt: skip
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
        rows.append(("the full-size matrix in `full`", made.rank, made.full_loss, None))
    table = "\n".join(
        f"| {what} | {rank} | {plus_minus(fixed(loss.value, 4), loss.error)} | "
        f"{'' if over is None else plus_minus(fixed(over.value, 4), over.error)} |"
        for what, rank, loss, over in rows
    )
    facts = "\n".join(
        f"- {label}: {value}" for label, value in product_facts(made) if label in _FACTS
    )
    return f"""---
{front.strip()}
---

# {name} with an output head of rank {made.rank}

The body is that of the original, and its output head of {found.rows:,} rows and {found.width:,}
columns is two factors of rank {made.rank} ({way_words(made)}). superscope {version} made them from
{counted(found.calibration.tokens, "token")} of {named(found.calibration.name)}.

{license_words}

| head | rank | nats per token | over the full head |
|---|---|---|---|
{table}

Measured on {counted(found.scored.tokens, "token")} of {named(found.scored.name)}
({counted(found.scored.documents, "document")}); ± one standard error, clustered by document.

{facts}

## Use

```python
import superscope

model = superscope.repack.load("this folder")  # its head is two torch.nn.Linear
```

The folder `full`, where it is there, has the same head as one matrix of full size: transformers
loads it alone.
"""
