"""The picture of token frequencies.

`ranks` takes a :class:`~superscope.frequency.TokenFrequency`, and the keywords ``ax`` and
``theme``.
"""

from superscope.figures.frequency._ranks import frequency_ranks
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.frequency import TokenFrequency

__all__ = ["frequency_ranks", "ranks"]

ranks = picture("ranks", frequency_ranks)


@pictures.register
def _(_: TokenFrequency) -> dict[str, PictureFunction]:
    return {"ranks": ranks}
