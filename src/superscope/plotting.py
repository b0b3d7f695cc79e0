"""The pictures of a result, loaded when they are first used.

The other rooms do not import `figures`, which is above them; it is imported here by name.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Pictured:
    """A result that draws itself."""

    def plot(
        self,
        name: str | None = None,
        *,
        ax: Axes | None = None,
        theme: str = "light",
        **options: Any,
    ) -> Figure:
        """Draw the result; a notebook shows what is returned.

        Parameters
        ----------
        name
            Which picture; by default the first. The message about an unknown name lists them.
        ax
            Axes to draw in, for a picture of one panel.
        theme
            ``light`` or ``dark``.
        **options
            Of that picture alone: ``law`` for those of a forecast and a plan.

        Returns
        -------
        Figure
            Of matplotlib; a notebook shows it.

        Raises
        ------
        UsageError
            The picture or theme is unknown, or there is nothing to draw.

        Examples
        --------
        >>> import numpy as np
        >>> import superscope
        >>> rows = np.random.default_rng(0).standard_normal((100, 10))
        >>> figure = superscope.measure(rows).plot("overlap")
        >>> figure.savefig("overlap.png")
        """
        figures = import_module("superscope.figures")
        figure: Figure = figures.plot(self, name, ax=ax, theme=theme, **options)
        return figure
