"""Token frequencies as lines for people."""

from __future__ import annotations

from superscope.frequency.token_frequency import TokenFrequency
from superscope.frequency.zipf import GROUPS, ZipfExponent
from superscope.text import (
    advice,
    as_text,
    counted,
    fixed,
    labelled,
    named,
    with_interval,
    with_sign,
)


@as_text.register
def _(f: TokenFrequency) -> str:
    t = f.text
    lines = [
        ("tokens", f"{f.tokens:,} in {counted(t.documents, 'document')}, "
                   f"{t.nbytes / f.tokens:.3g} bytes each"),
        ("vocabulary", f"{f.seen:,} of {f.vocabulary:,} ids occur ({f.coverage:.1%}), "
                       f"{f.once:,} of them once"),
        ("next token", f"a new id with a chance of {f.new_token_chance:.2g} (Good–Turing)"),
    ]  # fmt: skip
    if f.shares:
        shown = ", ".join(f"{most:,}: {share:.1%}" for most, share in f.shares.items())
        lines.append(("coverage", f"of the text by its most frequent ids: {shown}"))
    lines += _law_lines(f)
    lines += [("note", advice(note)) for note in f.notes]
    return labelled(f"{named(f.tokenizer)} on {named(t.name)}", lines)


def _law_lines(f: TokenFrequency) -> list[tuple[str, str]]:
    """Return the lines of the power law, or why there is none."""
    lines = []
    if f.tail is None:
        lines.append(("exponent", f"none: {f.reason}"))
    else:
        lines.append((
            "exponent",
            f"α = {_exponent(f.tail)} of p ∝ rank^−α, ranks {f.tail.first:,} to {f.tail.last:,}, "
            f"{f.share(f.tail.first, f.tail.last):.1%} of the text",
        ))  # fmt: skip
    width = max((len(_range(e)) for e in f.decades), default=0)
    for k, e in enumerate(f.decades):
        lines.append(("" if k else "by decade", f"{_range(e):<{width}}  {_exponent(e)}"))
    if f.tail is not None and f.bend is not None:
        bend = with_interval(*(with_sign(v, 3) for v in (f.bend.value, *f.bend.interval)))
        one = f.bend.interval[0] <= 0 <= f.bend.interval[1]
        lines.append((
            "one power law",
            f"{'not contradicted' if one else 'no'}: α changes by {bend} from "
            f"ranks {f.tail.first:,}–{f.bend.middle:,} to {f.bend.middle + 1:,}–{f.tail.last:,}",
        ))  # fmt: skip
    if f.tail is not None:
        weak = "follow no power of the width, as α is not above 1"
        if f.weak_exponent is not None:
            weak = f"fall as width^−{f.weak_exponent:.2g}"
        lines.append(("toy model", f"superscope toy train {f.toy_options}"))
        lines.append(("", f"in weak superposition its loss would {weak}"))
    if f.tail is not None or f.decades:
        lines.append((
            "intervals",
            f"95 %, from half-samples of {GROUPS} groups of {f.groups}; counts vary "
            f"{f.dispersion or 1:.2g} × as much as by chance",
        ))  # fmt: skip
    return lines


def _range(e: ZipfExponent) -> str:
    return f"{e.first:,}–{e.last:,}"


def _exponent(e: ZipfExponent) -> str:
    return with_interval(*(fixed(value, 3) for value in (e.value, *e.interval)))
