"""``superscope lab train`` whose runs keep every step; for a process of its own, to be killed."""

from __future__ import annotations

import sys

from superscope.lab import training

training.KEEP_EVERY = 0.0  # workers import this file too, and so get it

if __name__ == "__main__":
    from superscope.cli import main

    main(["lab", "train", *sys.argv[1:]])
