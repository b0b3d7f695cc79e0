"""The page of a law: what is thought of it, its numbers and its figures in one HTML file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from superscope._version import __version__
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.drawable import shown
from superscope.figures.draw.drawing import Missing
from superscope.figures.laws import law_drawings
from superscope.forecasts import Plan
from superscope.forecasts import summary as plan_text
from superscope.laws import Law
from superscope.laws.summary import facts, parameter_rows
from superscope.report.files import Placed, template
from superscope.report.laws.explanations import explanations
from superscope.text import advice, counted, minus, rounded

MOST_ROWS = 12  # runs of row numbers written out for a rule
SOURCES = {
    "LLG25": ("Liu, Liu, Gore", "Superposition Yields Robust Neural Scaling", "2505.10465"),
    "H22": ("Hoffmann et al.", "Training Compute-Optimal Large Language Models", "2203.15556"),
    "B24": ("Besiroglu et al.", "Chinchilla Scaling: A replication attempt", "2404.10102"),
    "L26d": ("Liu et al.", "Inverse Depth Scaling From Most Layers Being Similar", "2602.05970"),
    "L26t": ("Liu et al.", "Universal One-third Time Scaling", "2602.03685"),
}
"""Authors, title and arXiv number of what a law comes from."""


@dataclass(frozen=True)
class Reason:
    """A reason to doubt a law, and whether it is grave."""

    text: str
    severe: bool


@dataclass(frozen=True)
class LeftOut:
    """A rule, and the points it left out."""

    rule: str
    points: str
    rows: str


def render_law(law: Law, placed: Sequence[Placed], plan: Plan | None = None) -> str:
    """Return the page of a law, its drawn figures and a plan as HTML."""
    return template("law.html").render(
        title=_title(law),
        law=law,
        explanations=explanations(law, plan),
        reasons=[Reason(shown(advice(f.text)), f.status.severe) for f in law.findings],
        verdict=shown(law.verdict),
        remarks=shown(" ".join(law.remarks)),
        remedies=dict.fromkeys((f.status.value, advice(f.remedy)) for f in law.findings),
        formula=_formula(law),
        counts=_counts(law),
        rows=[tuple(map(shown, row)) for row in parameter_rows(law)],
        facts=[(label, shown(text)) for label, text in _facts(law)],
        left_out=[
            LeftOut(shown(e.text), counted(len(e.rows), "point"), row_text(e.rows))
            for e in law.excluded
        ],
        missing=" ".join(d.reason for d in law_drawings(law) if isinstance(d, Missing)),
        drawings=placed,
        plan=plan,
        plan_compute="" if plan is None else rounded(plan.best.compute),
        plan_doubts=() if plan is None else tuple(map(shown, _plan_doubts(plan))),
        plan_said=[] if plan is None else _signed([plan_text.sentences(plan)])[0],
        plan_header=plan_text.INPUTS,
        plan_rows=[] if plan is None else _signed(plan_text.input_rows(plan)),
        frontier_header=() if plan is None else plan_text.frontier_header(plan),
        frontier_rows=[] if plan is None else _signed(plan_text.frontier_rows(plan)),
        sources=[SOURCES[s] for s in re.findall(r"\w+", law.form.source) if s in SOURCES],
        version=__version__,
        light=LIGHT,
        dark=DARK,
    )


def _plan_doubts(plan: Plan) -> tuple[str, ...]:
    """Return a refusal of the plan, and its doubts."""
    return (*([plan_text.refusal(plan.refused)] if plan.refused else []), *plan.doubts)


def _title(law: Law) -> str:
    """Return what the page shows, and the verdict."""
    *most, last = (t.column for t in law.form.terms)
    inputs = f"{', '.join(most)} and {last}" if most else last
    of = f" in {len(law.points.groups)} groups" if len(law.points.groups) > 1 else ""
    return shown(f"Loss against {inputs}{of}: {law.headline[0].lower()}{law.headline[1:]}")


def row_text(rows: Sequence[int]) -> str:
    """Return row numbers, those in succession as ``3–7``, and how many more there are."""
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], row]
        else:
            runs.append([row])
    said = ", ".join("–".join(f"{row:,}" for row in run) for run in runs[:MOST_ROWS])
    more = sum(run[-1] - run[0] + 1 for run in runs[MOST_ROWS:])
    return said + (f" and {more:,} more" if more else "")


def _signed(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return cells with the minus sign of print."""
    return [[minus(cell) for cell in row] for row in rows]


def _formula(law: Law) -> str:
    """Return the law with the names of its own inputs."""
    powers = [
        f"{t.amplitude} · "
        + (f"({t.column} − {t.offset:g})" if t.offset else t.column)
        + f"^(−{t.exponent})"
        for t in law.form.terms
    ]
    floor = f"{law.form.floor}[group]" if len(law.points.groups) > 1 else law.form.floor
    return shown(f"loss = {' + '.join(powers)} + {floor}")


def _counts(law: Law) -> str:
    parts = [counted(len(law.points), "point")]
    if len(law.points.groups) > 1:
        by = " and ".join(law.grouped_by)
        parts.append(f"{len(law.points.groups)} groups by {by}, with a floor each")
    return shown(", ".join(parts))


def _facts(law: Law) -> list[tuple[str, str]]:
    """Return how the fit was made: label and text; what was left out has its own table."""
    seeds = ("seed", f"{law.options.seed}, of the resamples and the starts")
    return [*facts(law), seeds, ("fitted with", f"superscope {law.version}")]
