"""Where the pages' templates come from, and how they are read."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from superscope.text import number


@cache
def template(name: str) -> Template:
    """Return a template; what it shows is escaped, and a name it does not know is an error."""
    environment = Environment(
        loader=PackageLoader("superscope.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment.get_template(name)
