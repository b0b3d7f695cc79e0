"""Emergence in words."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.laws import Estimate
from superscope.study.emerging.result import (
    BITS,
    ClassCurve,
    Emergence,
    Foretold,
    Learned,
    Shape,
    ThresholdRollOut,
)
from superscope.text import (
    NONE,
    as_text,
    columns,
    counted,
    fixed,
    number,
    percent,
    sentence,
    signed,
    with_interval,
)

LEAST_COMMON = 0.0005  # deviation of models in all tokens at once, to be said
CLASSES = ("class", "tokens", "power", "step", "flat", "untold", "first", "last", "next")


@as_text.register
def _(found: Emergence) -> str:
    widths = ", ".join(f"{m:.0f}" for m in found.widths.tolist())
    lines = [
        f"Do abilities appear, or does everything improve at once? {sentence(found.verdict)}",
        *(f"  {said}" for said in sentences(found)),
        "",
        f"classes of tokens; loss in bits at widths {widths.split(', ')[0]} and "
        f"{widths.split(', ')[-1]}, and forecast at {found.next_width:.0f}",
    ]
    return "\n".join([*lines, *columns(header_of(found), class_rows(found))])


def header_of(found: Emergence) -> tuple[str, ...]:
    """Return the columns of the table of classes."""
    return CLASSES if found.threshold is None else (*CLASSES, f"{found.threshold:g} bits at")


def class_rows(found: Emergence) -> list[tuple[str, ...]]:
    """Return the table of classes as text, a row for each."""
    return [_row(found, one) for one in found.classes]


def sentences(found: Emergence) -> Iterator[str]:
    """Return the numbers behind the verdict.

    Parameters
    ----------
    found
        What was found.

    Yields
    ------
    str
        Whole sentences.
    """
    told = {shape: found.count(shape) for shape in Shape}
    yield (
        f"{counted(len(found.ids), 'token')} with {found.least:,} occurrences or more over "
        f"{counted(len(found.widths), 'width')}: "
        f"{counted(told[Shape.POWER], 'follows a power law', 'follow a power law')}, "
        f"{counted(told[Shape.STEP], 'steps', 'step')}, "
        f"{counted(told[Shape.FLAT], 'is flat', 'are flat')}, {told[Shape.UNTOLD]:,} cannot be "
        f"told. Of the power laws and of the steps, at most {percent(found.fdr)} are expected "
        "to be wrong."
    )
    by_chance = [round(error) for error in found.resampling_errors]
    if any(by_chance):
        yield (
            f"With another seed the steps would differ by about {by_chance[0]:,} and the power "
            f"laws by about {by_chance[1]:,}."
        )
    if found.share is not None:
        yield (
            "Of all tokens that improve, the share that improves in a step is estimated as "
            f"{_share(found.share)}."
        )
    if found.power_of_steps is not None and found.power_of_laws is not None:
        yield (
            "Of single tokens that improve, a test at the level of 5 % would tell "
            f"{percent(found.power_of_steps)} of steps and {percent(found.power_of_laws)} of "
            "power laws."
        )
    if found.verdict is Learned.CANNOT:
        yield ("More widths, several models of a width or a longer text would tell more.")
    if found.order is not None:
        yield (
            f"Of the tokens that step, frequency and the width of the step have the rank "
            f"correlation {signed(found.order, 2)}: "
            + ("frequent tokens step first." if found.order < -0.3 else
               "they do not step in order of frequency.")
        )  # fmt: skip
    source = (
        "from several models of a width"
        if found.scatter_known
        else "from what the fits leave, because no width has two models"
    )
    common = f", and by {percent(found.common)} in all tokens at once, which is taken off"
    if found.common < LEAST_COMMON:
        common = ""
    yield (
        f"Models of one width differ by {percent(found.scatter)} of the median token's loss "
        f"({source}){common}."
    )
    if not found.scatter_known:
        yield (
            "A jump that all tokens make at one width is then taken for its model's error; two "
            "models of a width would tell."
        )
    if found.rare:
        occur = "occurs" if found.rare == 1 else "occur"
        yield f"{counted(found.rare, 'token')} of the text {occur} too rarely."
    if found.roll_out is not None:
        yield from _foretold(found.roll_out)
    if found.threshold is not None:
        yield "To pass a threshold is no step: smooth losses pass it, too."


def _foretold(found: ThresholdRollOut) -> Iterator[str]:
    widths = f"Widths up to {found.fitted[-1]:.0f}, asked which pass the threshold at "
    yield f"{widths}{found.width:.0f}: {_right(found.classes, 'class', 'classes')}; " + (
        f"{_right(found.tokens, 'token', 'tokens')}."
    )


def _right(of: Foretold, one: str, several: str) -> str:
    if not of.above:
        return f"no {one} is above it before"
    said = f"of {counted(of.above, one, several)} above it, {of.passed:,} pass, {of.named:,} named"
    if of.precision is None or of.recall is None or of.recall_by_frequency is None:
        return said
    assert of.precision_by_frequency is not None
    by_frequency = f"{percent(of.precision_by_frequency)} and {percent(of.recall_by_frequency)}"
    return (
        f"{said}, {of.right:,} rightly (precision {percent(of.precision)}, recall "
        f"{percent(of.recall)}; of as many of the most frequent {by_frequency})"
    )


def _share(share: Estimate) -> str:
    if share.low is None or share.high is None:
        return percent(share.value)
    return with_interval(percent(share.value), percent(share.low), percent(share.high))


def _row(found: Emergence, one: ClassCurve) -> tuple[str, ...]:
    ahead = one.forecast
    cells = (
        one.name, f"{one.tokens:,}", f"{one.powers:,}", f"{one.steps:,}", f"{one.flat:,}",
        f"{one.untold:,}", fixed(one.losses[0] / BITS), fixed(one.losses[-1] / BITS),
        _interval(ahead, BITS, fixed),
    )  # fmt: skip
    if found.threshold is None:
        return cells
    if one.reached is not None:
        return (*cells, _interval(one.reached, 1.0, lambda value: number(value, 3)))
    nats = found.threshold * BITS
    return (*cells, "before" if one.losses[0] <= nats else "beyond")


def _interval(value: Estimate, unit: float, shown: object) -> str:
    assert callable(shown)
    low, high = (NONE if end is None else shown(end / unit) for end in (value.low, value.high))
    return with_interval(shown(value.value / unit), low, high)
