"""``superscope cache``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from superscope.errors import NotFoundError, did_you_mean, without_secrets


def cache(
    *names: Annotated[str, Parameter(name="NAME")],
    clear: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """List or delete the downloaded heads and tables, and measured revisions.

    Parameters
    ----------
    names
        Models or tables, named as in the list; default: all.
    clear
        Delete them instead of listing them. They are made again when they are needed.
    json
        Print one line of JSON for each instead of a table.
    """
    from dataclasses import asdict
    from json import dumps

    from superscope.heads.holdings import Holding, cached_heads, drop
    from superscope.laws.table import cached_tables
    from superscope.text import columns, counted, named, number
    from superscope.watch.revisions import kept_measurements

    tables = [Holding(f.name, None, "table", f.stat().st_size, f) for f in cached_tables()]
    held = (*cached_heads(), *kept_measurements(), *tables)
    wanted = [_plain(name) for name in names]
    for name, given in zip(wanted, names, strict=True):
        if not any(_of(held_name.name, name) for held_name in held):
            known = dict.fromkeys(h.name for h in held)
            hint = did_you_mean(name, known)
            raise NotFoundError(f"{given} is not in the cache; {hint}see: superscope cache")
    chosen = [h for h in held if not wanted or any(_of(h.name, name) for name in wanted)]
    if clear:
        for holding in chosen:
            drop(holding)
    if json:
        for h in chosen:
            print(dumps({**asdict(h), "path": str(h.path)}))
        return
    total = sum(h.nbytes for h in chosen)
    size = f"{number(total / 1e6, 3)} MB in {counted(len(chosen), 'place')}"
    if clear:
        print(f"deleted {size}")
        return
    rows = [
        (named(h.name), (h.revision or "")[:12], named(h.content), f"{h.nbytes:,}") for h in chosen
    ]
    if rows:
        print(*columns(("name", "revision", "content", "bytes"), rows), sep="\n")
    print(size + ("; to delete it: superscope cache --clear" if rows else ""))


def _plain(name: str) -> str:
    """Return a model's name in the form that the cache uses."""
    return without_secrets(name).removeprefix("hf://").rstrip("/")


def _of(held: str, name: str) -> bool:
    """Return whether a name in the cache is the given one, or a file below it."""
    return held.rstrip("/") == name or held.startswith(f"{name}/")
