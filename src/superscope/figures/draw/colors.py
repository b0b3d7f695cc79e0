"""The colors of a report, each by its role, in light and in dark."""

from __future__ import annotations

LIGHT = {
    "ink": "#20242a",
    "muted": "#646b75",
    "grid": "#dfe2e6",
    "paper": "#fefefd",
    "raw": "#c2410b",
    "centered": "#1f5fcc",
    "frequency": "#0f7668",
    "opt": "#8f6b12",
    "qwen": "#7a4fa3",
    "gpt2": "#3d7a45",
    "pythia": "#a83f6f",
}
DARK = {
    "ink": "#e7e5e1",
    "muted": "#a2a8b1",
    "grid": "#373c44",
    "paper": "#16181b",
    "raw": "#ff9257",
    "centered": "#7fb0ff",
    "frequency": "#5ad6c3",
    "opt": "#d9b45a",
    "qwen": "#c39be6",
    "gpt2": "#83c78c",
    "pythia": "#ee8fb6",
}
THEMES = {"light": LIGHT, "dark": DARK}
OF_CENTER = {"none": "raw", "mean": "centered", "frequency": "frequency"}
"""Role of each centering."""
