"""How a law is to be fitted."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.laws.formula import Form, make_form
from superscope.laws.typed import typed_bounds, typed_columns, typed_pairs, typed_values
from superscope.options import changed, check_least

COMMA = re.compile(r",(?![^\[]*\])")  # between names, not within the brackets of B[opt,c4]

# The command line is made of these options (superscope.cli.fit, superscope.cli.roll_out).
_MANY = Parameter(consume_multiple=True, negative="", show_default=False)
_NOT_TYPED = Parameter(parse=False)


@checked
@dataclass(frozen=True)
class LawOptions:
    """How a law is fitted and resampled; common to a fit and a roll-out.

    Attributes
    ----------
    columns
        Which column of the table holds what: ``{"width": "d_model"}``, on the command line
        width=d_model; or from which it follows: tokens=C/6N.
    separator
        Between the cells of a table in text, as it is or by name (comma, semicolon, tab, space,
        bar); default: the one that gives every row as many cells.
    decimal
        The decimal sign of the table's numbers, "." or ","; default: what its cells show.
    wide
        What a table with a column for each run holds, such as loss: columns RUN - loss, as W&B
        exports them, or every column but the first, become rows of run and loss.
    group
        Columns whose values give each group of points a floor of its own; default: family and
        dataset, where the table has several of them. none is one floor for all.
    where
        Fit the rows of a rule only, such as "family = opt or family = pythia": what the law is of.
    exclude
        Leave out the rows of a rule, such as "loss > 3" or "family == opt and width < 1000"; the
        judge fits again with them.
    drop_highest
        Leave out the K highest losses of each group; ties go together.
    fix
        Parameters held at a value: ``{"a_m": 1.0}``, on the command line a_m=1. A floor's name
        holds all groups' floors.
    bounds
        Lowest and highest value of a parameter: ``{"alpha": (0.5, None)}``, on the command line
        alpha=0.5:. Either end may lack. By default exponents are searched from 0 to 8, amplitudes
        and floors from 0.
    equal
        Parameters that have one value: ``("alpha", "beta")``, on the command line alpha,beta.
        They are fitted as one free parameter.
    loss
        The objective's function of a residual; default: the law's own.
    delta
        Where Huber's function turns from a square to a line, in units of the residual.
    residual
        log is log loss minus its log prediction, plain the losses themselves; default: the law's
        own.
    weights
        loss_se weighs points by the inverse square of their standard error.
    resample
        Column whose values are resampled together, or row for every row by itself; default: run,
        or else model, where the table has them.
    resamples
        Number of resamples; 0 takes intervals from the joint Jacobian, or where points belong to
        runs from fits without each.
    starts
        Searches from different exponents.
    x
        The column that power is a power of, or time its time.
    depth_offset
        Layers that do not count in the law shape.
    seed
        Of the resamples and the starts.
    """

    columns: Annotated[Mapping[str, str], typed_pairs(typed_columns)] = field(default_factory=dict)
    separator: str | None = None
    decimal: Literal[".", ","] | None = None
    wide: str | None = None
    group: Annotated[tuple[str, ...] | None, _MANY] = None
    where: Annotated[tuple[str, ...], _MANY] = ()
    exclude: Annotated[tuple[str, ...], _MANY] = ()
    drop_highest: int = 0
    fix: Annotated[Mapping[str, float], typed_pairs(typed_values)] = field(default_factory=dict)
    bounds: Annotated[
        Mapping[str, tuple[float | None, float | None]], typed_pairs(typed_bounds, name="--bound")
    ] = field(default_factory=dict)
    equal: Annotated[tuple[str, ...], _MANY] = ()
    loss: Literal["huber", "squared"] | None = None
    delta: float = 1e-3
    residual: Literal["log", "plain"] | None = None
    weights: Literal["none", "loss_se"] = "none"
    resample: str | None = None
    resamples: int = 1000
    starts: int = 64
    x: str | None = None
    depth_offset: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        _make_tuples(self, ("group", "where", "exclude", "equal"))
        names = (name.strip() for word in self.equal for name in COMMA.split(word))
        object.__setattr__(self, "equal", tuple(names))
        check_least(self, {"drop_highest": 0, "resamples": 0, "starts": 1, "seed": 0})
        if not (self.delta > 0 and math.isfinite(self.delta)):
            raise UsageError(
                f"delta must be positive and finite, not {self.delta:g}; for squares: loss squared"
            )
        if not (self.depth_offset >= 0 and math.isfinite(self.depth_offset)):
            raise UsageError(
                f"depth_offset must be finite and not negative, not {self.depth_offset:g}"
            )
        ends = {
            name: tuple(None if end is None or math.isinf(end) else float(end) for end in pair)
            for name, pair in self.bounds.items()
        }
        object.__setattr__(self, "bounds", ends)
        if 0 < self.resamples < 100:
            raise UsageError("resamples: 95 % intervals need at least 100; 0 for none")

    def form(self, law: str) -> Form:
        """Return the law's form with these options' input, offset and objective."""
        form = make_form(law, x=self.x, depth_offset=self.depth_offset)
        return replace(
            form, loss=self.loss or form.loss, residual=self.residual or form.residual,
            delta=self.delta,
        )  # fmt: skip


@checked
@dataclass(frozen=True)
class FitOptions(LawOptions):
    """How a law is fitted, judged and resampled.

    Attributes
    ----------
    rules
        Other exclusions under which the judge fits again: numbers of highest losses, or rules such
        as "width < 512"; default: 0 to 20 % of the smallest group, or whole runs. Rules of exclude
        are lifted in any case, but for those that choose what the law is of, such as
        "family != opt".
    judge
        Whether to judge: profiles, influential points, fits under other exclusions. False for
        fits by the thousand; the law then says that it was not judged.
    """

    rules: Annotated[tuple[int | str, ...] | None, _MANY] = None
    judge: Annotated[bool, _NOT_TYPED] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        _make_tuples(self, ("rules",))
        if any(not isinstance(rule, str) and rule < 0 for rule in self.rules or ()):
            raise UsageError("rules: numbers of points to drop are not negative")

    def changed(self, changes: Mapping[str, Any]) -> FitOptions:
        """Return options with some replaced; UsageError for a name that is not an option."""
        return changed(self, changes, "fit")


@checked
@dataclass(frozen=True)
class RollOutOptions(LawOptions):
    """What is held out, and how the rest is fitted.

    Attributes
    ----------
    hold_out
        How many of each group's largest models are predicted.
    size
        Column of the models' size; default: the first law's first input. Models of one size are
        held out together.
    """

    hold_out: Annotated[tuple[int, ...], Parameter(consume_multiple=True, negative="")] = (1, 2)
    size: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        held: Any = self.hold_out  # one number may be given bare
        object.__setattr__(self, "hold_out", (held,) if isinstance(held, int) else tuple(held))
        if not self.hold_out or min(self.hold_out) < 1:
            raise UsageError("hold_out: at least one model must be held out")

    def of_fit(self) -> FitOptions:
        """Return the options of each fit, which is not judged."""
        return FitOptions(
            **{f.name: getattr(self, f.name) for f in fields(LawOptions)}, judge=False
        )


def _make_tuples(options: LawOptions, names: tuple[str, ...]) -> None:
    """Let one name or rule be given bare."""
    for name in names:
        value = getattr(options, name)
        if value is not None:
            value = (value,) if isinstance(value, (str, int)) else tuple(value)
            object.__setattr__(options, name, value)
