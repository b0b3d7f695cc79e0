"""``python -m superscope``."""

from superscope.cli import main

main()
