"""The seeds and widths at which every run is there."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

ENOUGH = 3  # widths that are better than more seeds, for what is taken over widths


@dataclass(frozen=True)
class Block:
    """Widths that all have the same seeds.

    Attributes
    ----------
    widths, seeds
        Ascending.
    """

    widths: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()


def full_block(
    seeds_of: Mapping[int, Set[int]],
    needed: int | None = None,
    *,
    wide: bool = False,
    enough: int = 1,
) -> Block:
    """Return the largest block of a grid of runs in which none is missing.

    Parameters
    ----------
    seeds_of
        Seeds at each width.
    needed
        A width that must be in it.
    wide
        Whether more widths are better than more runs.
    enough
        Up to so many widths are better than more runs, too.

    Returns
    -------
    Block
        Of most runs, with two seeds or more if there are; among such, of most seeds. Empty where
        there is none.
    """
    possible = None if needed is None else seeds_of[needed]
    tries = {frozenset(s if possible is None else s & possible) for s in seeds_of.values()}
    blocks = [
        Block(tuple(sorted(m for m, s in seeds_of.items() if s >= seeds)), tuple(sorted(seeds)))
        for seeds in tries
        if seeds
    ]

    def size(block: Block) -> tuple[int, ...]:
        widths, seeds = len(block.widths), len(block.seeds)
        # One seed has no interval.
        first = (widths,) if wide else (min(seeds, 2), min(widths, enough), widths * seeds)
        return (*first, seeds, *block.seeds)

    return max(blocks, key=size, default=Block())
