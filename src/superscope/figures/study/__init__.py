"""Pictures of a study, one function each.

Every function takes a :class:`~superscope.study.Study`, and the keywords ``ax`` and ``theme``.
"""

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.figures.study._loss import study_loss
from superscope.figures.study._overlap import study_overlap
from superscope.figures.study._overlap_loss import study_overlap_loss
from superscope.study import Study

__all__ = ["loss", "overlap", "overlap_loss", "study_drawings"]

overlap = picture("overlap", study_overlap)
loss = picture("loss", study_loss)
overlap_loss = picture("overlap_loss", study_overlap_loss)


@pictures.register
def _(_: Study) -> dict[str, PictureFunction]:
    return {"overlap": overlap, "loss": loss, "overlap_loss": overlap_loss}


def study_drawings(study: Study) -> tuple[Drawing | Missing, ...]:
    """Return all drawings of a study, and what cannot be drawn."""
    return study_overlap(study), study_loss(study), study_overlap_loss(study)
