"""What lab runs say, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from superscope.lab.worth import summary_correlations, summary_heads, summary_slopes  # noqa: F401
from superscope.lab.worth.bench import Bench, qualified
from superscope.lab.worth.compared import Choice
from superscope.lab.worth.lab_gains import LabGains
from superscope.lab.worth.lab_report import LabReport
from superscope.lab.worth.lines import wrapped
from superscope.lab.worth.verdicts import budget_text, factor_text, nats_text, notes, sentences
from superscope.text import as_text, columns, counted, fixed, named, number

GAINS = ("variant", "tokens", "width", "seeds", "loss", "gain, nats", "gain in width")
SETTINGS = ("variant", "tokens", "rate", "head's rate", "decay", "batch", "runs", "tries")


@as_text.register
def _(gains: LabGains) -> str:
    if not gains.comparisons:
        return f"nothing can be compared with {named(gains.baseline)}: there is no other variant"
    titles = "; ".join(map(str, gains.benches))
    lines = [wrapped(f"what variants are worth against {named(gains.baseline)}: {titles}", "")]
    lines += [wrapped(f"{name}: {said}", "  ") for name, said in sentences(gains)]
    lines += [
        "",
        *columns(GAINS, gain_rows(gains)),
        "",
        *columns(SETTINGS, setting_rows(gains)),
        "",
    ]
    return "\n".join(lines + [wrapped(note, "") for note in notes(gains)])


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
def _(report: LabReport) -> str:
    parts = [report.gains, report.slopes, report.correlations, *report.heads]
    return "\n\n".join([f"{counted(report.runs, 'run')}", *map(as_text, parts)])
