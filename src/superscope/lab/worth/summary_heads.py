"""Narrow heads beside narrow bodies, in words and as a table."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.lab.worth._head_or_body import HeadOrBody
from superscope.lab.worth.lines import wrapped
from superscope.lab.worth.verdicts import tokens_text
from superscope.laws import Estimate, Law
from superscope.text import NONE, as_text, columns, fixed, number, with_interval

HEADS = ("r", "seeds", "body m, head r", "body r", "share of the head")


@as_text.register
def _(heads: HeadOrBody) -> str:
    title = (
        f"heads of rank r on a body of width {heads.width:,}, and bodies of width r, at "
        f"{tokens_text(heads.tokens)}: {heads.bench}"
    )
    lines = [
        wrapped(title, ""),
        *(wrapped(said, "  ") for said in head_sentences(heads)),
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
    for p in heads.points:
        if p.attention_width is not None:
            yield (
                f"The body of width {p.rank:,} has attention heads of {p.attention_width}, because "
                f"its width is no multiple of {heads.bench.attention_width}."
            )
    shares = [(p.rank, p.share) for p in heads.points if p.share is not None]
    for rank, share in shares:
        yield (
            f"Of what widening from {rank:,} to {heads.width:,} buys, {share_text(share)} is lost "
            f"again where the head's space stays at {rank:,}."
        )
    for what, law in (("head", heads.head_law), ("body", heads.body_law)):
        if law is not None:
            yield f"Width law of the {what}: {_law(law)}."
    if heads.head_law is not None or heads.body_law is not None:
        yield "The intervals of α take the law for true and the runs for independent."
    if heads.missing:
        yield f"No width law {heads.missing}."
    if not heads.own_end:
        yield (
            f"No factored head of rank {heads.width:,} was trained, so that of the baseline stands "
            "for it."
        )


def _law(law: Law) -> str:
    ends = law.intervals["alpha"]
    doubt = f", which is {law.doubt}" if law.doubt else ""
    return (
        f"loss = A r^(−α) + B with α = {number(law.parameters['alpha'], 3)} ({ends}), floor "
        f"{fixed(law.parameters['B'], 3)} nats{doubt}"
    )
