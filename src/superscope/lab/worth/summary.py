"""What lab runs say, as lines for people."""

from __future__ import annotations

from collections.abc import Sequence

from superscope.lab.worth import summary_correlations, summary_heads, summary_slopes  # noqa: F401
from superscope.lab.worth.bench import Bench, qualified
from superscope.lab.worth.compared import Choice, Setting
from superscope.lab.worth.doubts import notes, of_others
from superscope.lab.worth.lab_gains import LabGains
from superscope.lab.worth.lab_report import LabReport
from superscope.lab.worth.lines import wrapped
from superscope.lab.worth.verdicts import budget_text, factor_text, nats_text, sentences
from superscope.text import as_text, columns, counted, fixed, named, number

GAINS = ("variant", "tokens", "width", "seeds", "loss", "gain, nats", "gain in width")
SETTINGS = ("variant", "tokens", "rate", "head's rate", "decay", "batch", "runs", "tries")


@as_text.register
def _(gains: LabGains) -> str:
    if not gains.comparisons:
        others = gains.unmatched or gains.only_searched or gains.narrow_heads
        why = "" if others else ": there is no other variant"
        said = f"nothing can be compared with {named(gains.baseline)}{why}"
        return "\n".join([said, *(wrapped(note, "") for note in of_others(gains))])
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
        if len(c.widths) > 1:
            count = len(c.over.widths)
            widths = "all" if count == len(c.widths) else f"{count} of them"
            seeds = str(len(c.over.seeds))
            rows.append((*at, widths, seeds, "", nats_text(c.gain), factor_text(c.factor)))
    return rows


def choices_of(gains: LabGains) -> list[Choice]:
    """Return which runs are compared, each once."""
    return list(dict.fromkeys(x for c in gains.comparisons for x in (c.baseline, c.choice)))


def setting_rows(gains: LabGains) -> list[tuple[str, ...]]:
    """Return a row for the runs of each variant and setting that are compared."""
    alike: dict[tuple[Bench, str, Setting, int], list[Choice]] = {}
    for one in choices_of(gains):
        alike.setdefault((one.bench, one.variant, one.setting, one.tries), []).append(one)
    return [_setting(choices, gains.benches) for choices in alike.values()]


def _setting(choices: Sequence[Choice], benches: Sequence[Bench]) -> tuple[str, ...]:
    choice, s = choices[0], choices[0].setting
    return (
        qualified(choice.variant, choice.bench, benches),
        ", ".join(budget_text(one.tokens) for one in choices),
        number(s.learning_rate, 3), number(s.head_learning_rate, 3), number(s.decay, 3),
        str(s.batch), ", ".join(str(one.runs) for one in choices), str(choice.tries),
    )  # fmt: skip


@as_text.register
def _(report: LabReport) -> str:
    parts = [report.gains, report.slopes, report.correlations, *report.heads]
    return "\n\n".join([runs_text(report), *map(as_text, parts)])


def runs_text(report: LabReport) -> str:
    """Return how many runs there are, and which variants had some that diverged."""
    said = counted(report.runs, "run")
    if not report.diverged:
        return said
    of = ", ".join(f"{count:,} of {named(name)}" for name, count in report.diverged.items())
    return f"{said}, of which {sum(report.diverged.values()):,} diverged ({of})"
