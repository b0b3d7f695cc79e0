"""How overlap and loss fall with width, in words and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from superscope.lab.worth._slopes import CENTERED, LOSS, RAW, LabSlopes, Slope, VariantSlopes
from superscope.lab.worth.bench import Bench, qualified
from superscope.lab.worth.lines import wrapped
from superscope.lab.worth.verdicts import budget_text, tokens_text
from superscope.laws import Estimate
from superscope.text import NONE, as_text, columns, named, number, plus_minus, signed, with_interval

SLOPES = ("variant", "tokens", "widths", "raw", "− baseline", "centered", "− baseline", "loss",
          "− baseline", "raw/centered")  # fmt: skip


@as_text.register
def _(slopes: LabSlopes) -> str:
    if not slopes.variants:
        return "how overlap and loss fall with width: no variant was trained at two widths"
    lines = ["how mean c² and loss fall with width m: d log / d log m ± standard error over seeds"]
    lines += [wrapped(said, "  ") for said in slope_sentences(slopes)]
    return "\n".join([*lines, *columns(SLOPES, slope_rows(slopes))])


def slope_sentences(slopes: LabSlopes) -> Iterator[str]:
    """Return how the overlap of each variant falls with width, against the baseline.

    Parameters
    ----------
    slopes
        Of overlap and loss.

    Yields
    ------
    str
        A sentence for each variant and budget.
    """
    for v in slopes.variants:
        raw, loss = v.of(RAW), v.of(LOSS)
        if raw is None or v.apart is None:
            continue
        whom = f"{named(slopes.baseline)}'s"
        said = [] if raw.difference is None else [_against(raw.difference, whom)]
        said.append(_against(v.apart, "its centered overlap"))
        ends = ""
        if loss is not None and loss.difference is not None:
            ends = f"; its loss falls {_against(loss.difference, whom)}"
        name = qualified(v.variant, v.bench, slopes.benches)
        yield (f"{name} at {tokens_text(v.tokens)}: raw overlap falls {' and '.join(said)}{ends}.")


def _against(difference: Estimate, whom: str) -> str:
    """Return how a slope compares with another: ``faster than … by −0.2 (−0.3 to −0.1)``."""
    value = signed(difference.value, 2)
    if difference.low is None or difference.high is None:
        return f"with a slope {value} from {whom} (one seed)"
    said = with_interval(value, signed(difference.low, 2), signed(difference.high, 2))
    if difference.low <= 0 <= difference.high:
        return f"like {whom}, {said}"
    return f"{'faster' if difference.high < 0 else 'slower'} than {whom}, {said}"


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
        str(len(variant.widths)), *cells, number(variant.ratio, 3),
    )  # fmt: skip


def _slope(slope: Slope) -> tuple[str, str]:
    value = plus_minus(signed(slope.value.value), slope.error)
    if slope.difference is None:
        return value, ""
    return value, plus_minus(signed(slope.difference.value, 2), slope.difference_error)
