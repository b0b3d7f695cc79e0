"""Published fits, and ours to the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from benchmarks.result import Result, Section, markdown_table
from benchmarks.setting import Setting

from superscope.errors import SuperscopeError
from superscope.laws import Law, fit, load_public

RESIDUAL = "100 × mean squared residual"
SHIPPED = "published-llms"


@dataclass(frozen=True)
class Fit:
    """A published fit.

    Attributes
    ----------
    what
        The law, its points, and how they are chosen.
    table, law, options
        How it is fitted here.
    figures
        What was published, by parameter or objective, with its digits; then, after ``±``, its
        standard error. The key may carry a note after a comma.
    judged
        Whether the page gives the verdict, too.
    """

    what: str
    table: str
    law: str
    options: Mapping[str, Any]
    figures: Mapping[str, str]
    judged: bool = False


def _shape(what: str, offset: float, figures: dict[str, str]) -> Fit:
    options = {"drop_highest": 40, "depth_offset": offset}
    return Fit(what, "chinchilla-shapes", "shape", options, figures, judged=offset > 0)


def _chinchilla(drop: int, figures: dict[str, str]) -> Fit:
    what = f"chinchilla, {drop} highest left out"
    options = {"drop_highest": drop}
    return Fit(what, "chinchilla-shapes", "chinchilla", options, figures, judged=drop == 5)


FITS = (
    _chinchilla(
        5,
        {
            "alpha, minimum": "0.3473", "beta, minimum": "0.3672", "E, minimum": "1.8172",
            "A, minimum": "477.8", "B, minimum": "2143", "objective, minimum": "0.0010182740",
            "alpha, B24": "0.3478", "beta, B24": "0.3658", "E, B24": "1.8172",
            "A, B24": "482.01", "B, B24": "2085.43",
        },
    ),
    _chinchilla(0, {"beta": "0.453"}),
    _chinchilla(40, {"beta": "0.295"}),
    _shape(
        "shape, 40 highest left out", 0,
        {f"{RESIDUAL}, minimum": "0.0030274", f"{RESIDUAL}, L26d": "0.0030681"},
    ),
    _shape(
        "shape with depth − 2, 40 highest left out", 2,
        {
            "a_m, L26d": "0.960 ± 0.08", "a_l, L26d": "1.066 ± 0.24", "a_D, L26d": "0.299 ± 0.014",
            "E, L26d": "1.744 ± 0.026", f"{RESIDUAL}, L26d": "0.0030615",
            f"{RESIDUAL}, minimum": "0.0030605",
        },
    ),
    Fit(
        "width, 27 language models", SHIPPED, "width", {},
        {
            "alpha, LLG25": "0.9098 ± 0.036", "A, LLG25": "476.08",
            "mean squared residual, LLG25": "0.0051977",
        },
        judged=True,
    ),
    Fit(
        "shape by Huber 1e-3, Gemstones", "gemstones", "shape", {"loss": "huber"},
        {"E": "0", "a_m": "0.26"}, judged=True,
    ),
)  # fmt: skip


def run(setting: Setting) -> Iterator[Result | Section]:
    """Yield the comparison; what needs a table that is not here is named."""
    rows: list[tuple[str, ...]] = []
    verdicts: list[str] = []
    missed: list[str] = []
    absent: dict[str, list[str]] = {}
    for published in FITS:
        if setting.quick and published.table != SHIPPED:
            continue
        try:
            table = load_public(published.table, setting.data)
        except SuperscopeError as error:
            absent.setdefault(str(error), []).append(published.what)
            continue
        law = _fit(published, table, setting.quick)
        rows += [_row(published, law, *figure) for figure in published.figures.items()]
        missed += _missed(published, law)
        if published.judged:
            verdicts.append(f"- {published.what}: {law.verdict}\n")
    minima = [name for fit in FITS for name in fit.figures if _is_minimum(name)]
    if not setting.quick:
        yield Result(
            f"published minima that ours do not round to, of {len(minima)}",
            "; ".join(missed) or "none", str(len(missed)), len(missed), "", 0,
        )  # fmt: skip
    header = ("fit", "figure", "published", "here", "difference")
    text = markdown_table(header, rows)
    text += "\nWhat the judge says:\n\n" + "".join(verdicts)
    if absent:
        text += "\nLeft out, for want of the table:\n\n"
        text += "".join(f"- {'; '.join(fits)}: {why}\n" for why, fits in absent.items())
    yield Section("Published fits", _NOTE + text)


_NOTE = """\
Published figures beside ours on the same points; “minimum” is the least value of the published
objective, found by many searches, where the published optimizer stopped short of it. The losses of
the language models were read off a figure (LLG25, 8b).

"""


def _fit(published: Fit, table: pd.DataFrame, quick: bool) -> Law:
    options = dict(published.options) | {"judge": published.judged}
    if quick:
        options |= {"resamples": 0, "starts": 4, "judge": False}
    elif not published.judged:
        options |= {"resamples": 0}
    return fit(table, published.law, **options)


def _is_minimum(name: str) -> bool:
    """Return whether a figure is of the best fit: any right optimizer must find it."""
    return name.partition(", ")[2] in ("minimum", "")


def _missed(published: Fit, law: Law) -> Iterator[str]:
    """Yield the figures of the published minimum that ours do not round to."""
    for name, figure in published.figures.items():
        digits = len(figure.partition(".")[2])
        away = abs(_figure(law, name.partition(", ")[0]) - float(figure.partition(" ")[0]))
        if _is_minimum(name) and away > 0.5 * 10.0**-digits:
            yield f"{published.what}: {name}"


def _row(published: Fit, law: Law, name: str, figure: str) -> tuple[str, ...]:
    """Return a line of the table, ours with the published digits."""
    value, _, error = figure.partition(" ± ")
    ours = _figure(law, name.partition(", ")[0])
    digits = max(len(value.partition(".")[2]), 2 if value == "0" else 0)
    difference = ours - float(value)
    shown = f"{difference:+.2g}" + (f" ({difference / float(error):+.2f} s.e.)" if error else "")
    return published.what, name, figure, f"{ours:.{digits}f}", shown


def _figure(law: Law, name: str) -> float:
    if name == RESIDUAL:
        return 100 * law.mean_square_residual
    if name == "mean squared residual":
        return law.mean_square_residual
    return law.objective if name == "objective" else law.parameters[name]
