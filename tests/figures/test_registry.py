from __future__ import annotations

import pytest

from superscope.plotting import plotted


def test_what_has_no_pictures_says_so() -> None:
    with pytest.raises(TypeError, match="no picture of a int"):
        plotted(3)
