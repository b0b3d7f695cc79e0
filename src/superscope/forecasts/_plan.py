"""How to spend a compute budget: the width, depth and tokens with the least loss.

C = 6 N D floating-point operations. Under the law ``shape``, N = 12 ℓ m² + V m for the
embedding, and V m again if the output head is a matrix of its own; under ``chinchilla``, N itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from cyclopts import Parameter

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.forecasts._forecast import forecast_at
from superscope.forecasts.budget import Budget, held_loss, law_inputs, make_budget, tolerance
from superscope.laws import Estimate, Law
from superscope.laws.formula import Floats
from superscope.laws.intervals import estimate_frame
from superscope.options import changed, taking
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import rounded

TOLERANCE = 0.01
DECADES = 3.0  # of compute to either side, on the frontier
STEP = 0.5
NUDGE = 1.001  # factor of compute over which growth is measured
MOST_COMPUTE = 1e40
MULTIPLE = 128  # widths in use are multiples of it


@dataclass(frozen=True)
class Allocation:
    """One way to spend a budget.

    Attributes
    ----------
    compute
        C, floating-point operations.
    width, depth
        m and ℓ; None under ``chinchilla``.
    parameters, tokens
        N and D.
    loss
        The law's value, with the parameters' uncertainty.
    """

    compute: float
    width: float | None
    depth: float | None
    parameters: float
    tokens: float
    loss: Estimate


@dataclass(frozen=True)
class Tolerance:
    """How far an input can be from its best value before the loss is 1 % higher.

    The others are chosen anew at the same compute; None: however far.

    Attributes
    ----------
    low, high
        The smallest and the largest value of the input; None for however far.
    """

    low: float | None
    high: float | None


@dataclass(frozen=True)
class Plan(Result, Pictured):
    """The best use of a budget under a law.

    Attributes
    ----------
    refused
        Why the law says nothing of this budget: its form does not hold, and the best inputs lie
        beyond its data; empty where it may. The numbers are shown all the same.
    law, vocabulary, tied
        The law's name, V (0: embeddings not counted), and whether head and embedding are one.
    best
        The allocation with the least loss.
    rounded
        The same with a width that is a multiple of 128, and whole layers; None under
        ``chinchilla``.
    ranges
        95 % intervals of the best inputs, by name.
    new_model
        The loss of one model so trained, as a forecast gives it.
    tolerances
        By input.
    returns
        How the loss changes if one input doubles, or if compute doubles and is allocated
        optimally.
    exponents
        Of compute in each best input: d log input / d log C.
    frontier
        The best allocations over budgets.
    doubts
        Reasons to doubt it.
    """

    refused: str
    law: str
    vocabulary: int
    tied: bool
    best: Allocation
    rounded: Allocation | None
    ranges: dict[str, Estimate]
    new_model: Estimate
    tolerances: dict[str, Tolerance]
    returns: dict[str, Estimate]
    exponents: dict[str, float]
    frontier: tuple[Allocation, ...]
    doubts: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the best inputs, a row each: value, low and high, tolerance and growth.

        `cheap_low` and `cheap_high` are how far the input may be before the loss is 1 % higher;
        `doubling` is what doubling it alone changes the loss by; `grows` its exponent of compute;
        `refused` says why the law's form does not hold, and is empty where it may.
        """
        tolerances = [self.tolerances[name] for name in self.ranges]
        changes = [self.returns.get(name) for name in self.ranges]
        return estimate_frame(self.ranges, "input").assign(
            cheap_low=np.array([t.low for t in tolerances], np.float64),
            cheap_high=np.array([t.high for t in tolerances], np.float64),
            doubling=np.array([c.value if c else np.nan for c in changes], np.float64),
            grows=np.array([self.exponents[name] for name in self.ranges], np.float64),
            refused=self.refused,
        )

    def frontier_frame(self) -> pd.DataFrame:
        """Return the best allocation of each budget, a row each."""
        names = ("compute", "width", "depth", "parameters", "tokens")
        frame = pd.DataFrame(
            [{n: getattr(a, n) for n in names if n == "compute" or n in self.ranges}
             for a in self.frontier]
        )  # fmt: skip
        losses = [a.loss for a in self.frontier]
        return frame.assign(
            loss=np.array([e.value for e in losses], np.float64),
            low=np.array([e.low for e in losses], np.float64),
            high=np.array([e.high for e in losses], np.float64),
        )

    def __repr__(self) -> str:
        """Return the budget and the best inputs in one line."""
        inputs = ", ".join(f"{name}={rounded(best.value)}" for name, best in self.ranges.items())
        refused = "refused, " if self.refused else ""
        return f"Plan({self.law}, compute={rounded(self.best.compute)}: {refused}{inputs})"


@checked
@dataclass(frozen=True)
class PlanOptions:
    """What counts among the parameters of a plan under ``shape``.

    Attributes
    ----------
    vocabulary
        Vocabulary size V; then the embedding's V m parameters are counted. Default: not counted.
    tied
        Count the embedding only once, because it is also the output head.
    """

    vocabulary: int = 0
    tied: Annotated[bool, Parameter(negative="")] = False

    def __post_init__(self) -> None:
        if self.vocabulary < 0:
            raise UsageError(f"vocabulary must not be negative, not {self.vocabulary}")


@taking(PlanOptions)
@checked
def plan(law: Law, compute: float, options: PlanOptions = PlanOptions(), **changes: Any) -> Plan:
    """Return the best use of a compute budget under a law.

    Parameters
    ----------
    law
        A law ``shape`` or ``chinchilla``.
    compute
        C, floating-point operations.
    options
        What counts among the parameters; the keywords change it.
    **changes
        Options, by name.

    Returns
    -------
    Plan
        The best allocation, how far it may be missed, and the reasons to doubt it.

    Raises
    ------
    UsageError
        A law without the terms, a part that does not fall, or a budget or vocabulary it cannot
        take.

    Examples
    --------
    >>> from superscope.forecasts import plan
    >>> from superscope.laws import fit, simulate
    >>> law = fit(simulate("chinchilla"), "chinchilla", resamples=0, judge=False)
    >>> best = plan(law, 1e23).best
    >>> f"{best.parameters:.1e} parameters, {best.tokens:.1e} tokens"
    '3.2e+10 parameters, 5.2e+11 tokens'
    """
    if not 0 < compute <= MOST_COMPUTE:
        raise UsageError(
            f"compute must be positive and at most {MOST_COMPUTE:g} operations, not {compute:g}"
        )
    settings = changed(options, changes, "plan")
    vocabulary, tied = settings.vocabulary, settings.tied
    budget = make_budget(law, vocabulary, tied)
    if tied and not vocabulary:
        raise UsageError("tied says how the embedding counts; give the vocabulary, too")
    for i, term in enumerate(law.form.terms):
        if not (law.vector[2 * i] > 0 and law.vector[2 * i + 1] > 0):
            raise UsageError(
                f"no budget can be planned: the loss does not fall with {term.column} "
                f"({term.amplitude} = {rounded(law.vector[2 * i])}, "
                f"{term.exponent} = {rounded(law.vector[2 * i + 1])})"
            )
    if len(law.points.groups) > 1:
        raise UsageError(
            f"a plan needs one floor, and the law has {len(law.points.groups)}; "
            "fit one group, and exclude the others"
        )
    best = _best(budget, law, law.vector[None], compute)
    small = [name for name in best if best[name][0] < 1]
    if small:
        raise UsageError(
            f"compute {compute:g} is too small for this law: the best {small[0]} is "
            f"{best[small[0]][0]:.2g}"
        )
    more = _best(budget, law, law.vector[None], compute * NUDGE)
    here = _allocated(law, best, compute)
    predicted = forecast_at(law, {c: float(best[c][0]) for c in law.form.columns})
    steps = np.arange(-DECADES, DECADES + STEP / 2, STEP)
    worth = (1 + TOLERANCE) * here.loss.value
    offsets = dict(zip(budget.free, budget.offsets, strict=True))
    tolerances = {
        name: Tolerance(
            *tolerance(
                held_loss(budget, law, compute, name), float(best[name][0]), worth,
                float(offsets.get(name, 0.0)),
            )
        )
        for name in best
    }  # fmt: skip
    return Plan(
        refused=predicted.refused,
        law=law.form.name,
        vocabulary=vocabulary,
        tied=tied,
        best=here,
        rounded=_rounded(budget, law, here),
        ranges=_ranges(budget, law, compute),
        new_model=predicted.loss,
        tolerances=tolerances,
        returns={t.column: predicted.doubling[t.part] for t in law.form.terms}
        | {"compute": _of_doubling(budget, law, best, compute)},
        exponents={n: float(np.log(more[n][0] / best[n][0]) / math.log(NUDGE)) for n in best},
        frontier=tuple(_allocation(budget, law, compute * 10**s) for s in steps),
        doubts=(*predicted.doubts, *_dropped(law)),
    )


def _falls(law: Law, parameters: Floats) -> npt.NDArray[np.bool_]:
    """Return for which parameters (R, P) every part falls: the others have no best shape."""
    return np.asarray((parameters[:, : 2 * len(law.form.terms)] > 0).all(axis=1), np.bool_)


def _dropped(law: Law) -> tuple[str, ...]:
    draws = law.uncertainty.draws
    share = 1 - float(np.mean(_falls(law, draws))) if len(draws) else 0.0
    if not share:
        return ()
    return (f"in {share:.1%} of the resamples a part does not fall: ranges are of the others",)


def _best(budget: Budget, law: Law, parameters: Floats, compute: float) -> dict[str, Floats]:
    """Return the best inputs under each of the parameters (R, P); NaN where there are none."""
    falls = _falls(law, parameters)
    c = np.full(int(falls.sum()), compute)
    found = budget.inputs(budget.best(law.form, parameters[falls], c), c)
    result = {}
    for name, values in found.items():
        result[name] = np.full(len(parameters), np.nan)
        result[name][falls] = values
    return result


def _ranges(budget: Budget, law: Law, compute: float) -> dict[str, Estimate]:
    """Return the best inputs with their intervals: every resample is solved once for all."""
    names: list[str] = []

    def inputs(parameters: Floats) -> Floats:
        found = _best(budget, law, parameters, compute)
        names[:] = found
        return np.column_stack(list(found.values()))

    found = law.uncertainty.estimates(inputs)
    return dict(zip(names, found, strict=True))


def _losses(law: Law, inputs: dict[str, Floats], parameters: Floats) -> Floats:
    """Return the loss at inputs (1,) under each of the parameters (R, P)."""
    return law.loss(law_inputs(law, inputs), np.array([0]), parameters)[:, 0]


def _allocation(budget: Budget, law: Law, compute: float) -> Allocation:
    return _allocated(law, _best(budget, law, law.vector[None], compute), compute)


def _allocated(law: Law, inputs: dict[str, Floats], compute: float) -> Allocation:
    return Allocation(
        compute=float(compute),
        width=float(inputs["width"][0]) if "width" in inputs else None,
        depth=float(inputs["depth"][0]) if "depth" in inputs else None,
        parameters=float(inputs["parameters"][0]),
        tokens=float(inputs["tokens"][0]),
        loss=law.band(law_inputs(law, inputs), np.array([0])).estimate(),
    )


def _rounded(budget: Budget, law: Law, best: Allocation) -> Allocation | None:
    if best.width is None or best.depth is None:
        return None
    width = max(MULTIPLE, MULTIPLE * round(best.width / MULTIPLE))
    # The width is given first: the best depth at that width, not at the one before rounding.
    around = round(best.depth * (best.width / width) ** 2)
    choices = []
    for depth in range(max(1, around - 3), around + 4):
        if depth <= budget.offsets[1]:
            continue
        u = np.log(np.array([[width, depth]]) - budget.offsets)
        inputs = budget.inputs(u, np.array([best.compute]))
        inputs |= {"width": np.array([float(width)]), "depth": np.array([float(depth)])}
        choices.append((float(_losses(law, inputs, law.vector[None])[0]), depth, inputs))
    return _allocated(law, min(choices)[2], best.compute) if choices else None


def _of_doubling(budget: Budget, law: Law, once: dict[str, Floats], compute: float) -> Estimate:
    """Return how the loss changes when compute doubles and is again allocated optimally."""
    twice = _best(budget, law, law.vector[None], 2 * compute)
    return law.uncertainty.estimate(lambda p: _losses(law, twice, p) - _losses(law, once, p))
