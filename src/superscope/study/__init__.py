"""A family in one study: every head measured, every loss evaluated, laws fitted, answers given."""

from superscope.study import summary  # noqa: F401  (registers how a study prints)
from superscope.study._answers import Answer, answers
from superscope.study._study import fit_laws, study
from superscope.study.members import Member, MemberFailure
from superscope.study.result import Study, StudyLaws, read, table_of

__all__ = [
    "Answer",
    "Member",
    "MemberFailure",
    "Study",
    "StudyLaws",
    "answers",
    "fit_laws",
    "read",
    "study",
    "table_of",
]
