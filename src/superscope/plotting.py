"""Give results a ``plot`` method, which loads matplotlib only when it is called.

Rooms below `figures` must not import it, so this module imports it by name at run time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Pictured:
    """A result that can be plotted."""

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
            Name of the picture; by default the first. An unknown name raises an error that lists
            all names.
        ax
            Axes to draw in, for pictures with one panel.
        theme
            ``light`` or ``dark``.
        **options
            Options of some pictures, such as ``law`` for those of a forecast or a plan.

        Returns
        -------
        Figure
            The matplotlib figure.

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
