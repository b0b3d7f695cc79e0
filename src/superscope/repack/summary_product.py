"""A model that was written, as lines for people."""

from __future__ import annotations

from superscope.lens.estimate import Estimate
from superscope.repack.product import Product
from superscope.text import fixed, named, percent, plus_minus

_TIED = {
    "keep": "the input embedding it was tied to stays as it is",
    "both": "the input embedding it was tied to is two factors too",
}


def product_facts(made: Product) -> list[tuple[str, str]]:
    """Return what is said of a model that was written, by label."""
    p = made
    facts = [
        ("written", f"{named(p.folder)}, in {p.dtype}"),
        ("its head", f"rank {p.rank}, {way_words(p)}{_block_words(p)}"),
        ("as written", f"{_nats(p.loss)} nats per token, {_nats(p.excess)} over the full head"),
        ("size", f"{_size(p.nbytes)} on disk, {percent(p.nbytes / p.nbytes_before)} of "
                 f"{_size(p.nbytes_before)}; {p.weights:,} weights, not {p.weights_before:,}"),
    ]  # fmt: skip
    if p.tied in _TIED:
        facts.append(("tied", _TIED[p.tied]))
    if p.whole_loss is not None and p.whole_excess is not None:
        facts.append((
            "both",
            f"{_nats(p.whole_loss)} nats per token with the whole model, "
            f"{_nats(p.whole_excess)} over the original",
        ))  # fmt: skip
    if p.full_loss is None:
        facts.append(("full size", "not written: the model has no place for the bias of this head"))
    else:
        facts.append((
            "full size",
            f"{named(p.folder)}/full, which transformers loads alone, takes "
            f"{_size(p.full_bytes)} more",
        ))  # fmt: skip
    if p.quantized is not None:
        facts.append((
            "dequantized",
            f"the original is quantized (its head is {p.quantized}); all weights are {p.dtype} now",
        ))  # fmt: skip
    facts.append(("license", p.license or "unknown"))
    return facts


def way_words(made: Product) -> str:
    """Return how the head that was written was chosen."""
    if made.among == 1:
        return made.way
    return f"{made.way}: the least loss on the scored text of {made.among} ways at this rank"


def _block_words(made: Product) -> str:
    if len(made.ranks) == 1:
        return ""
    return f"; its blocks have the ranks {', '.join(map(str, made.ranks))}"


def _nats(estimate: Estimate) -> str:
    return plus_minus(fixed(estimate.value, 4), estimate.error)


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e6:,.4g} MB"
