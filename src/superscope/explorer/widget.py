"""The explorer in a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import anywidget
import traitlets

from superscope.errors import UsageError
from superscope.explorer.page import asset, manifest
from superscope.explorer.parts import Part


class Explorer(anywidget.AnyWidget):
    """The page of :func:`superscope.explore` in a cell.

    Its data stay in the kernel, which hands them over part by part.

    Attributes
    ----------
    selected
        Ids in the first model of the chosen tokens, the last one leading. One that was chosen in
        another model is among them if the first has the same text; others stand in `address`
        alone, as ``1-405`` for id 405 of the second model. Set it, and the page follows.
    address
        What is seen, as the fragment of a page's address: the same state that a link to a page on
        disk replays.
    """

    selected: Any = traitlets.List().tag(sync=True)  # of ids; _check tells what is none
    address = traitlets.Unicode().tag(sync=True)
    manifest = traitlets.Dict().tag(sync=True)

    def __init__(self, parts: Iterable[tuple[str, Part]]) -> None:
        self._parts = {name: part.packed() for name, part in parts}
        self._esm, self._css = asset("widget.js"), asset("explorer.css")
        about = Part.read(self._parts["0-about"])
        self._ids = about.arrays.get("ids", range(about.meta["features"]))
        super().__init__(manifest=manifest(list(self._parts)))
        self.on_msg(self._hand_over)

    def _hand_over(self, _: Any, message: dict[str, Any], __: Any) -> None:
        name = message["part"]
        self.send({"part": name}, buffers=[self._parts[name]])

    @traitlets.validate("selected")
    def _check(self, proposal: Any) -> list[int]:
        for one in proposal.value:
            if not isinstance(one, int) or one not in self._ids:
                raise UsageError(
                    f"selected has {one!r}; it takes ids of the first model, of which there are "
                    f"{len(self._ids):,}"
                )
        return list(proposal.value)

    @traitlets.observe("address")
    def _read_selected(self, change: Any) -> None:
        self.selected = [i for i in _tokens(_state(change.new)) if i in self._ids]

    @traitlets.observe("selected")
    def _write_selected(self, change: Any) -> None:
        state = _state(self.address)
        if _tokens(state) == change.new:
            return
        state["tokens"] = ",".join(map(str, change.new))
        fragment = urlencode({key: value for key, value in state.items() if value})
        self.address = f"#{fragment}" if fragment else ""

    def __repr__(self) -> str:
        return f"<Explorer, selected: {self.selected}>"


def _state(address: str) -> dict[str, str]:
    """Return what the front end keeps in an address: a value for each key."""
    return dict(parse_qsl(address.removeprefix("#"), keep_blank_values=True))


def _tokens(state: dict[str, str]) -> list[int]:
    """Return the ids among the tokens of an address, each once."""
    listed = state.get("tokens", "").split(",")
    return list(dict.fromkeys(int(one) for one in listed if re.fullmatch("[0-9]{1,9}", one)))
