"""The report: one HTML file that opens from disk and asks the network for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from superscope._version import __version__
from superscope.arguments import checked
from superscope.atomic import write_file
from superscope.errors import UsageError
from superscope.figures.draw.colors import DARK, LIGHT
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.geometry._norms import norms_drawing
from superscope.figures.geometry._overlap import overlap_drawing
from superscope.figures.geometry._spectrum import spectrum_drawing
from superscope.figures.geometry._width import placements, width_drawing
from superscope.geometry import Geometry, Pair
from superscope.geometry.compare import names_of
from superscope.geometry.published import FAMILIES, published_overlaps
from superscope.geometry.stages import CENTERINGS
from superscope.geometry.summary import Summary, summarize
from superscope.report.files import encoded, template
from superscope.report.geometry.explanations import EXPLANATIONS, OF_FREQUENCIES
from superscope.text import fixed, number, sentence, visible, with_sign


@dataclass(frozen=True)
class Shown:
    """A figure as the page shows it: its element, or None with the reason as its caption."""

    title: str
    element: Markup | None
    caption: str


@dataclass(frozen=True)
class PairLine:
    """A pair: its overlap, and id and visible text (or None) of both tokens."""

    overlap: str
    tokens: tuple[tuple[int, str | None], tuple[int, str | None]]


@dataclass(frozen=True)
class PairTable:
    """The most colliding pairs under one centering."""

    title: str
    lines: tuple[PairLine, ...]


@dataclass(frozen=True)
class ModelSection:
    """What the page says of one model.

    Attributes
    ----------
    key
        Prefix of the ids of its part of the page.
    name
        What the report calls it.
    geometry, summary
        Its numbers, and its table.
    headlines
        The few that matter most: value, and what it is.
    figures
        Overlaps, norms, spectrum.
    pairs
        Most colliding pairs by centering.
    settings
        How it was measured: label and value.
    """

    key: str
    name: str
    geometry: Geometry
    summary: Summary
    headlines: tuple[tuple[str, str], ...]
    figures: tuple[Shown, ...]
    pairs: tuple[PairTable, ...]
    settings: tuple[tuple[str, str], ...]


@checked
def write_report(geometries: Sequence[Geometry], path: Path) -> None:
    """Write one self-contained HTML file about one or several measured models.

    It holds the tables, the figures and the most colliding pairs, and neither scripts nor
    anything to be fetched.

    Parameters
    ----------
    geometries
        What was measured, in the order to show it.
    path
        File to write. It appears whole or not at all.

    Raises
    ------
    UsageError
        No geometry, or the file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import superscope
    >>> rows = np.random.default_rng(0).standard_normal((100, 10))
    >>> superscope.write_report([superscope.measure(rows)], Path("report.html"))
    """
    if not geometries:
        raise UsageError("a report needs at least one measured model")
    write_file(Path(path), encoded(render(geometries)))


def render(geometries: Sequence[Geometry]) -> str:
    """Return the report as HTML."""
    names = names_of(geometries)
    return template("report.html").render(
        models=[
            _section(g, name, f"model-{k}")
            for k, (g, name) in enumerate(zip(geometries, names, strict=True), start=1)
        ],
        width_figure=shown_drawing(width_drawing(placements(geometries, names))),
        explanations=_explained(geometries),
        published=published_overlaps(),
        published_families=FAMILIES,
        version=__version__,
        light=LIGHT,
        dark=DARK,
    )


def _section(geometry: Geometry, name: str, key: str) -> ModelSection:
    return ModelSection(
        key=key,
        name=name,
        geometry=geometry,
        summary=summarize(geometry),
        headlines=_headlines(geometry),
        figures=(
            shown_drawing(overlap_drawing(geometry), f"{key}-"),
            shown_drawing(norms_drawing(geometry), f"{key}-"),
            shown_drawing(spectrum_drawing(geometry), f"{key}-"),
        ),
        pairs=_pair_tables(geometry),
        settings=_settings(geometry),
    )


def shown_drawing(drawing: Drawing | Missing, prefix: str = "") -> Shown:
    """Return a drawing for the page; the prefix makes its ids unique."""
    if isinstance(drawing, Missing):
        return Shown(drawing.title, None, drawing.reason)
    named = replace(drawing, name=f"{prefix}{drawing.name}")
    return Shown(named.title, named.element(), named.caption)


def _headlines(g: Geometry) -> tuple[tuple[str, str], ...]:
    return (
        (f"{number(g.raw.ratio_to_random, 4)}×", "chance: mean square overlap of raw rows"),
        (f"{number(g.centered.ratio_to_random, 4)}×",
         "chance: mean square overlap of mean-centered rows"),
        (number(g.centered.effective_width, 4),
         f"of {g.width:,} dimensions are in effective use, mean-centered"),
        (str(g.regime), f"regime by norms: φ = {fixed(g.represented_fraction, 4)}, the share of "
                        f"rows represented; of untrained rows φ = "
                        f"{fixed(g.untrained.represented_fraction, 4)}, {g.untrained.regime}"),
        (g.evidence.short, sentence(g.evidence.meaning)),
    )  # fmt: skip


def _settings(g: Geometry) -> tuple[tuple[str, str], ...]:
    s, p = g.settings, g.provenance
    rows = {"all": "all", "trained": "all but those near zero"}.get(
        p.rows, "those the tokenizer can produce"
    )
    settings = [("model", p.model), ("rows", rows), ("pairs", _pairs(g))]
    if s.neighbors:
        settings.append(("nearest rows kept", str(s.neighbors)))
    settings.append(("measured with", f"superscope {s.version}"))
    return tuple((label, visible(value, quote="", longest=500)) for label, value in settings)


def _pairs(g: Geometry) -> str:
    pairs, s = g.raw.pairs, g.settings
    if pairs is None:
        return "not measured; everything else is exact"
    if pairs.method == "exact":
        return f"all {pairs.pairs:,}, in {s.dtype} on {s.device}"
    return f"{pairs.pairs:,} drawn at random with seed {s.seed}"


def _explained(geometries: Sequence[Geometry]) -> dict[str, str]:
    """Return the explanations of what these models' tables show."""
    weighted = any(g.frequency_centered is not None for g in geometries)
    return {
        label: text
        for label, text in EXPLANATIONS.items()
        if weighted or label not in OF_FREQUENCIES
    }


def _pair_tables(geometry: Geometry) -> tuple[PairTable, ...]:
    """Return a table for each centering whose pairs were measured."""
    return tuple(
        PairTable(CENTERINGS[overlap.center], tuple(map(_pair_line, overlap.pairs.top)))
        for overlap in geometry.overlaps
        if overlap.pairs is not None
    )


def _pair_line(pair: Pair) -> PairLine:
    def token(index: int, text: str | None) -> tuple[int, str | None]:
        return index, None if text is None else visible(text)

    return PairLine(
        with_sign(pair.overlap, 4),
        (token(pair.first, pair.first_text), token(pair.second, pair.second_text)),
    )
