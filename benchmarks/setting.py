"""How large the benchmarks are, and what they read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Setting:
    """What is the same for every benchmark of a run.

    Attributes
    ----------
    quick
        Toy sizes, a few seconds in all: they show that it runs, and no figure of theirs counts.
        What is a process of its own at full size runs in this one.
    data
        A folder with the public tables; None: they are fetched. At toy size only the tables that
        superscope ships are read.
    model, text
        The language model whose loss is measured and the text (JSON lines); None: those that
        ``tools/`` fetches.
    """

    quick: bool = False
    data: Path | None = None
    model: Path | None = None
    text: Path | None = None
