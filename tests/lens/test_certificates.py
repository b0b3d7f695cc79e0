"""Certificates go to a file and back, and a wrong one is found."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from superscope.errors import FormatError, NotFoundError, UsageError
from superscope.heads import Head
from superscope.lens import Certificates, argmax, verification, verify


@pytest.fixture(scope="module")
def head():
    rows = np.random.default_rng(0).standard_normal((120, 4)).astype(np.float32)
    return Head.from_array(np.vstack([rows, rows[:1]]))


@pytest.fixture(scope="module")
def proved(head):
    can = argmax(head, progress=None)
    assert can.argmaxable and can.tied and can.impossible
    assert len(can.certificates.stated)
    return can.certificates


def reasons(head, certificates, **kept):
    return {f.id: f.reason for f in verify(head, certificates, progress=None, **kept).faults}


def test_certificates_come_back_from_their_file(tmp_path, head, proved):
    proved.save(tmp_path / "proved.npz")
    again = Certificates.load(tmp_path / "proved.npz")
    for name, array in vars(proved).items():
        np.testing.assert_array_equal(getattr(again, name), array)
    found = verify(head, again, progress=None)
    assert found.holds and found.least_margin > 0 and found.residual < 1e-6
    assert "faults         none" in str(found)


def test_verifying_uses_no_code_of_the_search():
    tree = ast.parse(Path(verification.__file__).read_text("utf-8"))
    used = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
    assert {name for name in used if name.startswith("superscope")} == {
        f"superscope.{name}"
        for name in ("arguments", "errors", "heads", "lens.certificates", "progress", "result")
    }


def test_a_changed_hidden_state_is_found(head, proved):
    directions = proved.directions.copy()
    directions[0] *= -1
    assert list(reasons(head, replace(proved, directions=directions))) == [proved.stated[0]]
    scale = proved.scale.copy()
    row = int(np.flatnonzero(scale)[0])
    scale[row] *= -1
    assert list(reasons(head, replace(proved, scale=scale))) == [row]
    assert reasons(head, replace(proved, matrix=np.nan * proved.matrix))


def test_a_changed_weight_or_part_is_found(head, proved):
    for change in (1e-3, -2.0, np.nan):
        weights = proved.weights.copy()
        weights[0] += change
        assert list(reasons(head, replace(proved, weights=weights))) == [proved.impossible[0]]
    weights = proved.weights.copy()
    weights[:2] += 1e-3, -1e-3
    assert "off by" in reasons(head, replace(proved, weights=weights))[proved.impossible[0]]
    parts = proved.parts.copy()
    parts[0] = proved.impossible[0]
    assert "own combination" in reasons(head, replace(proved, parts=parts))[proved.impossible[0]]


def test_a_wrong_twin_is_found(head, proved):
    assert set(reasons(head, replace(proved, twins=proved.twins[::-1] * 0 + 5))) == {0, 120}
    assert set(reasons(head, replace(proved, twins=proved.tied))) == {0, 120}


def test_a_status_without_its_certificate_is_found(head, proved):
    status = proved.status.copy()
    row = int(proved.impossible[0])
    status[row] = 0
    assert row in reasons(head, replace(proved, status=status))
    status[row] = 3
    found = verify(head, replace(proved, status=status), progress=None)
    assert found.undecided == 1 and found.holds


def test_another_head_or_another_bias_is_found(head, proved):
    other = Head.from_array(np.random.default_rng(1).standard_normal((121, 4)))
    assert len(reasons(other, proved)) > 50
    assert reasons(head, proved, bias=10 * np.random.default_rng(2).standard_normal(121))
    with pytest.raises(UsageError, match="121 rows and 4 columns; array has 3 rows"):
        verify(Head.from_array(np.eye(3)), proved, progress=None)
    with pytest.raises(UsageError, match="rows of other tokens"):
        kept = Head.from_array(np.ones((122, 4))).keeping(np.arange(1, 122), "tokenizer")
        verify(kept, proved, progress=None)


def test_files_that_hold_no_certificates_are_refused(tmp_path, proved):
    with pytest.raises(NotFoundError, match="there is no file"):
        Certificates.load(tmp_path / "none.npz")
    path = tmp_path / "wrong.npz"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(FormatError, match="holds no certificates"):
        Certificates.load(path)
    np.savez(path, status=np.zeros(3))
    with pytest.raises(FormatError, match="holds no certificates"):
        Certificates.load(path)
    np.savez(path, **{**vars(proved), "twins": proved.twins + 1000})
    with pytest.raises(FormatError, match="positions of rows that are not there"):
        Certificates.load(path)
    np.savez(path, **{**vars(proved), "scale": proved.scale[1:]})
    with pytest.raises(FormatError, match="scale is an array of float64 and shape"):
        Certificates.load(path)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path, proved):
    with pytest.raises(UsageError, match="there is no folder"):
        proved.save(tmp_path / "none" / "proved.npz")
    assert list(tmp_path.iterdir()) == []
