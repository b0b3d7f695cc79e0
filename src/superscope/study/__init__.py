"""A family in one study: every head measured, every loss evaluated, laws fitted, answers given."""

from superscope.study.answers import Answer, answers
from superscope.study.members import Failure, Member
from superscope.study.study import Study, StudyLaws, study

__all__ = [
    "Answer",
    "Failure",
    "Member",
    "Study",
    "StudyLaws",
    "answers",
    "study",
]
