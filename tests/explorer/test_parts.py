"""Parts of a page's data are read as they were written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from superscope.errors import UsageError
from superscope.explorer import Part, read_parts
from superscope.explorer.parts import as_script


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=9)), st.integers(0, 9))
def test_a_part_comes_back(meta, count):
    part = Part(meta, {"a": np.arange(count, dtype=np.uint8), "b": np.ones((count, 2))})
    back = Part.read(part.packed())
    assert back.meta == meta
    assert np.array_equal(back.arrays["a"], part.arrays["a"])
    assert back.arrays["b"].shape == (count, 2)


def test_a_script_holds_one_part(tmp_path):
    (tmp_path / "data").mkdir()
    script = as_script("0-about", Part({"x": "</script>"}, {}).packed())
    (tmp_path / "data" / "0-about.js").write_text(script)
    assert "<" not in script
    assert read_parts(tmp_path)["0-about"].meta == {"x": "</script>"}


def test_what_is_no_page_is_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no page"):
        read_parts(tmp_path)
    with pytest.raises(UsageError, match="no part"):
        Part.read(b"nothing")
