"""A model that was written, as lines for people."""

from __future__ import annotations

from superscope.lens.estimate import Estimate
from superscope.repack.product import Product
from superscope.text import fixed, named, percent, plus_minus

_ALIKE = 0.02  # of two sizes of the original, that are then told once


def product_facts(made: Product) -> list[tuple[str, str]]:
    """Return what is said of a model that was written, by label."""
    p = made
    facts = [
        ("written", f"{named(p.folder)}, in {p.dtype}"),
        ("its head", f"rank {p.rank}, {way_words(p)}{_block_words(p)}"),
        ("as written", f"{_nats(p.loss)} nats per token, {_nats(p.excess)} over the full head"),
        ("size", size_words(p)),
    ]
    if (tied := tied_words(p)) is not None:
        facts.append(("tied", tied))
    if p.whole_loss is not None and p.whole_excess is not None:
        facts.append((
            "both",
            f"{_nats(p.whole_loss)} nats per token with the whole model, "
            f"{_nats(p.whole_excess)} over the original",
        ))  # fmt: skip
    if p.full_missing is None:
        facts.append((
            "full size",
            f"{named(p.folder)}/full, which transformers loads alone, takes "
            f"{_size(p.full_bytes)} more",
        ))  # fmt: skip
    else:
        facts.append(("full size", f"not written: {p.full_missing}"))
    if (dequantized := dequantized_words(p)) is not None:
        facts.append(("dequantized", dequantized))
    facts.append(("license", p.license or "unknown"))
    return facts


def way_words(made: Product) -> str:
    """Return how the head that was written was chosen."""
    if made.asked_for or made.among == 1:
        return made.way
    return f"{made.way}: the least loss on the scored text of {made.among} ways at this rank"


def size_words(made: Product) -> str:
    """Return what the model takes, beside the original."""
    p = made
    said = [
        f"{_size(p.nbytes)} on disk, {percent(p.nbytes / p.nbytes_before)} of the original's "
        f"{_size(p.nbytes_before)} in {p.dtype}",
        f"{p.weights:,} weights, not {p.weights_before:,}",
    ]
    if p.weights > p.weights_before and p.tied == "keep":
        said.append(
            "it is larger than the original, because its factors come beside the input embedding"
        )
    elif p.weights > p.weights_before:
        said.append("it is larger than the original: at this rank, factors have more numbers")
    stored = p.stored_before
    if stored is not None and abs(stored / p.nbytes_before - 1) > _ALIKE:
        said.append(f"the original's own files take {_size(stored)}")
    return "; ".join(said)


def tied_words(made: Product) -> str | None:
    """Return what became of the input embedding that the head was tied to; None if to none."""
    return {
        "keep": "the input embedding it was tied to stays as it is",
        "both": "the input embedding it was tied to is two factors too",
    }.get(made.tied)


def dequantized_words(made: Product) -> str | None:
    """Return what became of a quantized original; None if it was not."""
    if made.quantized is None:
        return None
    return (
        f"the original is quantized (its head is {made.quantized}); all weights are {made.dtype} "
        "now"
    )


def _block_words(made: Product) -> str:
    if len(made.ranks) == 1:
        return ""
    return f"; its blocks have the ranks {', '.join(map(str, made.ranks))}"


def _nats(estimate: Estimate) -> str:
    return plus_minus(fixed(estimate.value, 4), estimate.error)


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e6:,.4g} MB"
