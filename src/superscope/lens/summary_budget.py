"""The budgets of readings as lines for people."""

from __future__ import annotations

import numpy as np

from superscope.lens.reading import TAIL, ReadingBudget
from superscope.lens.readings import ReadingBudgets
from superscope.text import (
    advice,
    as_text,
    columns,
    counted,
    fixed,
    labelled,
    named,
    number,
    percent,
    times,
    token_name,
)

SHOWN = 10  # of many directions, those that are read worst

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


@as_text.register
def _(budgets: ReadingBudgets) -> str:
    b, frame = budgets, budgets.to_frame()
    auc, kind = b.auc, "by these rates"
    if np.isnan(auc).any():
        auc, kind = b.auc_gaussian, "if the interference is Gaussian"
    facts = [
        ("among", f"{b.features:,} directions in {b.width:,} dimensions, {number(b.active, 4)} "
                  "active at once on average"),
        ("mean c²", f"{number(float(np.median(b.mean_square_overlap)), 4)} in the median, "
                    f"{times(float(np.median(b.mean_square_overlap)) * b.width)} chance"),
        ("AUC", f"{fixed(float(auc.min()), 3)} to {fixed(float(auc.max()), 3)}, in the median "
                f"{fixed(float(np.median(auc)), 3)}, {kind}; "
                f"{fixed(float(np.median(b.random_auc)), 3)} among random directions"),
        ("verdict", f"{_counts(b)} than among {b.draws:,} random dictionaries; of random "
                    f"directions at most {percent(2 * TAIL)} are better or worse"),
        *(("note", advice(note)) for note in b.notes),
    ]  # fmt: skip
    what = counted(len(b.ids), "direction")
    worst = frame.assign(auc=auc).sort_values("d_prime", kind="stable")[:SHOWN]
    rows = [
        (
            row["direction"], number(row["interference"], 3), number(row["d_prime"], 3),
            fixed(row["auc"], 3), fixed(row["random_auc"], 3), row["verdict"],
        )
        for row in worst.to_dict("records")
    ]  # fmt: skip
    table = columns(("direction", "interference", "d′", "AUC", "random", "than random"), rows)
    heading = "read worst" if len(worst) < len(frame) else "each, the worst first"
    lines = [labelled(f"reading {what} in {named(b.dictionary)}", facts), "", heading]
    return "\n".join([*lines, *(f"  {line}" for line in table)])


def _counts(b: ReadingBudgets) -> str:
    return ", ".join(f"{count:,} {verdict}" for verdict, count in b.verdicts.items())


def _random(b: ReadingBudget, name: str) -> str:
    return f"{fixed(getattr(b.random, name), 3)} among random directions"


def _shown(value: float) -> str:
    return number(value, 4)


def _fails(b: ReadingBudget) -> str:
    here = "no sparsity" if b.fails_at is None else f"{number(b.fails_at, 3)} active at once"
    there = "none" if b.random_fails_at is None else number(b.random_fails_at, 3)
    return f"{here} (d′ = 1); {there} among random directions"
