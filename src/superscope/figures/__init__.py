"""Every picture: one function each, from a result to a matplotlib figure.

A package for each room: ``superscope.figures.geometry.overlap(geometry)``. A result's ``plot``
method finds the same functions through :func:`plot`. `draw` is how all of them are drawn.
"""

from superscope.figures.registry import PictureFunction, pictures, plot

__all__ = ["PictureFunction", "pictures", "plot"]
