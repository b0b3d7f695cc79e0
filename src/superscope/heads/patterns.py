r"""Match regular expressions that come from a file, within bounds of time and length.

Matching ``(a+)+$`` takes time exponential in the length of a name, and nothing within a process can
stop it. So whatever is more than a name is matched in a process of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence

from superscope.errors import FormatError
from superscope.text import visible

SECONDS = 10.0
LONGEST_PATTERNS = 10_000  # characters of all patterns together
_NAME = re.compile(r"[\w.\-]*")  # nothing is repeated, so that matching takes no time
_CHILD = """
import json, re, sys
patterns, names = json.load(sys.stdin)
for pattern in patterns:
    try:
        found = [bool(re.match(pattern, name)) for name in names]
    except (re.error, RecursionError, OverflowError):
        found = [False] * len(names)
    print(json.dumps(found), flush=True)
"""


def matches(
    patterns: Sequence[str], names: Sequence[str], file: str, within: str = r"(.*\.)?({})$"
) -> list[list[bool]]:
    r"""Return for each pattern which names it matches; an invalid one matches none.

    Parameters
    ----------
    patterns
        Regular expressions of Python.
    names
        What they are matched with, from the start.
    file
        Where they come from, for messages.
    within
        The expression that each is put into, in place of ``{}``: by default its match may begin
        after any dot and ends the name, as PEFT does.

    Raises
    ------
    FormatError
        Matching takes more than 10 seconds, or the patterns are longer than 10,000 characters.
    """
    whole = [within.replace("{}", pattern) for pattern in patterns]
    if all(map(_NAME.fullmatch, patterns)):
        return [[bool(re.match(pattern, name)) for name in names] for pattern in whole]
    if sum(map(len, patterns)) > LONGEST_PATTERNS:
        raise FormatError(
            f"{file} has regular expressions of more than {LONGEST_PATTERNS:,} characters; "
            "write the names of modules in their place"
        )
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-W", "ignore", "-c", _CHILD],
            input=json.dumps([whole, names]).encode(), capture_output=True, timeout=SECONDS,
            check=True,
        ).stdout  # fmt: skip
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        at = (error.output or b"").count(b"\n")
        raise FormatError(
            f"{file} has the regular expression {visible(patterns[at])}, which takes too long to "
            "match; write the names of modules in its place"
        ) from None
    return [json.loads(line) for line in done.splitlines()]
