"""Every variant by its name, and how several are composed."""

from __future__ import annotations

import itertools
import math

from superscope.arguments import refuse_unknown
from superscope.errors import UsageError
from superscope.lab.variants.adamw import AdamW
from superscope.lab.variants.bias import Bias
from superscope.lab.variants.centered import Centered
from superscope.lab.variants.coupled import Coupled
from superscope.lab.variants.decay import Decay
from superscope.lab.variants.factored import Factored
from superscope.lab.variants.growth import Growth
from superscope.lab.variants.muon import Muon
from superscope.lab.variants.sgd import SGD
from superscope.lab.variants.softmaxes import Softmaxes
from superscope.lab.variants.spread import Spread
from superscope.lab.variants.tied import Tied
from superscope.lab.variants.unit import Unit
from superscope.lab.variants.variant import Variant
from superscope.lab.variants.wide import Wide

# In the order in which they change a head.
_KINDS: tuple[type[Variant], ...] = (
    AdamW, Tied, Factored, Wide, Softmaxes, Bias, Unit, Centered, Growth, Decay, Spread,
    Coupled, Muon, SGD,
)  # fmt: skip
VARIANTS: dict[str, type[Variant]] = {kind.name: kind for kind in _KINDS}
BASELINE = AdamW.name


def variants_of(written: str) -> tuple[Variant, ...]:
    """Return the variants that a config names, such as ``centered + growth=0.1``.

    Parameters
    ----------
    written
        Names joined by ``+``, each with its number after ``=`` where it takes one.

    Returns
    -------
    tuple of Variant
        In the order in which they change a head; the baseline alone, or no baseline.

    Raises
    ------
    UsageError
        A name is unknown, a number out of range, or two variants exclude each other.
    """
    chosen: dict[str, Variant] = {}
    for part in written.split("+"):
        name, given, number = (word.strip() for word in part.partition("="))
        refuse_unknown("the lab", "variant", [name], list(VARIANTS))
        if name in chosen:
            raise UsageError(f"variant {name} is named twice in {written!r}")
        chosen[name] = VARIANTS[name](_number(name, number) if given else None)
    if len(chosen) > 1:
        chosen.pop(BASELINE, None)
    ordered = tuple(chosen[name] for name in VARIANTS if name in chosen)
    for first, second in itertools.combinations(ordered, 2):
        if why := _clash(first, second):
            raise UsageError(f"variants {first.name} and {second.name} cannot be composed: {why}")
    return ordered


def _clash(first: Variant, second: Variant) -> str | None:
    """Return why two variants cannot be composed; None if they can."""
    if both := sorted(first.decides & second.decides):
        return f"each decides the {' and the '.join(both)} of the head"
    return first.refuses(second) or second.refuses(first)


def spelled(variants: tuple[Variant, ...]) -> str:
    """Return the one way to write variants that mean the same."""
    return " + ".join(map(str, variants))


def _number(name: str, written: str) -> float:
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"variant {name} takes a number after =, not {written!r}")
    return number
