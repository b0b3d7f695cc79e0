"""Draw docs/images/toy-phases.png: a phase diagram like that of Elhage et al.

python docs/toy_phases.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from superscope.toy import ToyPoint, ToyRuns, product, train

IMAGE = Path(__file__).resolve().parent / "images" / "toy-phases.png"


def main() -> None:
    """Train two features in one dimension at each sparsity and importance, and draw them."""
    configs = product({
        "n": 2, "width": 1, "alpha": 0, "decay": 0, "bias": "zeros",
        "density": [2 * float(p) for p in np.geomspace(0.02, 1, 9)],
        "importance": [float(r) for r in np.geomspace(0.1, 10, 9)],
        "seed": [0, 1], "batch": 128, "steps": 500, "learning_rate": 0.03,
    })  # fmt: skip
    points = tuple(ToyPoint.of(train(config, progress=None)) for config in configs)
    ToyRuns(points, (), ()).plot("phases").savefig(IMAGE, dpi=110)


if __name__ == "__main__":
    main()
