"""Fetch English prose under a free license from Debian's packages, as JSON lines.

    python tools/fetch_text.py              # the dictionary
    python tools/fetch_text.py debian-faq   # questions and answers

Packages are unpacked, never installed. The GNU Collaborative International Dictionary of English
(dict-gcide, GPL-2 or later) goes to `.cache/text/gcide`, one line an entry: every fiftieth entry in
`test.jsonl`, the others in `train.jsonl`. A text of another kind is the Debian FAQ (debian-faq,
which may be copied and changed under its own notice): `.cache/text/debian-faq/text.jsonl` has one
line a question with its answer. Each folder has the package's `copyright`. Standard library only:
it runs before anything is installed.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache"
PACKAGES = {"gcide": "dict-gcide", "debian-faq": "debian-faq"}
"""Debian's package of each text."""
HELD_OUT = 50  # one entry of so many is for tests

_DIGITS = {c: k for k, c in enumerate(string.ascii_letters[26:] + string.ascii_letters[:26]
                                      + string.digits + "+/")}  # fmt: skip


def fetch(name: str = "gcide") -> Path:
    """Return the folder of a text, fetched if it is not there."""
    folder, package = CACHE / "text" / name, PACKAGES[name]
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        unpacked = _unpacked(package, Path(scratch))
        beside = Path(scratch, name)
        beside.mkdir()
        shutil.copy(unpacked / "doc" / package / "copyright", beside / "copyright")
        if name == "gcide":
            _write_dictionary(unpacked / "dictd" / "gcide", beside)
        else:
            packed = unpacked / "doc" / "debian" / "FAQ" / "debian-faq.en.txt.gz"
            _write(questions(gzip.decompress(packed.read_bytes()).decode()), beside / "text.jsonl")
        try:
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    return folder


def _write_dictionary(dictionary: Path, folder: Path) -> None:
    every = list(enumerate(entries(dictionary)))
    _write((text for k, text in every if k % HELD_OUT), folder / "train.jsonl")
    _write((text for k, text in every if not k % HELD_OUT), folder / "test.jsonl")


def _write(texts: Iterable[str], file: Path) -> None:
    with open(file, "w", encoding="utf-8") as lines:
        for text in texts:
            lines.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")


def _unpacked(package: str, scratch: Path) -> Path:
    """Return the package's /usr/share."""
    for attempt in (1, 2):
        done = subprocess.run(["apt-get", "download", "-qq", package], cwd=scratch, check=False)
        if done.returncode == 0:
            break
        if attempt == 2:
            done.check_returncode()
        subprocess.run(["apt-get", "update", "-qq"], check=False)  # its list may be old, or missing
    archive = next(scratch.glob(f"{package}_*.deb"))
    subprocess.run(["dpkg-deb", "-x", archive, scratch / "root"], check=True)
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


def questions(text: str) -> Iterator[str]:
    """Yield the sections of the FAQ, a question with its answer, without line breaks of print."""
    numbered = re.compile(r"^\d+\.\d+\.\s", re.MULTILINE)
    starts = [found.start() for found in numbered.finditer(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        section = re.sub(r"(?ms)^Chapter\s\d+\.\s.*\Z", "", text[start:end])
        paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", section)]
        yield "\n".join(part for part in paragraphs if part)


def main() -> int:
    """Fetch a text and say where it is; return the exit code."""
    name = sys.argv[1] if len(sys.argv) > 1 else "gcide"
    if name not in PACKAGES:
        print(f"there is no text {name!r}; choose one of: {', '.join(PACKAGES)}", file=sys.stderr)
        return 2
    try:
        print(fetch(name))
    except (OSError, subprocess.CalledProcessError) as error:
        print(
            f"{PACKAGES[name]} could not be fetched from Debian's packages: {error}",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
