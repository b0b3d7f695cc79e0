from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from html_pages import parse

from superscope.geometry import Geometry, measure_head
from superscope.geometry.summary import summarize
from superscope.heads import Head
from superscope.report.geometry.explanations import EXPLANATIONS
from superscope.report.geometry.page import render
from superscope.text import visible


def test_the_page_says_what_the_terminal_says(random_geometry: Geometry, random_page: str) -> None:
    page = parse(random_page)
    s = summarize(random_geometry)
    said = {" ".join(text.split()) for text in page.text}
    for label, *values in s.overlaps:
        assert {label.strip(), *values} <= said
    for label, value in s.facts:
        assert not label or label in said
        assert value in {text.replace("\u00a0", " ") for text in said}


def test_every_number_is_explained(rng: np.random.Generator) -> None:
    geometry = measure_head(
        Head.from_array(rng.normal(size=(40, 4))), frequencies=np.arange(1.0, 41.0)
    )
    s = summarize(geometry)
    labels = {line[0].strip() for line in s.overlaps}
    facts = {"norms", "represented fraction", "regime", "against untrained rows", "untrained rows"}
    assert labels | facts <= EXPLANATIONS.keys()
    assert {label for label, _ in s.facts} & EXPLANATIONS.keys() == facts
    page = parse(render([geometry]))
    assert set(EXPLANATIONS.values()) <= {" ".join(text.split()) for text in page.text}


def test_a_page_of_two_models_has_no_id_twice_and_no_dangling_reference(page_of_two: str) -> None:
    page = parse(page_of_two)
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = {v[1:] for v in page.values("href") if v.startswith("#")}
    clips = {v[len("url(#") : -1] for v in page.values("clip-path")}
    assert links
    assert clips
    assert links | clips <= set(ids)


def test_each_model_has_its_figures(page_of_two: str) -> None:
    page = parse(page_of_two)
    for title in ("Overlaps of pairs, against chance", "Row norms", "Spectrum"):
        assert page.text.count(title) == 2
    assert page.text.count("Mean square overlap against width") == 1
    assert sum(tag == "figure" for tag, _ in page.tags) == 7
    assert sum(a.get("role") == "img" for tag, a in page.tags if tag == "svg") == 7


def test_the_same_geometry_gives_the_same_page(random_geometry: Geometry, random_page: str) -> None:
    assert render([random_geometry]) == random_page


def test_nothing_in_the_page_can_run_or_be_fetched(hostile: Callable[[str], Geometry]) -> None:
    page = parse(render([hostile("<script>alert(1)</script>"), hostile("a")]))
    tags = {tag for tag, _ in page.tags}
    assert not tags & {
        "script", "img", "iframe", "object", "embed", "base", "form", "video", "audio", "image",
        "foreignobject", "animate", "set",
    }  # fmt: skip
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert not names & {"src", "srcset", "xlink:href", "background", "ping", "action", "data"}
    fetched = {v for v in page.values("href") if not v.startswith("#")}
    assert fetched == {"data:,", "https://arxiv.org/abs/2505.10465"}
    assert [v for t, a in page.tags if t == "link" for v in a.values()] == ["icon", "data:,"]


def test_a_policy_forbids_what_is_not_in_the_page_anyway(random_page: str) -> None:
    policies = [
        a["content"] for tag, a in parse(random_page).tags
        if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]  # fmt: skip
    assert len(policies) == 1
    assert str(policies[0]).startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    )
    assert random_page.index("Content-Security-Policy") < random_page.index("<style")
    assert not re.search(r"@import|url\((?!#)", random_page)


def test_hostile_tokens_are_shown_as_text(
    hostile: Callable[[str], Geometry], hostile_tokens: tuple[str | None, ...]
) -> None:
    html = render([hostile("a")])
    page = parse(html)
    for token in hostile_tokens:
        if token is not None:
            assert visible(token) in page.text
    assert "id 14" in page.text  # the one without text
    assert not set(html) & {"\x1b", "\x00", "\u202e", "\u2066", "\ud800"}
    assert "49{%" not in html


def test_hostile_model_names_are_shown_as_text(hostile: Callable[[str], Geometry]) -> None:
    names = [
        "<script>alert(1)</script>'\"&amp;",
        "</title><script>alert(1)<b>",  # with no more slashes, or it would be a path
        "$\\frac{1}{漢字/🦉{{7*7}}",
        "a\n\x1b[31m\u202e\udcff.npy",
    ]
    geometries = [hostile(name) for name in names]
    html = render(geometries)
    words = parse(html).words
    for name in names:
        assert visible(name, quote="") in words
    assert not set(html) & {"\x1b", "\u202e", "\udcff"}
    title = "How </title><script>alert(1)<b> packs its vocabulary into its width"
    assert title in parse(render(geometries[1:2])).text


def test_without_pairs_the_page_says_so(rng: np.random.Generator) -> None:
    head = Head.from_array(rng.normal(size=(60, 8)))
    words = parse(render([measure_head(head, pairs="none")])).words
    assert "The overlaps cannot be drawn: pairs were not measured." in words
    assert "The pairs are not listed, because they were not measured." in words


def test_a_sample_is_called_a_sample(random_page: str, rng: np.random.Generator) -> None:
    words = parse(random_page).words
    assert "262,144 drawn at random with seed 0" in words
    assert "A sample seldom holds the worst pairs" in words
    every = measure_head(Head.from_array(rng.normal(size=(60, 8))), pairs="exact")
    words = parse(render([every])).words
    assert "all 1,770, in float32 on cpu" in words
    assert "A sample seldom" not in words


@pytest.mark.parametrize(
    "rows",
    [
        np.eye(6),
        np.eye(3, 40),
        np.array([[1.0], [-2.0], [3.0]]),
        np.array([[1.0, 0.0], [1.0, 1e-3]]),
        np.ones((5, 3)) + np.diag([1.0, 1, 1, 1, 1])[:, :3],
        np.vstack([np.eye(4), np.zeros((2, 4))]),
        1e-30 * np.random.default_rng(0).normal(size=(20, 4)),
        np.r_[1e-6, np.ones(99)][:, None] * np.random.default_rng(0).normal(size=(100, 4)),
    ],
    ids=["V = m", "V < m", "m = 1", "V = 2", "shared", "zero rows", "tiny", "one small"],
)
def test_odd_shapes_make_a_page(rows: np.ndarray) -> None:
    geometry = measure_head(Head.from_array(rows, model="odd"))
    words = parse(render([geometry])).words
    assert str(geometry.regime) in words
    assert ("superposition is not needed" in words) == (geometry.features <= geometry.width)


def test_a_frequency_weighted_centering_has_its_column_and_curve(
    rng: np.random.Generator,
) -> None:
    head = Head.from_array(rng.normal(size=(100, 8)))
    weighted, plain = (
        render([measure_head(head, frequencies=given)]) for given in (np.arange(100.0), None)
    )
    assert parse(weighted).text.count("frequency-centered") == 2  # in the table, and explained
    for title in ("Overlaps of pairs, against chance", "Spectrum"):
        figure = weighted[weighted.index(f"<h3>{title}") :].partition("</figure>")[0]
        assert "var(--frequency)" in figure
    assert "frequency-centered" not in parse(plain).text
    assert "var(--frequency)" not in plain
