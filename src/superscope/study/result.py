"""The result of a study, which can be written to JSON and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from superscope.errors import FormatError, NotFoundError
from superscope.laws import Law
from superscope.observations import to_frame
from superscope.plotting import Pictured
from superscope.result import Result
from superscope.study.members import Member
from superscope.text import counted, slug

if TYPE_CHECKING:
    import pandas as pd

RESULT = "study.json"
"""Name of the file in a study's folder that :func:`read` reads."""

LAWS = ("overlap", "overlap_centered", "loss")


@dataclass(frozen=True, eq=False)
class StudyLaws:
    """The laws of a study; None if there were too few members for one.

    Attributes
    ----------
    overlap, overlap_centered
        Mean square overlap ∝ m^(−s) of raw and of mean-centered rows: the law ``power`` with no
        floor, whose ``alpha`` is s.
    loss
        The law ``width``.
    missing
        Which is not there, and why.
    """

    overlap: Law | None
    overlap_centered: Law | None
    loss: Law | None
    missing: dict[str, str]


@dataclass(frozen=True, eq=False)
class Study(Result, Pictured):
    """A family, measured and evaluated.

    Attributes
    ----------
    text
        What the text is called.
    members
        In the order they were named.
    laws
        Fitted to the table.
    """

    text: str
    members: tuple[Member, ...]
    laws: StudyLaws

    def __repr__(self) -> str:
        of = f"{counted(len(self.members), 'member')}, {len(self.failed)} incomplete"
        return f"<Study on {self.text!r}: {of}>"

    @property
    def table(self) -> pd.DataFrame:
        """The table of observations: one row for each member that has a result."""
        return table_of(self.members)

    @property
    def failed(self) -> tuple[Member, ...]:
        """The members of which a part failed."""
        return tuple(member for member in self.members if member.failures)

    def to_frame(self) -> pd.DataFrame:
        """Return `table`, as other results do."""
        return self.table

    @classmethod
    def from_json(cls, written: str) -> Self:
        """Return the study that :meth:`to_json` wrote, without loss.

        Raises
        ------
        FormatError
            The text is not a study of this version.
        """
        study = super().from_json(written)
        for name in LAWS:
            law: Law | None = getattr(study.laws, name)
            if law is not None:
                Law.from_json(law.to_json())  # checks that its parts are consistent
        return study


def read(folder: str | Path) -> Study:
    """Read a study from the folder that it was written to.

    Parameters
    ----------
    folder
        What ``study`` was given as `out`.

    Returns
    -------
    Study
        As it was when it last ended.

    Raises
    ------
    NotFoundError, FormatError
        There is no study in it, or one of another version.
    """
    path = Path(folder) / RESULT
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFoundError(
            f"no study can be read in {folder}: {error}; name the folder that superscope study "
            "wrote"
        ) from None
    try:
        return Study.from_json(text)
    except FormatError as error:
        raise FormatError(f"{path}: {error}; run superscope study again into {folder}") from None


def token_file(member: str) -> Path:
    """Return where a study's folder has a member's losses by token.

    Parameters
    ----------
    member
        Its name.
    """
    return Path("tokens") / f"{slug(member)}.parquet"


def table_of(found: Sequence[Member]) -> pd.DataFrame:
    """Return the table of observations of members.

    Parameters
    ----------
    found
        Members of a study.

    Returns
    -------
    DataFrame
        A row of the table of observations for each member.
    """
    rows = [member.observation for member in found]
    return to_frame(row for row in rows if row is not None)
