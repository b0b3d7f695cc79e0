"""The folder that a model is written to: refused, finished already, or free."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from superscope.atomic import lacking_room, make_folder, usual_modes, write_file
from superscope.errors import FormatError, UsageError
from superscope.repack.repacking import Repacking

RECORD = "repack.json"
_MARK = "made-by-superscope-repack.json"
_BEING_WRITTEN = "model"


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
        # On the disk of the folder itself, where that is a link: it is renamed in the end.
        there = self.folder.resolve() if self.folder.is_symlink() else self.folder
        return there.with_name(f"{there.name}.parts")

    def finished(self, keep: Path | None) -> Repacking | None:
        """Return the result if the same run has written the model already.

        Parameters
        ----------
        keep
            Folder that the user names for finished parts; it lies elsewhere.

        Raises
        ------
        UsageError
            The folder, or the one for parts, has other files in it, or nothing can be written
            beside it.
        """
        self._check_apart(keep)
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder} is a file; name a folder")
        if self.folder.is_dir() and any(self.folder.iterdir()):
            found = self._read()
            self.clear()  # a run that was stopped at its very end has left it
            return found
        self._check_parts()
        make_folder(self.folder.resolve().parent)
        return None

    def _read(self) -> Repacking:
        try:
            record = json.loads((self.folder / RECORD).read_bytes())
            if record["identity"] == self.identity:
                return Repacking.from_json(record["result"])
        except (OSError, ValueError, KeyError, TypeError, FormatError):
            pass
        raise UsageError(
            f"{self.folder} exists and is not of this run: of the same model, texts, options and "
            "version. A file of the model or the texts that was written again counts as another "
            "one, even with the same content. Name another folder, or delete this one"
        )

    def _check_apart(self, keep: Path | None) -> None:
        """Refuse a folder for parts that is that of the model, or in it, or around it."""
        if keep is None:
            return
        kept = keep.resolve()
        for mine in (self.folder.resolve(), self.parts.resolve()):
            if kept == mine or kept in mine.parents or mine in kept.parents:
                raise UsageError(
                    f"keep={str(keep)!r} and out={str(self.folder)!r} overlap: neither they nor "
                    f"{self.parts.name} may lie in one another; name two folders side by side"
                )

    @property
    def _parts_are_ours(self) -> bool:
        return (self.parts / _MARK).is_file()

    def _check_parts(self) -> None:
        """Refuse a folder in the place of ours: it would be deleted at the end."""
        there = self.parts.exists() or self.parts.is_symlink()
        free = self.parts.is_dir() and not any(self.parts.iterdir())
        if there and not free and not self._parts_are_ours:
            raise UsageError(
                f"{self.parts} would keep finished parts, and exists with other files in it; move "
                f"it, or write to another folder than {self.folder}"
            )

    def make_parts(self) -> Path:
        """Make the folder beside it, marked as ours, if it is not there yet, and return it.

        Raises
        ------
        UsageError
            It has other files in it, or cannot be written.
        """
        self._check_parts()
        make_folder(self.parts)
        if not self._parts_are_ours:
            write_file(self.parts / _MARK, json.dumps({"identity": self.identity}) + "\n")
        return self.parts

    @contextmanager
    def being_written(self) -> Iterator[Path]:
        """Give a folder for the model, and rename it to its own name on success.

        It lies among the parts: what a killed process leaves of it goes with the next run.

        Raises
        ------
        UsageError
            It cannot be written.
        """
        beside = self.make_parts() / _BEING_WRITTEN
        shutil.rmtree(beside, ignore_errors=True)
        try:
            beside.mkdir()
            yield beside
            usual_modes(beside)
            beside.replace(self.folder.resolve())  # an empty folder may be there
        except OSError as error:
            reason = error.strerror or error
            raise UsageError(f"cannot write {self.folder}: {reason}") from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """Delete the folder beside it after the block if it keeps nothing."""
        try:
            yield
        finally:
            if all(path.is_dir() or path.name == _MARK for path in self.parts.rglob("*")):
                self.clear()

    def clear(self) -> None:
        """Delete the folder beside it, if it is ours."""
        if self._parts_are_ours:
            shutil.rmtree(self.parts, ignore_errors=True)

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
