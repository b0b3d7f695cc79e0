"""Pictures of the loss of a model on a text, one function each.

Every function takes an :class:`~superscope.evaluation.Evaluation`, and the keywords ``ax`` and
``theme``.
"""

from superscope.evaluation import Evaluation
from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.evaluation._documents import loss_documents
from superscope.figures.evaluation._tokens import loss_tokens
from superscope.figures.registry import PictureFunction, picture, pictures

__all__ = ["documents", "evaluation_drawings", "tokens"]

documents = picture("documents", loss_documents)
tokens = picture("tokens", loss_tokens)


@pictures.register
def _(_: Evaluation) -> dict[str, PictureFunction]:
    return {"documents": documents, "tokens": tokens}


def evaluation_drawings(evaluation: Evaluation) -> tuple[Drawing | Missing, ...]:
    """Return all drawings of an evaluation, and what cannot be drawn."""
    return loss_documents(evaluation), loss_tokens(evaluation)
