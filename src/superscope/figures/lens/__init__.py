"""Pictures of single tokens: their interference, their neighbors, and how they compare."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.lens._argmax import argmax_drawing
from superscope.figures.lens._budget import budget_drawing
from superscope.figures.lens._budgets import budgets_drawing
from superscope.figures.lens._comparison import comparison_drawing
from superscope.figures.lens._cost import cost_drawing
from superscope.figures.lens._interference import interference_drawing
from superscope.figures.lens._neighbors import neighbors_drawing
from superscope.figures.lens._undertrained import undertrained_drawing
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.lens import (
    Argmax,
    Comparison,
    Lens,
    NeighborCost,
    ReadingBudget,
    ReadingBudgets,
    Token,
    Undertrained,
)

__all__ = [
    "argmax",
    "budget",
    "budgets",
    "comparison",
    "cost",
    "drawings_of",
    "interference",
    "lens_drawings",
    "neighbors",
    "undertrained",
]

argmax = picture("argmax", argmax_drawing)
budget = picture("budget", budget_drawing)
budgets = picture("budgets", budgets_drawing)
interference = picture("interference", interference_drawing)
neighbors = picture("neighbors", neighbors_drawing)
comparison = picture("comparison", comparison_drawing)
cost = picture("cost", cost_drawing)
undertrained = picture("undertrained", undertrained_drawing)


@pictures.register
def _(_: Lens) -> dict[str, PictureFunction]:
    return {"interference": interference}


@pictures.register
def _(_: Token) -> dict[str, PictureFunction]:
    return {"neighbors": neighbors}


@pictures.register
def _(_: Comparison) -> dict[str, PictureFunction]:
    return {"comparison": comparison}


@pictures.register
def _(_: Argmax) -> dict[str, PictureFunction]:
    return {"argmax": argmax}


@pictures.register
def _(_: ReadingBudget) -> dict[str, PictureFunction]:
    return {"budget": budget}


@pictures.register
def _(_: ReadingBudgets) -> dict[str, PictureFunction]:
    return {"budgets": budgets}


@pictures.register
def _(_: NeighborCost) -> dict[str, PictureFunction]:
    return {"cost": cost}


@pictures.register
def _(_: Undertrained) -> dict[str, PictureFunction]:
    return {"undertrained": undertrained}


_OF_A_LENS: dict[type, Callable[[Any], Drawing | Missing]] = {
    Argmax: argmax_drawing,
    NeighborCost: cost_drawing,
    ReadingBudget: budget_drawing,
    ReadingBudgets: budgets_drawing,
    Undertrained: undertrained_drawing,
}


def drawings_of(result: object) -> tuple[Drawing | Missing, ...]:
    """Return the drawings of a result of a lens; of a result without pictures, none."""
    make = _OF_A_LENS.get(type(result))
    return () if make is None else (make(result),)


def lens_drawings(
    lens: Lens, tokens: Sequence[Token] = (), compared: Comparison | None = None
) -> tuple[Drawing | Missing, ...]:
    """Return the drawings of some tokens and their comparison; without tokens, of all rows."""
    made = [(neighbors_drawing(token), f"neighbors-{token.id}") for token in tokens]
    named = [replace(d, name=name) if isinstance(d, Drawing) else d for d, name in made]
    if compared is not None:
        return (*named, comparison_drawing(compared))
    return (*named,) if named else (interference_drawing(lens),)
