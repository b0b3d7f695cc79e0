"""Draw the pictures of docs/better-packing.md from its committed tables.

    python docs/better_packing.py
"""  # fmt: skip

from __future__ import annotations

from pathlib import Path

from superscope import lab
from superscope.plotting import Pictured

DOCS = Path(__file__).resolve().parent
RUNS = (DOCS.parent / "examples" / "lab" / "search.csv", DOCS / "data" / "lab_runs.csv")
OVERLAP = DOCS / "data" / "lab_overlap.csv"


def draw() -> None:
    """Draw them."""
    runs = lab.read_tables(RUNS)
    (heads,) = lab.head_or_body(runs)
    shown: dict[str, tuple[Pictured, str]] = {
        "worth": (lab.gains(runs), "worth"),
        "slopes": (lab.slopes(runs), "slopes"),
        "heads": (heads, "heads"),
        "overlap": (lab.correlations(lab.read_tables([OVERLAP])), "overlap_loss"),
    }
    for name, (found, picture) in shown.items():
        figure = found.plot(picture)
        figure.savefig(DOCS / "images" / f"better-packing-{name}.png", dpi=110)


if __name__ == "__main__":
    draw()
