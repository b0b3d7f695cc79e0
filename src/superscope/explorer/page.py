"""The page's HTML, with its data beside it or in it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from superscope._version import __version__
from superscope.errors import SuperscopeError
from superscope.explorer.parts import as_script, encoded

POLICY = (
    "default-src 'none'; img-src data: blob:; worker-src blob:; base-uri 'none'; "
    "form-action 'none'; "
)


@cache
def asset(name: str) -> str:
    """Return a file of the built front end.

    Raises
    ------
    SuperscopeError
        It has not been built.
    """
    try:
        return files("superscope.explorer").joinpath("assets", name).read_text("utf-8")
    except FileNotFoundError as error:
        raise SuperscopeError(
            "the explorer's front end is not built here; run make frontend, which needs node, or "
            "install superscope from a wheel, which carries it"
        ) from error


def write_page(folder: Path, title: str, names: Sequence[str]) -> None:
    """Write the page, its script and its style into the folder where its data lie."""
    for name in ("explorer.js", "explorer.css"):
        (folder / name).write_text(asset(name), "utf-8")
    html = _rendered(title, names, f"{POLICY}script-src 'self'; style-src 'self'", {})
    (folder / "index.html").write_text(html, "utf-8")


def single_page(title: str, names: Sequence[str], parts: Mapping[str, bytes]) -> str:
    """Return the page with its script, its style and its data in it."""
    policy = (
        f"{POLICY}script-src '{_hash(asset('explorer.js'))}'; "
        f"style-src '{_hash(asset('explorer.css'))}'"
    )
    return _rendered(title, names, policy, parts)


def write_part(folder: Path, name: str, data: bytes) -> None:
    """Write a part of the data beside the page."""
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / f"{name}.js").write_text(as_script(name, data), "ascii")


def manifest(names: Sequence[str]) -> dict[str, Any]:
    """Return what a page must know first: the parts of each model, and those of the page itself."""
    found: dict[str, list[str]] = {"page": []}
    for name in names:
        found.setdefault(name.partition("-")[0], []).append(name)
    page = found.pop("page")
    return {"version": __version__, "models": list(found.values()), "page": page}


def _rendered(title: str, names: Sequence[str], policy: str, parts: Mapping[str, bytes]) -> str:
    environment = Environment(
        loader=PackageLoader("superscope.explorer"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("index.html").render(
        title=title,
        policy=policy,
        manifest=Markup(json.dumps(manifest(names)).replace("<", "\\u003c")),
        script=Markup(asset("explorer.js")),
        style=Markup(asset("explorer.css")),
        parts={name: encoded(data) for name, data in parts.items()},
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
