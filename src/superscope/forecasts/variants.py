"""Ways to fit that a roll-out compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Variant:
    """One way to fit, to be compared with others.

    Attributes
    ----------
    name
        What it is called in the result.
    law
        Which law; or ``coupled`` or ``broken``, rivals of chinchilla and power, which are fitted to
        each group by itself.
    changes
        Options that differ from the comparison's: ``{"fix": {"alpha": 1.0}}``.
    pooled
        Fit all groups together, a floor each, rather than each group for itself.
    shared
        Exponents taken from a pooled fit to the same training points, and held; their standard
        errors are in the intervals.
    """

    name: str
    law: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    pooled: bool = False
    shared: tuple[str, ...] = ()


WIDTH_VARIANTS = (
    Variant("free exponent", "width"),
    Variant("exponent 1", "width", {"fix": {"alpha": 1.0}}),
    Variant("pooled exponent", "width", shared=("alpha",)),
    Variant("no floor", "width", {"fix": {"B": 0.0}}),
    Variant("pooled, free exponent", "width", pooled=True),
    Variant("pooled, exponent 1", "width", {"fix": {"alpha": 1.0}}, pooled=True),
    Variant("pooled, no floor", "width", {"fix": {"B": 0.0}}, pooled=True),
)


def named_variants(variants: Sequence[Variant | str] | str) -> tuple[Variant, ...]:
    """Return variants in which laws may be given by name; ``width`` alone is all its variants."""
    given = (variants,) if isinstance(variants, str) else tuple(variants)
    if given == ("width",):
        return WIDTH_VARIANTS
    return tuple(Variant(v, v, pooled=True) if isinstance(v, str) else v for v in given)
