"""What every result can do: print itself, show in a notebook, go to JSON and back."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from superscope import text
from superscope.serialize import decode, encode


class Result:
    """A frozen dataclass whose room registers its text with :func:`superscope.text.as_text`."""

    DERIVED: ClassVar[tuple[str, ...]] = ()
    """Properties that are written to JSON beside the fields, for other programs."""

    def to_json(self) -> str:
        """Return the whole result as one line of JSON, with its derived numbers.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> geometry = superscope.measure(np.eye(4), pairs="none")
        >>> superscope.Geometry.from_json(geometry.to_json()) == geometry
        True
        """
        return encode(self, derived=derived)

    @classmethod
    def from_json(cls, written: str) -> Self:
        """Return the result that :meth:`to_json` wrote, without loss.

        Raises
        ------
        FormatError
            The text is not a result of this kind and version.
        """
        return decode(cls, written)

    def __str__(self) -> str:
        return text.as_text(self)

    def _repr_html_(self) -> str:
        return text.as_html(self)


def derived(value: Any) -> dict[str, Any]:
    """Return the derived numbers of a result, or of a part of one."""
    return {name: getattr(value, name) for name in getattr(type(value), "DERIVED", ())}
