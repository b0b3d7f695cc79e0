"""A reading's budget as lines for people."""

from __future__ import annotations

from superscope.lens.reading import ReadingBudget
from superscope.text import (
    advice,
    as_text,
    columns,
    fixed,
    labelled,
    named,
    number,
    percent,
    times,
    token_name,
)

_VERDICTS = {
    "better": "this dictionary disturbs the reading less than random directions do",
    "no better": "this dictionary is no better than random directions",
    "worse": "this dictionary disturbs the reading more than random directions do",
}


@as_text.register
def _(budget: ReadingBudget) -> str:
    b = budget
    facts = [
        ("others", f"{b.features:,} directions in {b.width:,} dimensions, {number(b.active, 4)} "
                   "active at once on average"),
        ("mean c²", f"{number(b.mean_square_overlap, 4)}, "
                    f"{times(b.mean_square_overlap * b.width)} chance"),
        ("AUC", f"{fixed(b.auc, 3)} by these rates; {_random(b, 'auc')}"),
        ("fails at", _fails(b)),
        ("verdict", _VERDICTS[b.verdict]),
        *(("note", advice(note)) for note in b.notes),
    ]  # fmt: skip
    table = columns(
        ("", "this dictionary", "random ones", "s.d."),
        [
            (label, _shown(getattr(b.reading, name)), _shown(getattr(b.random, name)),
             _shown(getattr(b.random_sd, name)))
            for label, name in (("interference", "interference"), ("d′", "d_prime"),
                                ("AUC, Gaussian", "auc"))
        ],
    )  # fmt: skip
    lines = [labelled(f"reading {named(b.direction)} in {named(b.dictionary)}", facts)]
    lines += ["", f"beside {b.draws:,} random dictionaries of the same shape and rates"]
    lines += [f"  {line}" for line in table]
    if b.contributors:
        rows = [
            (token_name(c.id, c.text), fixed(c.overlap, 3), number(c.rate, 3), percent(c.share))
            for c in b.contributors
        ]
        shown = columns(("direction", "c", "rate", "of the interference"), rows)
        lines += ["", "what disturbs most", *(f"  {line}" for line in shown)]
    return "\n".join(lines)


def _random(b: ReadingBudget, name: str) -> str:
    return f"{fixed(getattr(b.random, name), 3)} among random directions"


def _shown(value: float) -> str:
    return number(value, 4)


def _fails(b: ReadingBudget) -> str:
    here = "no sparsity" if b.fails_at is None else f"{number(b.fails_at, 3)} active at once"
    there = "none" if b.random_fails_at is None else number(b.random_fails_at, 3)
    return f"{here} (d′ = 1); {there} among random directions"
