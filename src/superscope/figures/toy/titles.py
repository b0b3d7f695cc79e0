"""What groups of toy runs are called: by the fields in which they differ."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from superscope.text import signed
from superscope.toy.config import ToyConfig

RATES = ("learning_rate", "bias_learning_rate")
_NAMES = {
    "density": "density E", "groups": "group size", "bias_learning_rate": "learning rate b",
    "bias": "start of b",
}  # fmt: skip

Setting = tuple[tuple[str, Hashable], ...]
"""Every field of a config that means something there, but for width, α, decay and seed."""


def titles(keys: Sequence[tuple[Setting, float | None]]) -> list[str]:
    """Return what each group is called: α or law, and the fields that differ."""
    settings = list(dict.fromkeys(setting for setting, _ in keys))
    varied = [name for name, values in _values(settings).items() if len(values) > 1]
    return [_title(setting, alpha, settings, varied) for setting, alpha in keys]


def _title(
    setting: Setting, alpha: float | None, settings: Sequence[Setting], varied: Sequence[str]
) -> str:
    fields = dict(setting)
    law = _text("frequencies", fields["frequencies"], settings)
    others = [name for name in varied if name != "frequencies" and fields[name] is not None]
    if "warmup" in others and "steps" in others and _tenth(settings):
        others.remove("warmup")
    if all(name in others for name in RATES) and _one_rate(settings):
        others.remove("bias_learning_rate")
    parts = [] if alpha is None else [f"α = {signed(alpha, 4)}"]
    parts += [f"{_name(name)} = {_text(name, fields[name], settings)}" for name in others]
    if law != "power" or "frequencies" in varied or not parts:
        parts.insert(0, law)
    return ", ".join(parts)


def _tenth(settings: Sequence[Setting]) -> bool:
    return all(dict(s)["warmup"] == dict(s)["steps"] // 10 for s in settings)  # type: ignore[operator]


def _one_rate(settings: Sequence[Setting]) -> bool:
    return all(dict(s)["learning_rate"] == dict(s)["bias_learning_rate"] for s in settings)


def _values(settings: Sequence[Setting]) -> dict[str, list[Hashable]]:
    """Return the values that each field takes, in order, where it means something."""
    found = [dict(setting) for setting in settings]
    return {
        name: [value for value in dict.fromkeys(fields[name] for fields in found)
               if value is not None]
        for name, _ in settings[0]
    }  # fmt: skip


def _text(name: str, value: Hashable, settings: Sequence[Setting]) -> str:
    if isinstance(value, tuple):  # too long to write out: probabilities or groups of one's own
        given = [v for v in _values(settings)[name] if isinstance(v, tuple)]
        return "given" if len(given) == 1 else f"given ({given.index(value) + 1})"
    return signed(value, 6) if isinstance(value, (int, float)) else str(value)


def _name(field: str) -> str:
    return _NAMES.get(field, field.replace("_", " "))


def shared(
    settings: Sequence[Setting], configs: Sequence[ToyConfig]
) -> tuple[tuple[str, str], ...]:
    """Return the fields of one value, as text."""
    common = [
        (_name(name), _text(name, values[0], settings))
        for name, values in _values(settings).items()
        if len(values) == 1
    ]
    for name, found in (
        ("α", {c.alpha for c in configs if c.frequencies == "power"}),
        ("width m", {c.width for c in configs}),
        ("decay γ", {c.decay for c in configs}),
        ("seed", {c.seed for c in configs}),
    ):
        if len(found) == 1:
            common.append((name, signed(float(found.pop()), 6)))
    return tuple(common)
