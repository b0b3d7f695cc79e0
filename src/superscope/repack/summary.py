"""Narrower heads as lines for people: what they cost first, then how that is known."""

from __future__ import annotations

import math
from collections.abc import Iterable

from superscope.lens.estimate import Estimate
from superscope.repack.curve import RankAt
from superscope.repack.repacking import HeadScore, OtherText, Repacking, TextPart
from superscope.repack.summary_laws import family_facts, law_facts, law_table
from superscope.repack.summary_product import product_facts
from superscope.text import (
    NONE,
    advice,
    as_text,
    columns,
    counted,
    fixed,
    labelled,
    named,
    number,
    percent,
    plus_minus,
)

COST = 0.05  # nats per token: the rank that costs so much is named
PLAIN = "svd"
CLEAR = 2.0  # errors from 0: a difference that is said


@as_text.register
def _(found: Repacking) -> str:
    f = found
    facts = [
        ("in short", _short(f)),
        (f"{COST:g} nats", _rank_words(f.rank_at(COST))),
        ("full head", f"{_nats(f.full.loss)} nats per token at rank {f.width}, "
                      f"{fixed(f.full.bits_per_byte.value, 3)} bits per byte"),
        ("pairing", _pairing(f.half)),
        *_blocks(f),
        *law_facts(f),
        *family_facts(f),
        *_other(f),
        *([] if f.product is None else product_facts(f.product)),
        ("head", f"{f.full.weights:,} weights and as many multiply-adds per token; "
                 f"{f.half.weights:,} at rank {f.half.rank} ({f.half.way})"),
        ("made from", f"{_part(f.calibration)}; C = E[h hᵀ], to {percent(f.shrinkage)} its "
                      "mean diagonal"),
        ("scored on", _part(f.scored)),
        ("split", f.split),
        ("error", "± one standard error, clustered by document"),
        *[("note", advice(note)) for note in f.notes],
    ]  # fmt: skip
    parts = [labelled(named(f.model), facts), "", *_scores(f), "", *_overlaps(f)]
    laws = law_table(f)
    return "\n".join([*parts, *([""] if laws else []), *laws])


def _short(f: Repacking) -> str:
    best = f.half
    said = f"{_rank_of(f, best)} costs {_nats(best.excess, 2)} nats per token ({best.way})"
    plain = f.score(PLAIN, best.rank)
    if plain is None or plain == best:
        return said
    return f"{said}; plain SVD would cost {fixed(plain.excess.value)}"


def _rank_of(f: Repacking, score: HeadScore) -> str:
    if 2 * score.rank == f.width:
        return f"half the rank ({score.rank} of {f.width})"
    return f"rank {score.rank} of {f.width}"


def _rank_words(at: RankAt) -> str:
    if at.rank is not None:
        return (
            f"rank {plus_minus(fixed(at.rank.value, 0), at.rank.error)} costs so much, with the "
            f"best way at each rank (interpolated between {at.low} and {at.high})"
        )
    if at.low is not None:
        return f"beyond the ranks tried: rank {at.low} costs more"
    return f"below the ranks tried: rank {at.high} costs no more"


def _pairing(score: HeadScore) -> str:
    if score.excess.error is None or score.unpaired_error is None:
        return "one document gives no error"
    return (
        f"the error of this cost is {number(score.excess.error, 2)}, because both heads are scored "
        f"at the same positions; of two texts it would be {number(score.unpaired_error, 2)}"
    )


def _blocks(f: Repacking) -> list[tuple[str, str]]:
    """Say whether ranks by frequency win over the best single rank of as many weights."""
    if f.blocks is None:
        return []
    of = f.blocks
    size = Estimate(abs(of.gain.value), of.gain.error)
    return [(
        "blocks",
        f"at the weights of rank {of.rank}, ranks by frequency {_verdict(of.gain)} one rank for "
        f"all ({of.way}): {_nats(size)} nats, at the same positions",
    )]  # fmt: skip


def _verdict(gain: Estimate) -> str:
    if gain.error is None or abs(gain.value) <= CLEAR * gain.error:
        return "gain nothing that is clear over"
    return "gain over" if gain.value > 0 else "lose against"


def _other(f: Repacking) -> list[tuple[str, str]]:
    if f.other is None:
        return []
    here, there = f.half, _same(f.other, f.half)
    return [(
        "another text",
        f"on {_part(f.other.text)}, where the full head has {_nats(f.other.full.loss)} nats, "
        f"{_rank_of(f, here)} costs {_nats(there.excess)} ({here.way}), and "
        f"{_nats(here.excess)} on the scored text",
    )]  # fmt: skip


def _same(other: OtherText, score: HeadScore) -> HeadScore:
    return next(s for s in other.scores if (s.way, s.rank) == (score.way, score.rank))


def _part(text: TextPart) -> str:
    return (
        f"{counted(text.tokens, 'token')} of {named(text.name)}, "
        f"{counted(text.documents, 'document')}"
    )


def _scores(f: Repacking) -> list[str]:
    others: Iterable[HeadScore | None] = [None] * len(f.scores)
    if f.other is not None:
        others = f.other.scores
    rows = [
        (
            s.way, str(s.rank), fixed(s.loss.value, 3), _nats(s.excess), _short_error(s),
            *([] if there is None else [_nats(there.excess)]),
            percent(s.agree.value), fixed(s.kl.value, 3), fixed(s.bits_per_byte.value, 3),
            percent(s.weights / f.full.weights),
        )
        for s, there in zip(f.scores, others, strict=True)
    ]  # fmt: skip
    head = (
        "way", "rank", "loss", "over full head", "unpaired",
        *([] if f.other is None else ["on other text"]),
        "same top token", "KL", "bits per byte", "weights",
    )  # fmt: skip
    return columns(head, rows)


def _short_error(score: HeadScore) -> str:
    return NONE if score.unpaired_error is None else f"± {number(score.unpaired_error, 2)}"


def _overlaps(f: Repacking) -> list[str]:
    """Show the overlaps of the best head at each rank, beside what random and best rows have."""
    rows = [
        (
            str(s.rank), s.way, number(s.overlap.raw, 3), number(s.overlap.centered, 3),
            str(s.row_rank), number(s.random_overlap, 3), number(s.welch_floor, 3),
        )
        for s in (*f.curve(), f.full)
    ]  # fmt: skip
    head = (
        "rank", "way", "mean c², raw", "centered", "directions r", "1/r", "Welch floor of these",
    )  # fmt: skip
    return columns(head, rows)


def _nats(estimate: Estimate, digits: int = 3) -> str:
    """Return nats with so many decimals; with more where their error is smaller."""
    error = estimate.error
    if error and math.isfinite(error):
        digits = max(digits, math.ceil(-math.log10(error)))
    return plus_minus(fixed(estimate.value, digits), error)
