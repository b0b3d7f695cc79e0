"""Pictures of a law, one function each.

Every function takes a :class:`~superscope.laws.Law`, and the keywords ``ax`` and ``theme``.
"""

from superscope.figures.draw.drawing import Drawing, Missing
from superscope.figures.laws._exclusion import law_exclusion
from superscope.figures.laws._fit import law_fit
from superscope.figures.laws._frontier import law_frontier
from superscope.figures.laws._parts import law_parts
from superscope.figures.laws._profiles import law_profiles
from superscope.figures.laws._residuals import law_residuals
from superscope.figures.laws._terms import law_terms
from superscope.figures.registry import PictureFunction, picture, pictures
from superscope.laws import Law

__all__ = [
    "exclusion",
    "fit",
    "frontier",
    "law_drawings",
    "parts",
    "profiles",
    "residuals",
    "terms",
]

fit = picture("fit", law_fit)
terms = picture("terms", law_terms)
residuals = picture("residuals", law_residuals)
parts = picture("parts", law_parts)
profiles = picture("profiles", law_profiles)
exclusion = picture("exclusion", law_exclusion)
frontier = picture("frontier", law_frontier)


@pictures.register
def _(law: Law) -> dict[str, PictureFunction]:
    several = {
        "terms": terms,
        "residuals": residuals,
        "parts": parts,
        "profiles": profiles,
        "exclusion": exclusion,
    }
    if law.form.name in ("shape", "chinchilla"):  # laws under which a budget can be planned
        several["frontier"] = frontier
    return {"fit": fit, **several} if len(law.form.terms) == 1 else several


def law_drawings(law: Law) -> tuple[Drawing | Missing, ...]:
    """Return all drawings of a law, and what cannot be drawn.

    Loss against the input (laws of one input), each part by itself, residuals, parts, profiles
    (of free exponents), and exclusion (where several were tried).
    """
    makers = (law_fit, law_terms, law_residuals, law_parts, law_profiles, law_exclusion)
    return tuple(make(law) for make in makers if make is not law_fit or len(law.form.terms) == 1)
