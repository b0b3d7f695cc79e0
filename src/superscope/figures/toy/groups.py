"""Runs in the groups that figures draw and fit: what differs between two groups is named."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from superscope.figures.draw.canvas import spread
from superscope.figures.toy.titles import RATES, Setting, shared, titles
from superscope.laws import Exponent, fit_exponent
from superscope.toy.config import ToyConfig
from superscope.toy.features import Float64
from superscope.toy.point import ToyPoint

MOST_PANELS = 6
BY_WIDTH = "by width"
"""In place of a learning rate that is chosen for each width, as in LLG25's large run."""


@dataclass(frozen=True, eq=False)
class Series:
    """Runs that differ in width and seed only.

    Attributes
    ----------
    decay
        γ of all of them.
    points
        In the order of width and seed.
    """

    decay: float
    points: tuple[ToyPoint, ...]

    @property
    def fittable(self) -> tuple[ToyPoint, ...]:
        """Those that a power law in width can go through: m < n, and a positive loss."""
        return tuple(p for p in self.points if p.config.width < p.config.n and positive(loss_of(p)))

    @cached_property
    def fit(self) -> Exponent | None:
        """loss ∝ m^(−exponent) through them; None with fewer than two widths."""
        points = self.fittable
        return fit_exponent([p.config.width for p in points], [loss_of(p) for p in points])


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that differ in width, decay and seed only.

    Attributes
    ----------
    setting
        What they have in common.
    alpha
        α of their frequencies; None for other laws than ``power``.
    title
        Its α or law, and the fields in which it differs from other groups.
    series
        Its runs by decay, ascending.
    """

    setting: Setting
    alpha: float | None
    title: str
    series: tuple[Series, ...]

    @property
    def points(self) -> tuple[ToyPoint, ...]:
        """All its runs."""
        return tuple(p for series in self.series for p in series.points)

    @property
    def widths(self) -> tuple[int, ...]:
        """Its widths, ascending."""
        return tuple(sorted({p.config.width for p in self.points}))

    @property
    def n(self) -> int:
        """Number of features."""
        return self.points[0].config.n

    @property
    def probabilities(self) -> Float64:
        """p of the features, shape (n,)."""
        return self.points[0].config.features().probabilities

    @property
    def importance(self) -> Float64:
        """Weight of each feature's squared error, shape (n,)."""
        return self.points[0].config.weights()


@dataclass(frozen=True, eq=False)
class GroupedRuns:
    """All runs of a set of figures.

    Attributes
    ----------
    groups
        In the order of their fields.
    repeated
        How many of the runs given were given before, and are left out.
    shared
        Fields that all runs have in common, name and value as text.
    rates
        What to say where the learning rate is chosen for each width; else empty.
    """

    groups: tuple[Group, ...]
    repeated: int
    shared: tuple[tuple[str, str], ...]
    rates: str

    @property
    def points(self) -> tuple[ToyPoint, ...]:
        """All runs, each once."""
        return tuple(p for group in self.groups for p in group.points)

    @property
    def decays(self) -> tuple[float, ...]:
        """Every γ, ascending."""
        return tuple(sorted({p.config.decay for p in self.points}))

    @property
    def widths(self) -> tuple[int, ...]:
        """Every width, ascending."""
        return tuple(sorted({p.config.width for p in self.points}))

    @cached_property
    def settings(self) -> tuple[tuple[str, tuple[Group, ...]], ...]:
        """Groups that differ in α only, with what they are called together."""
        together: dict[Setting, list[Group]] = {}
        for group in self.groups:
            together.setdefault(group.setting, []).append(group)
        names = titles([(setting, None) for setting in together])
        return tuple(zip(names, map(tuple, together.values()), strict=True))

    @cached_property
    def panels(self) -> tuple[Group, ...]:
        """The groups to draw: all, or a choice that is spread over α and keeps its ends."""
        settings = self.settings
        each = max(2, MOST_PANELS // len(settings))
        chosen = [group for _, groups in settings for group in spread(groups, each)]
        return tuple(chosen[: 2 * MOST_PANELS])

    @property
    def choice(self) -> str:
        """What to say of groups that are not drawn; empty if all are."""
        if len(self.panels) == len(self.groups):
            return ""
        return (
            f"Drawn are {len(self.panels)} of {len(self.groups)} groups, spread over α where "
            "there are many. The exponent map and the report's table have all of them."
        )


def group_runs(points: Sequence[ToyPoint]) -> GroupedRuns:
    """Return runs in groups, each run once.

    Seeds of one setting come together. Whatever else differs makes another group, except a
    learning rate that has one value for each width.
    """
    once = {p.config.identity: p for p in points}.values()
    together: dict[tuple[Setting, float | None], list[ToyPoint]] = {}
    settings, rates = _settings(once)
    for p in once:
        alpha = p.config.alpha if p.config.frequencies == "power" else None
        together.setdefault((settings[p.config.identity], alpha), []).append(p)
    order = {setting: k for k, setting in enumerate(sorted(set(settings.values()), key=_order))}
    keys = sorted(together, key=lambda key: (order[key[0]], key[1] or 0.0))
    return GroupedRuns(
        groups=tuple(
            Group(setting, alpha, title, _series(together[setting, alpha]))
            for (setting, alpha), title in zip(keys, titles(keys), strict=True)
        ),
        repeated=len(points) - len(once),
        shared=shared(list(order), [p.config for p in once]),
        rates=rates,
    )


def loss_of(point: ToyPoint) -> float:
    """Return the loss of a run, NaN if it has none."""
    loss = point.observation.loss
    return float("nan") if loss is None else loss


def positive(value: float | None) -> bool:
    """Whether a logarithmic axis can show it."""
    return value is not None and bool(np.isfinite(value)) and value > 0


def _settings(points: Iterable[ToyPoint]) -> tuple[dict[str, Setting], str]:
    """Return the setting of each run by identity, and what to say of learning rates."""
    fields = {p.config.identity: _fields(p.config) for p in points}
    rates: dict[Setting, dict[int, set[tuple[float, float]]]] = {}
    for p in points:
        found = fields[p.config.identity]
        of_width = rates.setdefault(_setting(found, omit=RATES), {})
        pair = (found["learning_rate"], found["bias_learning_rate"])
        of_width.setdefault(p.config.width, set()).add(pair)  # type: ignore[arg-type]
    said = ""
    settings: dict[str, Setting] = {}
    for p in points:
        found = fields[p.config.identity]
        of_width = rates[_setting(found, omit=RATES)]
        one_each = all(len(pairs) == 1 for pairs in of_width.values())
        if one_each and len(set().union(*of_width.values())) > 1:
            found = found | dict.fromkeys(RATES, BY_WIDTH)
            (first,), (last,) = of_width[min(of_width)], of_width[max(of_width)]
            said = (
                f"The learning rate differs between widths: {first[0]:.3g} at "
                f"m = {min(of_width)}, {last[0]:.3g} at m = {max(of_width)}."
            )
        settings[p.config.identity] = _setting(found)
    return settings, said


def _fields(config: ToyConfig) -> dict[str, Hashable]:
    """Return the options of a setting, with the values of its defaults."""
    features = config.features()
    scale = config.n / 25.6 if config.scale is None else config.scale
    return {
        "frequencies": config.frequencies,
        "scale": scale if config.frequencies == "exponential" else None,
        "n": config.n,
        "density": config.density,
        "groups": config.groups,
        "anticorrelated": config.anticorrelated if features.exclusive.any() else 1,
        "importance": 1.0 if (config.weights() == 1).all() else config.importance,
        "output": config.output,
        "bias": config.bias,
        "batch": config.batch,
        "steps": config.steps,
        "warmup": config.warmup_steps,
        "learning_rate": config.learning_rate,
        "bias_learning_rate": config.bias_learning_rate or config.learning_rate,
        "engine": config.engine,
    }


def _setting(fields: Mapping[str, Hashable], omit: Sequence[str] = ()) -> Setting:
    return tuple((name, value) for name, value in fields.items() if name not in omit)


def _order(setting: Setting) -> list[tuple[str, float, str]]:
    """Return a sort key: numbers as numbers, before and among text."""
    return [
        (name, float(value) if isinstance(value, (int, float)) else 0.0, str(value))
        for name, value in setting
    ]


def _series(points: Sequence[ToyPoint]) -> tuple[Series, ...]:
    ordered = sorted(points, key=lambda p: (p.config.decay, p.config.width, p.config.seed))
    return tuple(
        Series(decay, tuple(p for p in ordered if p.config.decay == decay))
        for decay in sorted({p.config.decay for p in points})
    )
