"""The ``superscope`` command: one module per subcommand, loaded when called."""

import sys
from collections.abc import Sequence

from superscope.stopping import term_as_ctrl_c


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line: exit 0, 2 on a user's error, 130 on Ctrl-C and SIGTERM."""
    with term_as_ctrl_c():  # so that what was begun is cleared away
        try:
            # Within the block, because Ctrl-C may come while the packages are still loading.
            from superscope.cli.app import run

            run(sys.argv[1:] if arguments is None else arguments)
        except KeyboardInterrupt:
            print("superscope: stopped", file=sys.stderr)
            sys.exit(130)
