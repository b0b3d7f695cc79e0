"""Pictures of a study and of what its tokens tell, one function each.

Every function takes a :class:`~superscope.study.Study`, or an
:class:`~superscope.study.Emergence`, and the keywords ``ax`` and ``theme``.
"""

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.figures.study._emerging_classes import emerging_classes
from superscope.figures.study._emerging_map import emerging_map
from superscope.figures.study._emerging_share import emerging_share
from superscope.figures.study._loss import study_loss
from superscope.figures.study._overlap import study_overlap
from superscope.figures.study._overlap_loss import study_overlap_loss
from superscope.study import Emergence, Study

__all__ = [
    "classes",
    "emergence_drawings",
    "frequency_map",
    "frequency_share",
    "loss",
    "overlap",
    "overlap_loss",
    "study_drawings",
]

overlap = picture("overlap", study_overlap)
loss = picture("loss", study_loss)
overlap_loss = picture("overlap_loss", study_overlap_loss)
classes = picture("classes", emerging_classes)
frequency_share = picture("frequency_share", emerging_share)
frequency_map = picture("frequency_map", emerging_map)


@pictures.register
def _(_: Study) -> dict[str, PictureFunction]:
    return {"overlap": overlap, "loss": loss, "overlap_loss": overlap_loss}


def study_drawings(study: Study) -> tuple[Drawing | Missing, ...]:
    """Return all drawings of a study, and what cannot be drawn."""
    return study_overlap(study), study_loss(study), study_overlap_loss(study)


@pictures.register
def _(_: Emergence) -> dict[str, PictureFunction]:
    return {"classes": classes, "frequency_share": frequency_share, "frequency_map": frequency_map}


def emergence_drawings(found: Emergence) -> tuple[Drawing | Missing, ...]:
    """Return all drawings of which tokens are learned, and what cannot be drawn."""
    return emerging_classes(found), emerging_share(found), emerging_map(found)
