"""How overlap and loss change with width, in words and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from superscope.lab.worth.bench import CENTERED, RAW, Bench, qualified
from superscope.lab.worth.lab_slopes import LOSS, Difference, LabSlopes, Slope, VariantSlopes
from superscope.lab.worth.lines import wrapped
from superscope.lab.worth.verdicts import budget_text, chance_text, tokens_text
from superscope.text import (
    NONE,
    as_text,
    columns,
    counted,
    named,
    number,
    plus_minus,
    signed,
    with_interval,
)

CLOSE = 0.1  # of a slope: within it, another is the same
Against = tuple[str, Difference, float]
"""A variant, how its slope differs from another one, and how large that one is."""
SLOPES = ("variant", "tokens", "widths", "seeds", "raw", "− baseline", "centered", "− baseline",
          "loss", "− baseline", "raw/centered")  # fmt: skip


@as_text.register
def _(slopes: LabSlopes) -> str:
    if not slopes.variants:
        return "slopes of overlap and loss in width: no variant was trained at two widths"
    lines = ["slopes of mean c² and loss in width m: d log / d log m ± standard error over seeds"]
    lines += [wrapped(said, "  ") for said in slope_sentences(slopes)]
    return "\n".join([*lines, *columns(SLOPES, slope_rows(slopes))])


def slope_sentences(slopes: LabSlopes) -> Iterator[str]:
    """Return how slopes compare with the baseline's, and raw ones with centered ones.

    Parameters
    ----------
    slopes
        Of overlap and loss.

    Yields
    ------
    str
        For each text and budget one sentence a question, with all variants of which it can be
        said: those of three widths or more, and of two seeds or more. Then how many comparisons
        there are, and the others' names.
    """
    places = dict.fromkeys((v.bench, v.tokens) for v in slopes.variants)
    left: list[str] = []
    for place in places:
        here = [v for v in slopes.variants if (v.bench, v.tokens) == place]
        told = [v for v in here if v.told]
        where = " in ".join(filter(None, (tokens_text(place[1]), place[0].among(slopes.benches))))
        for subject, other, compared in _questions(slopes.baseline, here, told):
            said = _grouped(other, compared, len(slopes.compared))
            if said:
                yield f"At {where}, the slope of {subject} {said}."
        others = [named(v.variant) for v in here if v not in told]
        left += [f"{', '.join(others)} at {where}"] if others else []
    if slopes.compared:
        yield chance_text(
            f"{counted(len(slopes.compared), 'comparison')} of slopes",
            sum(one.leaves_out_0 for one in slopes.compared),
            sum(one.certain for one in slopes.compared),
        )
    if left:
        yield f"In the table alone, having one seed or two widths: {'; '.join(left)}."


def _questions(
    baseline: str, here: Sequence[VariantSlopes], told: Sequence[VariantSlopes]
) -> Iterator[tuple[str, str, list[Against]]]:
    """Yield what is compared with what, and how each variant answers."""
    base = next((v for v in here if v.variant == baseline), None)
    for column, subject in ((RAW, "raw overlap"), (LOSS, "loss")):
        reference = None if base is None else base.of(column)
        if reference is not None:
            size = abs(reference.value.value)
            found = [(named(v.variant), s.difference, size) for v in told
                     if (s := v.of(column)) is not None and s.difference is not None]  # fmt: skip
            yield subject, f"{named(baseline)}'s", found
    found = [(named(v.variant), v.apart, abs(s.value.value)) for v in told
             if (s := v.of(CENTERED)) is not None and v.apart is not None]  # fmt: skip
    yield "raw overlap", "that of centered overlap", found


def _grouped(other: str, compared: Sequence[Against], count: int) -> str:
    """Return which slopes are lower or higher than another, the same, or not known well enough."""
    groups: dict[str, list[str]] = {}
    for name, of, size in compared:
        if of.low is None or of.high is None:
            continue
        side = "higher" if of.value > 0 else "lower"
        by = with_interval(*(number(abs(x), 2) for x in (of.value, *_ends(of.low, of.high))))
        if max(abs(of.low), abs(of.high)) <= CLOSE * size:
            groups.setdefault(f"is within a tenth of {other} for", []).append(name)
        elif of.certain:
            groups.setdefault(f"is {side} than {other} for", []).append(f"{name} by {by}")
        elif of.leaves_out_0:
            what = (
                f"may be {side} than {other}, not certain among {counted(count, 'comparison')}, for"
            )
            groups.setdefault(what, []).append(f"{name} by {by}")
        else:
            groups.setdefault(f"cannot be told from {other} for", []).append(name)
    return "; ".join(f"{what} {', '.join(names)}" for what, names in groups.items())


def _ends(low: float, high: float) -> tuple[float, float]:
    return (low, high) if abs(low) < abs(high) else (high, low)


def slope_rows(slopes: LabSlopes) -> list[tuple[str, ...]]:
    """Return a row for each variant and budget."""
    return [_slopes(v, slopes.benches) for v in slopes.variants]


def _slopes(variant: VariantSlopes, benches: Sequence[Bench]) -> tuple[str, ...]:
    cells: list[str] = []
    for column in (RAW, CENTERED, LOSS):
        slope = variant.of(column)
        cells += (NONE, NONE) if slope is None else _slope(slope)
    return (
        qualified(variant.variant, variant.bench, benches), budget_text(variant.tokens),
        str(len(variant.widths)), str(len(variant.seeds)), *cells, number(variant.ratio, 3),
    )  # fmt: skip


def _slope(slope: Slope) -> tuple[str, str]:
    value = plus_minus(signed(slope.value.value), slope.error)
    if slope.difference is None:
        return value, ""
    return value, plus_minus(signed(slope.difference.value, 2), slope.difference.error)
