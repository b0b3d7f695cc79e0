"""The page of a lens: one HTML file with a search over the vocabulary, which works from disk."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from superscope._version import __version__
from superscope.arguments import checked
from superscope.atomic import check_writable, write_file
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.drawing import Drawing
from superscope.figures.lens import drawings_of
from superscope.figures.lens._interference import interference_drawing
from superscope.geometry.row_classes import RowClass
from superscope.geometry.stages import CENTERINGS
from superscope.lens import Extreme, Lens, Token
from superscope.progress import ProgressChoice, chosen
from superscope.report.files import encoded, template
from superscope.report.geometry.page import Shown, shown_drawing
from superscope.report.lens.data import Searched, searched
from superscope.text import advice, as_text, fixed, named, number, sentence, times, visible


@dataclass(frozen=True)
class ResultSection:
    """What the page says of a further result: its title, figures and text."""

    title: str
    figures: tuple[Shown, ...]
    text: str


@checked
def write_lens_report(
    lens: Lens,
    path: Path,
    tokens: Sequence[Token] = (),
    results: Sequence[Any] = (),
    *,
    progress: ProgressChoice = "auto",
) -> None:
    """Write one self-contained HTML file in which tokens and their neighborhoods are looked up.

    The page needs no network. It holds the nearest rows of every token, which takes one pass over
    all pairs. Of a large vocabulary it holds those of as many tokens as fit, and says so.

    Parameters
    ----------
    lens
        The head.
    path
        File to write. It appears whole or not at all.
    tokens
        Tokens to begin with.
    results
        Further results of this lens to show, such as those of ``lens.argmax()``.
    progress
        As of :func:`superscope.lens`.

    Raises
    ------
    UsageError
        The file cannot be written.
    HeadDataError
        Too few rows have a direction.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import superscope
    >>> from superscope.report import write_lens_report
    >>> rows = np.random.default_rng(0).standard_normal((100, 10))
    >>> write_lens_report(superscope.lens(rows), Path("tokens.html"))
    """
    path = Path(path)
    check_writable(path)
    with chosen(progress) as report:
        data = searched(lens, [token.id for token in tokens], report)
    write_file(path, encoded(render(lens, data, results)))


def render(lens: Lens, data: Searched, results: Sequence[Any] = ()) -> str:
    """Return the page as HTML."""
    name = named(lens.model)
    chance = lens.views.chance(lens.options.center)
    return template("lens.html").render(
        title=f"the tokens of {name}",
        name=name,
        center=CENTERINGS[lens.options.center],
        random=f"{fixed(chance.mean, 2)} ± {chance.std:.2f}",
        partial=_partial(lens, data),
        none="This page has no list of the rows nearest to this token.",
        headlines=_headlines(lens),
        figure=shown_drawing(interference_drawing(lens)),
        ends=_ends(lens),
        classes=[
            (kind, f"{count:,}", sentence(RowClass(kind).meaning))
            for kind, count in lens.overview.classes.items()
        ],
        results=[_section(result) for result in results],
        facts=_facts(lens),
        data=Markup(data.json),
        script=Markup(_script()),
        script_hash=_hash(_script()),
        version=__version__,
        light=LIGHT,
        dark=DARK,
    )


def _partial(lens: Lens, data: Searched) -> str:
    if data.complete:
        return ""
    frequent = "of the least ids" if lens.frequencies is None else "most frequent"
    return (
        f"The vocabulary is too large for one page: {data.listed:,} of its {data.rows:,} tokens "
        f"have a list here, those {frequent} and those of the greatest interference."
    )


def _headlines(lens: Lens) -> tuple[tuple[str, str], ...]:
    o = lens.overview
    chance = lens.views.chance(lens.options.center)
    return (
        (f"{o.features:,}", f"rows in {o.width:,} dimensions"),
        (times(o.mean_square_overlap * o.width, 3), "chance: mean square overlap of raw rows"),
        (times(o.mean_square_overlap_centered * o.width, 3),
         "chance: mean square overlap of mean-centered rows"),
        (f"{chance.std:.3f}", f"standard deviation of c between random pairs, "
         f"{CENTERINGS[chance.center]}"),
        (f"{number(o.norm_min, 3)} to {number(o.norm_max, 3)}",
         f"row norms, with a mean of {number(o.norm_mean, 3)}"),
    )  # fmt: skip


def _ends(lens: Lens) -> list[tuple[str, list[tuple[int, str | None, str]]]]:
    o, width = lens.overview, lens.overview.width

    def of(several: Sequence[Extreme], factor: int | None) -> list[tuple[int, str | None, str]]:
        return [
            (
                e.entry.id,
                None if e.entry.text is None else visible(e.entry.text),
                number(e.value, 3) if factor is None else times(factor * e.value, 3),
            )
            for e in several
        ]

    return [
        ("most interference, times chance", of(o.most_packed, width)),
        ("least interference, times chance", of(o.least_packed, width)),
        ("longest rows, norm", of(o.longest, None)),
        ("shortest rows, norm", of(o.shortest, None)),
    ]


def _section(result: Any) -> ResultSection:
    text = as_text(result)
    title, _, rest = text.partition("\n")
    made = [shown_drawing(d) for d in drawings_of(result) if isinstance(d, Drawing)]
    return ResultSection(title.rstrip(":"), tuple(made), rest)


def _facts(lens: Lens) -> list[tuple[str, str]]:
    p = lens.head.provenance
    found = [("model", p.model)]
    for label, value in (
        ("revision", p.revision), ("file", p.file), ("tensor", p.tensor), ("number format", p.dtype)
    ):  # fmt: skip
        if value:
            found.append((label, str(value)))
    found.append(("looked at with", f"superscope {__version__}"))
    found += [("note", advice(note)) for note in lens.notes]
    return [(label, visible(value, quote="", longest=500)) for label, value in found]


@cache
def _script() -> str:
    return files("superscope.report").joinpath("templates", "lens.js").read_text("utf-8")


def _hash(script: str) -> str:
    """Return the hash by which the page's policy knows its one script."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
