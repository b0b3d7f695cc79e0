"""A family in one study: every head measured, every loss evaluated, laws fitted, answers given."""

from superscope.study import summary  # noqa: F401  (registers how a study prints)
from superscope.study._answers import Answer, answers
from superscope.study._study import fit_laws, study
from superscope.study.emerging import summary as _summary  # noqa: F401  (likewise)
from superscope.study.emerging._emergence import emergence
from superscope.study.emerging.curves import Curves
from superscope.study.emerging.of_toy import toy_curves
from superscope.study.emerging.result import (
    ClassCurve,
    Emergence,
    Foretold,
    Learned,
    Shape,
    ThresholdRollOut,
)
from superscope.study.members import Member, MemberFailure
from superscope.study.result import Study, StudyLaws, read, table_of

__all__ = [
    "Answer",
    "ClassCurve",
    "Curves",
    "Emergence",
    "Foretold",
    "Learned",
    "Member",
    "MemberFailure",
    "Shape",
    "Study",
    "StudyLaws",
    "ThresholdRollOut",
    "answers",
    "emergence",
    "fit_laws",
    "read",
    "study",
    "table_of",
    "toy_curves",
]
