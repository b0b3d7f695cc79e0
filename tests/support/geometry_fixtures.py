"""Heads whose report is known, and a head whose tokens attack it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from superscope.geometry import Geometry, measure_head
from superscope.heads import Head
from superscope.report.geometry.page import render

_CHANGED_TITLE = "the page was changed"
_HOSTILE_TOKENS = (
    f'<script>document.title="{_CHANGED_TITLE}"</script>',
    "<script src=//outside.test/a></script>",
    "</td><img src=//outside.test/b onerror=a>",
    f"<p><img src=x onerror=document.title='{_CHANGED_TITLE}'>",
    "<link rel=stylesheet href=//outside.test/c>",
    f"</style><svg onload=document.title='{_CHANGED_TITLE}'>",
    "--><base href=//outside.test/>",
    "\x1b[31m",
    "\u202egnp.exe\u2066",
    "{{7*7}}{% raw %}",
    "&lt;b&gt;&#60;i&#62;",
    "\"'`",
    "\ud800\x00\r\n",
    "漢字🦉",
    None,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20250510)


@pytest.fixture(scope="session")
def random_geometry() -> Geometry:
    """2,000 isotropic random rows of width 64."""
    rows = np.random.default_rng(11).normal(size=(2000, 64))
    return measure_head(Head.from_array(rows, model="lab/random"))


@pytest.fixture(scope="session")
def random_page(random_geometry: Geometry) -> str:
    """The report of the random rows."""
    return render([random_geometry])


@pytest.fixture(scope="session")
def page_of_two(random_geometry: Geometry) -> str:
    """The report of two models, by chance the same."""
    return render([random_geometry] * 2)


@pytest.fixture
def changed_title() -> str:
    """What hostile tokens make of the page's title if they are executed."""
    return _CHANGED_TITLE


@pytest.fixture
def hostile_tokens() -> tuple[str | None, ...]:
    """Texts that do harm where they are not escaped."""
    return _HOSTILE_TOKENS


@pytest.fixture
def hostile(rng: np.random.Generator) -> Callable[[str], Geometry]:
    """Make a geometry whose pairs list every hostile token, of a model of the given name."""

    def build(model: str) -> Geometry:
        rows = rng.normal(size=(len(_HOSTILE_TOKENS), 4)).astype(np.float32)
        head = Head.from_array(rows, model=model, tokens=_HOSTILE_TOKENS)
        return measure_head(head, pairs="exact", top=200)

    return build
