"""The folder that a model is written to: refused, finished already, or free."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from superscope.atomic import lacking_room, make_folder
from superscope.errors import FormatError, UsageError
from superscope.repack.repacking import Repacking

RECORD = "repack.json"


@dataclass(frozen=True)
class Destination:
    """Where a model is written.

    Attributes
    ----------
    folder
        The folder.
    identity
        Changes with the model, the texts, the options and the version of superscope.
    """

    folder: Path
    identity: str

    @property
    def parts(self) -> Path:
        """A folder beside it that keeps what is done until the model is written."""
        return self.folder.with_name(f"{self.folder.name}.parts")

    def finished(self) -> Repacking | None:
        """Return the result if the same run has written the model already.

        Raises
        ------
        UsageError
            The folder has other files in it, or nothing can be written beside it.
        """
        if self.folder.is_dir() and any(self.folder.iterdir()):
            try:
                record = json.loads((self.folder / RECORD).read_bytes())
                if record["identity"] == self.identity:
                    return Repacking.from_json(record["result"])
            except (OSError, ValueError, KeyError, TypeError, FormatError):
                pass
            raise UsageError(
                f"{self.folder} exists and is not of this run: of the same model, texts, options "
                "and version; name another folder, or delete it"
            )
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder} is a file; name a folder")
        make_folder(self.folder.resolve().parent)
        return None

    def check_room(self, nbytes: int, name: str) -> None:
        """Refuse a disk that is too small.

        Raises
        ------
        UsageError
            With both sizes.
        """
        free = lacking_room(self.folder.resolve().parent, nbytes)
        if free is not None:
            raise UsageError(
                f"{name} with a narrower head takes up to {nbytes / 1e9:.3g} GB, and "
                f"{free / 1e9:.3g} GB are free at {self.folder}: choose a folder on another disk"
            )

    def record(self, found: Repacking) -> str:
        """Return what the folder keeps of its run, as JSON."""
        return json.dumps({"identity": self.identity, "result": found.to_json()}) + "\n"
