"""What the user should know of a measured head, beyond where it came from."""

from __future__ import annotations

from collections.abc import Iterator

from superscope.geometry.norms import HUGE, Norms
from superscope.geometry.overlap import Overlap
from superscope.text import counted, number

_FAR = 2.0  # times the raw mean square overlap, or chance where that is more


def measured_notes(
    norms: Norms, raw: Overlap, centered: Overlap, untrained: tuple[int, ...]
) -> Iterator[str]:
    """Yield a note for each thing that makes a number mean less than it seems.

    `untrained` are the rows near zero that were measured with the others.
    """
    if untrained:
        ids = ", ".join(map(str, untrained[:5])) + (", …" if len(untrained) > 5 else "")
        yield (
            f"{counted(len(untrained), 'row is', 'rows are')} near zero (ids {ids}), with norms "
            "below a thousandth of the rms norm, as tokens have that were never trained. They are "
            "measured with the others; rows='trained' leaves them out"
        )
    usual = max(raw.mean_square_overlap, raw.random_mean_square)
    if centered.mean_square_overlap > _FAR * usual:
        both = (
            f"the mean square overlap is {number(centered.mean_square_overlap, 3)} mean-centered "
            f"and {number(raw.mean_square_overlap, 3)} raw"
        )
        huge = len(norms.huge)
        if 0 < huge < len(norms.values) / 10:
            yield (
                f"{both}: {counted(huge, 'row')} with more than {HUGE:g} times the median norm "
                "make the mean row, which subtracting it puts into all others"
            )
        else:
            yield f"{both}: subtracting the mean row makes the rows more alike"
