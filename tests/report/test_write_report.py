from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

import superscope
from superscope.errors import UsageError
from superscope.geometry import Geometry


def test_it_writes_one_file(tmp_path: Path, random_geometry: Geometry) -> None:
    target = tmp_path / "report.html"
    superscope.write_report([random_geometry], target)
    assert list(tmp_path.iterdir()) == [target]
    page = target.read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert len(page) < 500_000


def test_no_model_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least one"):
        superscope.write_report([], tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_named(random_geometry: Geometry) -> None:
    with pytest.raises(UsageError, match="cannot write /dev/full: No space left on device"):
        superscope.write_report([random_geometry], Path("/dev/full"))


@pytest.mark.parametrize("existed", [True, False])
def test_a_write_that_fails_halfway_leaves_everything_as_it_was(
    tmp_path: Path, random_geometry: Geometry, existed: bool
) -> None:
    target = tmp_path / "report.html"
    if existed:
        target.write_text("what was there")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # fails as a full disk does
    try:
        with pytest.raises(UsageError, match=r"cannot write .*report\.html: File too large"):
            superscope.write_report([random_geometry], target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [p.name for p in tmp_path.iterdir()] == (["report.html"] if existed else [])
    assert not existed or target.read_text() == "what was there"


def test_a_missing_folder_is_named(tmp_path: Path, random_geometry: Geometry) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        superscope.write_report([random_geometry], tmp_path / "none" / "report.html")


def test_importing_superscope_does_not_import_matplotlib() -> None:
    code = "import sys, superscope; print(sorted({'matplotlib', 'jinja2'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
