"""Rows that seem never trained, as lines for people."""

from __future__ import annotations

from superscope.lens.undertrained_rows import Undertrained
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
    plus_minus,
    rounded,
    token_name,
)

SHOWN = 40  # tokens of the list


@as_text.register
def _(undertrained: Undertrained) -> str:
    u = undertrained
    facts = [("reference", _reference(u)), ("verdict", _verdict(u))]
    if u.told:
        facts += [
            ("estimated", f"{plus_minus(fixed(u.estimated, 1), u.estimated_se)} of {len(u.ids):,} "
                          f"rows ({percent(u.estimated / len(u.ids))}); the error is that of "
                          "doubtful rows alone"),
            ("listed", _listed(u)),
            ("between", f"{counted(len(u.rare), 'row')} off the list, nearer than half the "
                        f"distance of the background; {BETWEEN}"),
            ("distance", f"{plus_minus(rounded(u.center), u.spread)} in the group, "
                         f"{rounded(u.background)} in the background"),
        ]  # fmt: skip
    if len(u.zero):
        facts.append(("zero", f"{counted(len(u.zero), 'row')} left out, being exactly zero"))
    facts += [("note", advice(note)) for note in u.notes]
    lines = [labelled(f"{named(u.model)}: rows that seem never trained", facts)]
    if u.told:
        lines += ["", "nearest rows", *(f"  {line}" for line in _table(u))]
    return "\n".join(lines)


BETWEEN = "in a language model these were seen a few times"


def _reference(u: Undertrained) -> str:
    if u.reference is None:
        return "none: no row is known to be unused, and no group of rows is dense"
    return f"{counted(len(u.reference.ids), 'row')}: {u.reference.kind}"


def _verdict(u: Undertrained) -> str:
    if u.told:
        return f"{counted(len(u.found), 'row seems', 'rows seem')} never trained"
    why = ""
    if u.reference is not None and u.reference.known:
        why = (
            ": those near the reference do not stand clear of the others, so that either most rows "
            "were never trained, or those of the reference were"
        )
    return f"no group of rows that seem never trained can be told{why}"


def _listed(u: Undertrained) -> str:
    expected = u.expected_fdr
    if expected is None:
        return f"no row at a false-discovery rate of {percent(u.fdr)}"
    return (
        f"{counted(len(u.found), 'row')} at a false-discovery rate of at most {percent(u.fdr)}; "
        f"{fixed(expected * len(u.found), 1)} of them are expected to be trained"
    )


def _table(u: Undertrained) -> list[str]:
    frame = u.to_frame().sort_values("distance", kind="stable")
    frame = frame[frame["listed"]][:SHOWN]
    rows = [
        (
            token_name(int(row["id"]), _text(row["token"])),
            "reference" if row["reference"] else "",
            fixed(row["probability"], 3),
            number(row["distance"], 3),
            f"{row['head_norm_rank']:,}",
        )
        for row in frame.to_dict("records")
    ]
    shown = columns(("token", "", "probability", "distance", "norm rank"), rows)
    more = len(u.found) - len(frame)
    return [*shown, f"and {more:,} more"] if more else shown


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
