from __future__ import annotations

import pytest

from superscope.figures import plot


def test_what_has_no_pictures_says_so() -> None:
    with pytest.raises(TypeError, match="no picture of a int"):
        plot(3)
