"""The page of lab runs: verdicts, figures and tables in one HTML file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from superscope._version import __version__
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.drawing import Missing
from superscope.lab import LabReport
from superscope.lab.worth.doubts import notes
from superscope.lab.worth.summary import GAINS, SETTINGS, gain_rows, runs_text, setting_rows
from superscope.lab.worth.summary_correlations import (
    CORRELATIONS,
    correlation_rows,
    correlation_sentences,
)
from superscope.lab.worth.summary_heads import HEADS, head_rows, head_sentences
from superscope.lab.worth.summary_slopes import SLOPES, slope_rows, slope_sentences
from superscope.lab.worth.verdicts import sentences, tokens_text
from superscope.report.files import Placed, template
from superscope.text import named


@dataclass(frozen=True)
class Block:
    """A table of the page, with what is said above it.

    Attributes
    ----------
    key, title
        Its anchor and its heading.
    text
        Sentences.
    header
        Of its columns.
    rows
        Cells as text.
    """

    key: str
    title: str
    text: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def render_lab(report: LabReport, placed: Sequence[Placed], missing: Sequence[Missing]) -> str:
    """Return the page of lab runs and its drawn figures as HTML."""
    gains = report.gains
    return template("lab.html").render(
        title=f"What variants are worth against {named(gains.baseline)}",
        runs=runs_text(report),
        benches=list(map(str, gains.benches)),
        verdicts=list(sentences(gains)),
        notes=list(notes(gains)),
        drawings=placed,
        missing=[(one.title, one.reason) for one in missing],
        blocks=list(blocks(report)),
        version=__version__,
        light=LIGHT,
        dark=DARK,
    )


def blocks(report: LabReport) -> Iterable[Block]:
    """Return the tables of the page, those that have a row."""
    gains, slopes, correlations = report.gains, report.slopes, report.correlations
    made = [
        Block("gains", "Gains", (
            "Loss of the baseline less that of the variant, paired by seed, and the factor of the "
            "baseline's width for the same loss, with 95 % intervals. The curve of the baseline "
            "ends at its narrowest and widest model.",
        ), GAINS, tuple(gain_rows(gains))),
        Block("settings", "Runs compared", (
            "Of the settings of a variant at a budget, the one with most runs. Tries: learning "
            "rates beside each other at one width, budget and seed.",
        ), SETTINGS, tuple(setting_rows(gains))),
        Block("slopes", "Slopes in width", (
            "d log / d log m of mean square overlap and of loss, ± standard error over seeds, and "
            "less the slope of the baseline, paired by seed.", *slope_sentences(slopes),
        ), SLOPES, tuple(slope_rows(slopes))),
        Block("correlations", "Overlap and loss", tuple(correlation_sentences(correlations)),
              CORRELATIONS, tuple(correlation_rows(correlations))),
        *(
            Block(
                f"heads-{k}", f"Head or body, {tokens_text(one.tokens)}",
                tuple(head_sentences(one)), HEADS, tuple(head_rows(one)),
            )
            for k, one in enumerate(report.heads, start=1)
        ),
    ]  # fmt: skip
    return [block for block in made if block.rows]
