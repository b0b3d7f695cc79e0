"""What lab runs say, as lines for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from superscope.lab.worth._correlations import Correlation, LabCorrelations
from superscope.lab.worth._head_or_body import HeadOrBody
from superscope.lab.worth._slopes import CENTERED, LOSS, RAW, LabSlopes, Slope, VariantSlopes
from superscope.lab.worth.bench import Bench, qualified
from superscope.lab.worth.compared import Choice
from superscope.lab.worth.lab_gains import LabGains
from superscope.lab.worth.lab_report import LabReport
from superscope.lab.worth.verdicts import (
    budget_text,
    factor_text,
    nats_text,
    notes,
    sentences,
    tokens_text,
)
from superscope.laws import Estimate, Law
from superscope.text import (
    NONE,
    as_text,
    columns,
    counted,
    fixed,
    named,
    number,
    plus_minus,
    signed,
    with_interval,
)

LINE = 100  # letters of a line
GAINS = ("variant", "tokens", "width", "seeds", "loss", "gain, nats", "gain in width")
SETTINGS = ("variant", "tokens", "rate", "head's rate", "decay", "batch", "runs", "tries")
SLOPES = ("variant", "tokens", "widths", "raw", "− baseline", "centered", "− baseline", "loss",
          "− baseline", "raw/centered")  # fmt: skip
CORRELATIONS = ("runs", "tokens", "width", "overlap", "settings", "Spearman", "95 %", "p")
HEADS = ("r", "seeds", "body m, head r", "body r", "share of the head")


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text, LINE, initial_indent=indent, subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )  # fmt: skip


@as_text.register
def _(gains: LabGains) -> str:
    if not gains.comparisons:
        return f"nothing can be compared with {named(gains.baseline)}: there is no other variant"
    titles = "; ".join(map(str, gains.benches))
    lines = [f"what variants are worth against {named(gains.baseline)}: {titles}"]
    lines += [_wrapped(f"{name}: {said}", "  ") for name, said in sentences(gains)]
    lines += [
        "",
        *columns(GAINS, gain_rows(gains)),
        "",
        *columns(SETTINGS, setting_rows(gains)),
        "",
    ]
    return "\n".join(lines + [_wrapped(note, "") for note in notes(gains)])


def gain_rows(gains: LabGains) -> list[tuple[str, ...]]:
    """Return a row for each variant, budget and width, and one for their mean."""
    rows: list[tuple[str, ...]] = []
    for c in gains.comparisons:
        at = (
            qualified(c.variant, c.bench, gains.benches),
            budget_text(c.tokens),
        )
        for w in c.widths:
            seeds = str(len(w.seeds))
            rows.append((
                *at, f"{w.width:,}", seeds, fixed(w.loss, 4), nats_text(w.gain),
                factor_text(w.factor),
            ))  # fmt: skip
        if len(c.widths) != 1:
            rows.append((*at, "all", "", "", nats_text(c.gain), factor_text(c.factor)))
    return rows


def choices_of(gains: LabGains) -> list[Choice]:
    """Return which runs are compared, each once."""
    return list(dict.fromkeys(x for c in gains.comparisons for x in (c.baseline, c.choice)))


def setting_rows(gains: LabGains) -> list[tuple[str, ...]]:
    """Return a row for the runs of each variant and budget that are compared."""
    return [_setting(choice, gains.benches) for choice in choices_of(gains)]


def _setting(choice: Choice, benches: Sequence[Bench]) -> tuple[str, ...]:
    s = choice.setting
    return (
        qualified(choice.variant, choice.bench, benches), budget_text(choice.tokens),
        number(s.learning_rate, 3), number(s.head_learning_rate, 3), number(s.decay, 3),
        str(s.batch), str(choice.runs), str(choice.tries),
    )  # fmt: skip


@as_text.register
def _(slopes: LabSlopes) -> str:
    if not slopes.variants:
        return "how overlap and loss fall with width: no variant was trained at two widths"
    lines = ["how mean c² and loss fall with width m: d log / d log m ± standard error over seeds"]
    lines += [_wrapped(said, "  ") for said in slope_sentences(slopes)]
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


@as_text.register
def _(correlations: LabCorrelations) -> str:
    if not correlations.found:
        return (
            "overlap and loss at one width and budget: no variant was trained at four settings of "
            "learning rate, decay or batch there"
        )
    lines = [_wrapped(said, "") for said in correlation_sentences(correlations)]
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
        A sentence for each text, budget and overlap.
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
            f"{where} one width and {tokens_text(c.tokens)}, over learning rate, decay and batch, "
            f"more {_overlap(c)} overlap {said}: Spearman {_spearman(c)}, p = {number(c.p, 2)}, "
            f"{counted(c.settings, 'setting')} in {counted(c.cells, 'cell')}."
            + ("" if other is None else f" Across widths and variants it is {_spearman(other)}.")
        )


def _overlap(c: Correlation) -> str:
    return "raw" if c.column == RAW else "centered"


def _spearman(c: Correlation) -> str:
    if c.low is None or c.high is None:
        return signed(c.value, 2)
    return with_interval(signed(c.value, 2), signed(c.low, 2), signed(c.high, 2))


def correlation_rows(correlations: LabCorrelations) -> list[tuple[str, ...]]:
    """Return a row for each correlation."""
    return [_correlation(c, correlations.benches) for c in correlations.found]


def _correlation(c: Correlation, benches: Sequence[Bench]) -> tuple[str, ...]:
    runs = {"within": "all, within cells", "across": "all, across cells"}
    interval = NONE if c.low is None else f"{signed(c.low, 2)} to {signed(c.high or 0, 2)}"
    return (
        qualified(runs.get(c.kind, c.variant or ""), c.bench, benches), budget_text(c.tokens),
        "" if c.width is None else f"{c.width:,}", _overlap(c), str(c.settings),
        signed(c.value, 2), interval, number(c.p, 2),
    )  # fmt: skip


@as_text.register
def _(heads: HeadOrBody) -> str:
    lines = [
        f"heads of rank r on a body of width {heads.width:,}, and bodies of width r, at "
        f"{tokens_text(heads.tokens)}: {heads.bench}",
        *(_wrapped(said, "  ") for said in head_sentences(heads)),
        *columns(HEADS, head_rows(heads)),
    ]
    return "\n".join(lines)


def head_rows(heads: HeadOrBody) -> list[tuple[str, ...]]:
    """Return a row for each rank."""
    return [
        (
            f"{p.rank:,}", str(len(p.seeds)), _loss(p.head), _loss(p.body),
            NONE if p.share is None else share_text(p.share),
        )
        for p in heads.points
    ]  # fmt: skip


def _loss(of: Estimate) -> str:
    if of.low is None or of.high is None:
        return fixed(of.value, 4)
    return with_interval(*(fixed(x, 4) for x in (of.value, of.low, of.high)))


def share_text(share: Estimate) -> str:
    """Return a share in per cent with its interval."""
    said = f"{fixed(100 * share.value, 0)} %"
    if share.low is None or share.high is None:
        return said
    return with_interval(said, fixed(100 * share.low, 0), f"{fixed(100 * share.high, 0)} %")


def head_sentences(heads: HeadOrBody) -> Iterator[str]:
    """Return what narrow heads and narrow bodies say.

    Parameters
    ----------
    heads
        Their comparison.

    Yields
    ------
    str
        A sentence on the share of the head, and one on each width law.
    """
    shares = [(p.rank, p.share) for p in heads.points if p.share is not None]
    for rank, share in shares:
        yield (
            f"Of what widening from {rank:,} to {heads.width:,} buys, {share_text(share)} is lost "
            f"again where the head's space stays at {rank:,}."
        )
    for what, law in (("head", heads.head_law), ("body", heads.body_law)):
        if law is not None:
            yield f"Width law of the {what}: {_law(law)}."
    if heads.missing:
        yield f"No width law {heads.missing}."
    if not heads.own_end:
        yield (
            f"No factored head of rank {heads.width:,} was trained, so that of the baseline stands "
            "for it."
        )


def _law(law: Law) -> str:
    ends = law.intervals["alpha"]
    doubt = "" if law.identified else ", which is not identified"
    return (
        f"loss = A r^(−α) + B with α = {number(law.parameters['alpha'], 3)} ({ends}), floor "
        f"{fixed(law.parameters['B'], 3)} nats{doubt}"
    )


@as_text.register
def _(report: LabReport) -> str:
    parts = [report.gains, report.slopes, report.correlations, *report.heads]
    return "\n\n".join([f"{counted(report.runs, 'run')}", *map(as_text, parts)])
