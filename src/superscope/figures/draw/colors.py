"""The colors of figures and pages, each by its role, in light and in dark.

What stands side by side differs in lightness too, so that it can be told apart in greyscale and
by those who see fewer colors: raw, centered, frequency and ink; and the four published families,
which also have marks of their own.
"""

from __future__ import annotations

LIGHT = {
    "ink": "#20242a",
    "muted": "#646b75",
    "grid": "#dfe2e6",
    "paper": "#fefefd",
    "raw": "#e0691a",
    "centered": "#16449e",
    "frequency": "#0c7f72",
    "opt": "#bb8a10",
    "qwen": "#7a4fa3",
    "gpt2": "#40894a",
    "pythia": "#85184f",
}
DARK = {
    "ink": "#e7e5e1",
    "muted": "#a2a8b1",
    "grid": "#373c44",
    "paper": "#16181b",
    "raw": "#f08a45",
    "centered": "#a3c6ff",
    "frequency": "#2f8f83",
    "opt": "#e6c976",
    "qwen": "#b088d8",
    "gpt2": "#7cc388",
    "pythia": "#d0527f",
}
THEMES = {"light": LIGHT, "dark": DARK}
OF_CENTER = {"none": "raw", "mean": "centered", "frequency": "frequency"}
"""Role of each centering."""
SERIES = ("centered", "raw", "frequency", "pythia", "opt", "qwen", "gpt2")
"""Roles for things of one kind, such as families, in the order to use them."""
