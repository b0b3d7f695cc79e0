"""Words of a drawing: its caption, and names in letters that matplotlib has.

The bundled font lacks letters, and ``$`` begins mathematics.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from superscope.text import visible

NO_GLYPH = "□"
LONGEST_LABEL = 44


def drawable(text: str, longest: int = LONGEST_LABEL) -> str:
    """Return text as matplotlib draws it to the letter; a letter without a glyph is a box."""
    seen = visible(text, quote="", longest=longest)
    return "".join(c if ord(c) in _glyphs() else NO_GLYPH for c in seen).replace("$", r"\$")


def drawable_names(
    names: Sequence[str], longest: int = LONGEST_LABEL
) -> tuple[tuple[str, ...], str]:
    """Return names that tell one from another in a drawing, and what to say of those changed.

    A name that is cut or has letters without a glyph gets a number, and the note names it.
    """
    drawn, notes = [], []
    for k, name in enumerate(names, start=1):
        if drawable(name, longest).replace(r"\$", "$") == name:
            drawn.append(drawable(name, longest))
        else:
            drawn.append(f"{k}: {drawable(name, longest)}")
            notes.append(f"{k} is {shown(name)}")
    return tuple(drawn), f" In full: {'; '.join(notes)}." if notes else ""


def shown(text: str) -> str:
    """Return text of others as a page has it: nothing in it is unseen."""
    return visible(text, quote="", longest=500)


@cache
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def caption(*sentences: str) -> str:
    """Join sentences to one text, without empty ones."""
    return " ".join(sentence.strip() for sentence in sentences if sentence.strip())
