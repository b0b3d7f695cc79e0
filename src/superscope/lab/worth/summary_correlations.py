"""Overlap and loss at one width and budget, in words and as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from superscope.lab.rates import RATES
from superscope.lab.worth._correlations import (
    LEAST_SETTINGS,
    PERMUTATIONS,
    Correlation,
    LabCorrelations,
)
from superscope.lab.worth.bench import RAW, Bench, qualified
from superscope.lab.worth.lines import wrapped
from superscope.lab.worth.verdicts import budget_text, tokens_text
from superscope.text import NONE, as_text, columns, counted, number, signed, with_interval

VARIED = {"learning rates": {*RATES}, "decay": {"decay"}, "batch": {"batch"}}
MOST = 4  # cells with a row of their own in a terminal
CORRELATIONS = ("runs", "tokens", "width", "overlap", "settings", "Spearman", "95 %", "p")


@as_text.register
def _(correlations: LabCorrelations) -> str:
    if not correlations.found:
        return (
            "overlap and loss at one width and budget: no variant was trained at four settings of "
            "learning rate, decay or batch there"
        )
    lines = [wrapped(said, "") for said in correlation_sentences(correlations)]
    cells = len({(c.bench, c.tokens, c.variant, c.width) for c in correlations.found
                 if c.kind == "cell"})  # fmt: skip
    if cells > MOST:
        pooled = [c for c in correlations.found if c.kind != "cell"]
        rows = columns(CORRELATIONS, correlation_rows(correlations, pooled))
        return "\n".join([*lines, *rows, f"The table has that of each of {cells} cells, too."])
    return "\n".join([*lines, *columns(CORRELATIONS, correlation_rows(correlations))])


def correlation_sentences(correlations: LabCorrelations) -> Iterator[str]:
    """Return what correlations say: within cells, and across them.

    Parameters
    ----------
    correlations
        Of overlap and loss.

    Yields
    ------
    str
        A sentence for each text, budget and overlap; then what holds of all.
    """
    across = {(c.bench, c.tokens, c.column): c for c in correlations.found if c.kind == "across"}
    for c in correlations.found:
        if c.kind != "within":
            continue
        told = c.bench.among(correlations.benches)
        where = f"{told[0].upper()}{told[1:]}: at" if told else "At"
        other = across.get((c.bench, c.tokens, c.column))
        if c.p > 0.05:
            said = "does not tell the loss"
        else:
            said = f"goes with a {'higher' if c.value > 0 else 'lower'} loss"
        yield (
            f"{where} one width and {tokens_text(c.tokens)}, over {_varied(correlations, c)}, "
            f"more {_overlap(c)} overlap {said}: Spearman {_spearman(c)}, p {_p(c)}, "
            f"{counted(c.settings, 'setting')} in {_cells(correlations, c)}."
            + ("" if other is None else f" Across widths and variants it is {_spearman(other)}.")
        )
    if len(correlations.found) > 1:
        yield "Correlations are not corrected for how many there are."


def _cells(correlations: LabCorrelations, within: Correlation) -> str:
    """Return how many cells there are, and in how many the correlation is above 0."""
    said = counted(within.cells, "cell")
    if within.cells == 1:
        return said
    place = within.bench, within.tokens, within.column
    each = [c for c in correlations.found if c.kind == "cell"]
    above = sum(c.value > 0 for c in each if (c.bench, c.tokens, c.column) == place)
    return f"{said}, above 0 in {above} of them"


def _p(c: Correlation) -> str:
    """Return p; of permutations, the least that there is may be any that is less."""
    return f"{'≤' if c.p * (1 + PERMUTATIONS) < 1.5 else '='} {number(c.p, 2)}"


def _varied(correlations: LabCorrelations, within: Correlation) -> str:
    """Return what differs within the cells of a correlation."""
    place = within.bench, within.tokens
    cells = [c for c in correlations.cells if (c.bench, c.tokens) == place]
    found = {name for c in cells if len(c.loss) >= LEAST_SETTINGS for name in c.varied}
    *most, last = [one for one, names in VARIED.items() if found & names]
    return f"{', '.join(most)} and {last}" if most else last


def _overlap(c: Correlation) -> str:
    return "raw" if c.column == RAW else "centered"


def _spearman(c: Correlation) -> str:
    if c.low is None or c.high is None:
        return signed(c.value, 2)
    return with_interval(signed(c.value, 2), signed(c.low, 2), signed(c.high, 2))


def correlation_rows(
    correlations: LabCorrelations, of: Sequence[Correlation] | None = None
) -> list[tuple[str, ...]]:
    """Return a row for each correlation, or for some of them."""
    found = correlations.found if of is None else of
    return [_correlation(c, correlations.benches) for c in found]


def _correlation(c: Correlation, benches: Sequence[Bench]) -> tuple[str, ...]:
    runs = {"within": "all, within cells", "across": "all, across cells"}
    interval = NONE if c.low is None else f"{signed(c.low, 2)} to {signed(c.high or 0, 2)}"
    return (
        qualified(runs.get(c.kind, c.variant or ""), c.bench, benches), budget_text(c.tokens),
        "" if c.width is None else f"{c.width:,}", _overlap(c), str(c.settings),
        signed(c.value, 2), interval, _p(c).removeprefix("= "),
    )  # fmt: skip
