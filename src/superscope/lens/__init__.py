"""Single tokens and directions: what collides, what it costs, what can be read."""

import sys
from types import ModuleType

from superscope.lens import (  # noqa: F401  (registers how results print)
    summary,
    summary_argmax,
    summary_budget,
    summary_cost,
    summary_undertrained,
)
from superscope.lens._argmax import Argmax, argmax
from superscope.lens._budget import budget
from superscope.lens._budgets import budgets
from superscope.lens._lens import Lens
from superscope.lens._undertrained import undertrained
from superscope.lens.budget_options import BudgetOptions
from superscope.lens.certificates import Certificates
from superscope.lens.cost import GroupCost, NeighborCost, TokenCosts
from superscope.lens.cost_options import CostOptions
from superscope.lens.estimate import Estimate
from superscope.lens.hubs import InDegree
from superscope.lens.indicators import Indicators
from superscope.lens.intervention import Change, Intervention, MovedPair
from superscope.lens.lens_of_model import lens
from superscope.lens.options import LensOptions
from superscope.lens.overview import Extreme, Overview
from superscope.lens.reading import Contributor, Reading, ReadingBudget
from superscope.lens.readings import ReadingBudgets
from superscope.lens.reference import Reference
from superscope.lens.token import Chance, Comparison, Named, Neighbor, Square, Token
from superscope.lens.undertrained_rows import Undertrained
from superscope.lens.verification import Fault, Verification, verify

__all__ = [
    "Argmax",
    "BudgetOptions",
    "Certificates",
    "Chance",
    "Change",
    "Comparison",
    "Contributor",
    "CostOptions",
    "Estimate",
    "Extreme",
    "Fault",
    "GroupCost",
    "InDegree",
    "Indicators",
    "Intervention",
    "Lens",
    "LensOptions",
    "MovedPair",
    "Named",
    "Neighbor",
    "NeighborCost",
    "Overview",
    "Reading",
    "ReadingBudget",
    "ReadingBudgets",
    "Reference",
    "Square",
    "Token",
    "TokenCosts",
    "Undertrained",
    "Verification",
    "argmax",
    "budget",
    "budgets",
    "lens",
    "undertrained",
    "verify",
]


class _Room(ModuleType):
    """The room itself may be called: ``superscope.lens(model)``."""

    __call__ = staticmethod(lens)


sys.modules[__name__].__class__ = _Room
