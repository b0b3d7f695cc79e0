"""Fetch English prose under a free license from Debian's packages, as JSON lines.

    python tools/fetch_text.py

The GNU Collaborative International Dictionary of English (package dict-gcide, GPL-2 or later) is
unpacked, never installed. `.cache/text/gcide` gets one line an entry: every fiftieth entry in
`test.jsonl`, the others in `train.jsonl`, and the package's `copyright`. Standard library only: it
runs before anything is installed.
"""

from __future__ import annotations

import gzip
import json
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache"
PACKAGE = "dict-gcide"
HELD_OUT = 50  # one entry of so many is for tests

_DIGITS = {c: k for k, c in enumerate(string.ascii_letters[26:] + string.ascii_letters[:26]
                                      + string.digits + "+/")}  # fmt: skip


def fetch() -> Path:
    """Return the folder of the dictionary, fetched if it is not there."""
    folder = CACHE / "text" / "gcide"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        unpacked = _unpacked(Path(scratch))
        beside = Path(scratch, "gcide")
        beside.mkdir()
        shutil.copy(unpacked / "doc" / PACKAGE / "copyright", beside / "copyright")
        with (
            open(beside / "train.jsonl", "w", encoding="utf-8") as train,
            open(beside / "test.jsonl", "w", encoding="utf-8") as test,
        ):
            for number, text in enumerate(entries(unpacked / "dictd" / "gcide")):
                file = train if number % HELD_OUT else test
                file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        try:
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return folder


def _unpacked(scratch: Path) -> Path:
    """Return the package's /usr/share."""
    for attempt in (1, 2):
        done = subprocess.run(["apt-get", "download", "-qq", PACKAGE], cwd=scratch, check=False)
        if done.returncode == 0:
            break
        if attempt == 2:
            done.check_returncode()
        subprocess.run(["apt-get", "update", "-qq"], check=False)  # its list may be old, or missing
    package = next(scratch.glob(f"{PACKAGE}_*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, scratch / "root"], check=True)
    return scratch / "root" / "usr" / "share"


def entries(dictionary: Path) -> Iterator[str]:
    """Yield the entries of a dictd dictionary in the order of its text."""
    text = gzip.decompress(dictionary.with_suffix(".dict.dz").read_bytes())
    spans = set()
    for line in dictionary.with_suffix(".index").read_bytes().splitlines():
        _, start, length = line.split(b"\t")
        spans.add((_number(start), _number(length)))
    for start, length in sorted(spans):
        entry = text[start : start + length].decode("utf-8", "replace")
        if not entry.startswith("00-database"):  # what dictd tells of the dictionary
            yield entry


def _number(digits: bytes) -> int:
    """Return a number written in dictd's base 64."""
    value = 0
    for digit in digits.decode("ascii"):
        value = value * 64 + _DIGITS[digit]
    return value


def main() -> int:
    """Fetch the dictionary and say where it is; return the exit code."""
    try:
        print(fetch())
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"{PACKAGE} could not be fetched from Debian's packages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
