"""What a law says of a model that has not been trained, and the reasons to doubt it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from superscope.arguments import checked
from superscope.errors import UsageError
from superscope.forecasts.bends import bent
from superscope.forecasts.distance import Distance, distance
from superscope.laws import Estimate, Law
from superscope.laws.formula import Floats
from superscope.laws.intervals import SIGNIFICANT, estimate_frame
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.text import rounded

FAR = 4.0  # times beyond the data above which a forecast is doubted
ANOTHER_UNIT = 1e5  # times the data, beyond which a unit may be mixed up


@dataclass(frozen=True)
class End:
    """Where more width stops helping.

    Attributes
    ----------
    width
        From there on.
    reason
        Why.
    """

    width: Estimate
    reason: str


@dataclass(frozen=True)
class Forecast(Result, Pictured):
    """A predicted loss, its parts, and how far it is to be trusted.

    Attributes
    ----------
    refused
        Why the law says nothing beyond its data: its form does not hold; empty where it may, or
        inside the data. The numbers are shown all the same.
    law, group
        The law's name, and the group whose floor it has; empty without groups.
    inputs
        Width, depth, tokens, … by column.
    loss
        Of one new model: its interval carries the parameters' uncertainty, a residual, and beyond
        the data of a law that was judged the bends that the points do not exclude.
    unbent
        The same if the law goes on as it is, without bends.
    bend_chance
        How likely a bend is within the data (1/2 before they are looked at); None where none was
        looked for.
    expected
        The law's own value: its interval carries the parameters' uncertainty alone.
    parts
        What width, depth, data and the floor contribute; the values sum to the loss.
    doubling
        What the loss changes by when one input is doubled and the others stay.
    beyond
        How many times an input lies beyond the data: 2 is twice the largest, 0.5 half the
        smallest, 1 inside.
    distance
        From the data, in their standard deviations, all inputs together.
    ends
        Where the width's part of the law must end.
    doubts
        Every reason to doubt it, the law's own verdict first.
    """

    refused: str
    law: str
    group: str
    inputs: dict[str, float]
    loss: Estimate
    unbent: Estimate
    bend_chance: float | None
    expected: Estimate
    parts: dict[str, Estimate]
    doubling: dict[str, Estimate]
    beyond: dict[str, float]
    distance: Distance
    ends: tuple[End, ...]
    doubts: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for the loss, the expected loss and each part: value, low and high.

        Parts also have what doubling their input changes the loss by; NaN where there is none.
        The columns distance and farthest are the forecast's from the data, and the data's own;
        refused says why the law's form does not hold beyond them, and is empty where it may.
        """
        rows = {"loss": self.loss, "unbent": self.unbent, "expected": self.expected} | self.parts
        frame = estimate_frame(rows, "quantity")
        doubling = [self.doubling.get(name) for name in rows]
        return frame.assign(
            doubling=np.array([d.value if d else np.nan for d in doubling], np.float64),
            distance=np.nan if self.distance.value is None else self.distance.value,
            farthest=self.distance.farthest,
            refused=self.refused,
        )

    def __repr__(self) -> str:
        """Return the inputs and the loss in one line."""
        where = ", ".join(f"{name}={rounded(value)}" for name, value in self.inputs.items())
        refused = "refused, " if self.refused else ""
        return f"Forecast({self.law}, {where}: {refused}loss {self.loss})"


@checked
def forecast(
    law: Law, *, group: str | None = None, features: int | None = None, **inputs: float
) -> Forecast:
    """Forecast the loss of a model: ``forecast(law, width=16384, depth=80, tokens=2e13)``.

    Parameters
    ----------
    law
        A fitted law.
    group
        Whose floor, where the law has several.
    features
        How many tokens or features the model represents; default: the most among the data.
    **inputs
        One value for each of the law's columns.

    Returns
    -------
    Forecast
        The loss with its interval, its parts, where width ends, and the reasons to doubt it.

    Raises
    ------
    UsageError
        An input missing, unknown or out of range; no such group.

    Examples
    --------
    >>> from superscope.forecasts import forecast
    >>> from superscope.laws import fit, simulate
    >>> law = fit(simulate("chinchilla"), "chinchilla", resamples=0, judge=False)
    >>> said = forecast(law, parameters=1e11, tokens=2e12)
    >>> print(said.loss)
    1.935 (1.914 to 1.955)
    >>> list(said.parts)
    ['parameters', 'data', 'floor']
    """
    return forecast_at(law, inputs, group, features)


def forecast_at(
    law: Law, inputs: dict[str, float], group: str | None = None, features: int | None = None
) -> Forecast:
    """Forecast the loss of a model by its inputs; see :func:`forecast`.

    Parameters
    ----------
    law
        A fitted law.
    inputs
        One value for each of the law's columns.
    group
        Whose floor, where the law has several.
    features
        How many tokens or features the model represents; default: the most among the data.

    Returns
    -------
    Forecast
        As :func:`forecast` returns.
    """
    if any(np.ndim(value) for value in inputs.values()):
        raise UsageError("a forecast is for one model; Law.predict takes many")
    if features is not None and features < 1:
        raise UsageError(f"features must be at least 1, not {features}")
    x = law.inputs_of(inputs)
    number_ = law.group_number(group)
    at = np.array([number_])
    parts = law.parts(x, at)[0]
    k = len(law.form.terms)
    names = [*(t.part for t in law.form.terms), "floor"]
    twice = law.inputs_of({column: 2 * value for column, value in inputs.items()})
    of_parts = law.uncertainty.estimates(lambda p: law.parts(x, at, p)[:, 0])
    of_doubling = law.uncertainty.estimates(
        lambda p: (law.parts(twice, at, p) - law.parts(x, at, p))[:, 0, :k]
    )
    beyond = {t.column: _beyond(law, i, inputs[t.column]) for i, t in enumerate(law.form.terms)}
    away = distance(law, x)
    unbent = law.band(x, at, new=True).estimate()
    joined = bent(law, x, number_, unbent, list(beyond.values()))
    outside = any(times != 1 for times in beyond.values())
    ends = _ends(law, parts, features or law.points.features)
    return Forecast(
        refused=law.refused if outside else "",
        law=law.form.name,
        group=law.points.groups[number_],
        inputs={t.column: float(inputs[t.column]) for t in law.form.terms},
        loss=unbent if joined is None else joined.loss,
        unbent=unbent,
        bend_chance=None if joined is None else joined.chance,
        expected=law.band(x, at).estimate(),
        parts=dict(zip(names, of_parts, strict=True)),
        doubling=dict(zip(names, of_doubling, strict=False)),  # a floor has no input
        beyond=beyond,
        distance=away,
        ends=ends,
        doubts=(
            *_doubts(law, beyond, ends, inputs),
            *_without_floor(law, number_, beyond),
            *_combined(beyond, away),
        ),
    )


def _beyond(law: Law, term: int, value: float) -> float:
    values = law.points.inputs[:, term] + law.form.terms[term].offset
    if value > values.max():
        return float(value / values.max())
    if value < values.min():
        return float(value / values.min())
    return 1.0


def _ends(law: Law, parts: Floats, features: int) -> tuple[End, ...]:
    """Return where the width's part ends: at the features' number, and in the scatter."""
    widths = [i for i, term in enumerate(law.form.terms) if term.column == "width"]
    if not widths:
        return ()
    (i,) = widths
    ends = []
    if features:
        reason = f"each of {features:,} features has a dimension of its own, none overlap"
        ends.append(End(Estimate(float(features), None, None), reason))
    scale = law.residual_scale
    if law.form.residual == "log":
        scale *= float(parts.sum() - parts[i])  # what is left of the loss where width has its end
    p = law.vector
    if p[2 * i] > 0 and p[2 * i + 1] > 0 and scale > 0:
        width = law.uncertainty.estimate(lambda p: (p[:, 2 * i] / scale) ** (1 / p[:, 2 * i + 1]))
        reason = f"the width's part is below the scatter of single models ({rounded(scale)})"
        ends.append(End(width, reason))
    return tuple(ends)


def _doubts(
    law: Law, beyond: dict[str, float], ends: tuple[End, ...], inputs: dict[str, float]
) -> tuple[str, ...]:
    doubts = [f"the law is {law.short_verdict}"] if law.findings or law.held else []
    for column, times in beyond.items():
        factor = max(times, 1 / times)
        if factor <= FAR:
            continue
        verb = "are" if column.endswith("s") else "is"
        how_far = f"{times:.3g} times the largest" if times > 1 else f"{times:.3g} of the smallest"
        doubt = f"{column} {verb} {how_far} in the data"
        asked = f"{doubt}; is it in the unit of the data (plain counts)?"
        doubts.append(asked if factor > ANOTHER_UNIT else doubt)
    for end in ends:
        if inputs["width"] >= end.width.value:
            doubts.append(f"the width is past the law's end: {end.reason}")
    return tuple(doubts)


def _without_floor(law: Law, group: int, beyond: dict[str, float]) -> tuple[str, ...]:
    """Return a doubt beyond the data of a law whose fit has no floor, though none was held at 0.

    Where resampled fits have one, the intervals know of it.
    """
    place = 2 * len(law.form.terms) + group
    name = list(law.parameters)[place]
    if law.parameters[name] or name in law.held or not max(beyond.values()) > 1:
        return ()
    if len(law.bootstrap) and float(np.mean(law.bootstrap[:, place] > 0)) > SIGNIFICANT / 2:
        return ()
    return (f"the fit has no floor, and the intervals take {name} = 0 as known: with a floor the "
            "loss would end higher",)  # fmt: skip


def _combined(beyond: dict[str, float], away: Distance) -> tuple[str, ...]:
    """Return a doubt where each input lies inside the data, and their combination does not."""
    if not away.outside or any(times != 1 for times in beyond.values()):
        return ()
    how_far = "in a direction in which the data do not vary"
    if away.value is not None:
        how_far = f"{away.value:.2g} standard deviations from their middle, the data at most "
        how_far += f"{away.farthest:.2g}"
    return (f"each input is inside the data, but not their combination: it is {how_far}",)
