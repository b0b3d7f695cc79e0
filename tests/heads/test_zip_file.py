"""Zips: what their directory says must be what stands in them."""

from __future__ import annotations

import struct
from pathlib import Path

import hostile
import numpy as np
import pytest
import torch
from files import matrix, torch_bin

from superscope.errors import FormatError
from superscope.heads import read_head

WEIGHT = matrix(6, 4)
VALID = torch_bin({"lm_head.weight": torch.from_numpy(WEIGHT)})
DATA = VALID.index(WEIGHT.tobytes())


def fault(tmp_path: Path, data: bytes, name: str = "m.bin") -> str:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError) as raised:
        read_head(tmp_path / name)
    return str(raised.value)


def patched(at: int, new: bytes, data: bytes = VALID) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def directory_entry(path: bytes, data: bytes = VALID) -> int:
    """Return where the central directory describes an entry."""
    return data.rindex(path) - 46


@pytest.mark.parametrize("byte", [0, 13, 50, 95])
@pytest.mark.parametrize("bit", [0, 6])
def test_a_flipped_bit_is_not_another_number(tmp_path: Path, byte: int, bit: int) -> None:
    at = DATA + byte
    message = fault(tmp_path, patched(at, bytes([VALID[at] ^ 1 << bit])))
    assert "the checksum of archive/data/0 is" in message


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_have_checksums_too(tmp_path: Path, save: object) -> None:
    save(tmp_path / "m.npz", head=WEIGHT)  # type: ignore[operator]
    good = (tmp_path / "m.npz").read_bytes()
    np.testing.assert_array_equal(read_head(tmp_path / "m.npz").block(0, 6), WEIGHT)
    end = good.index(b"PK\x01\x02")
    assert "m.npz" in fault(tmp_path, patched(end - 9, bytes([good[end - 9] ^ 4]), good), "m.npz")


def test_a_file_without_checksums_is_read(tmp_path: Path) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        data = torch_bin({"lm_head.weight": torch.from_numpy(WEIGHT)})
    finally:
        torch.serialization.set_crc32_options(True)
    (tmp_path / "m.bin").write_bytes(data)
    np.testing.assert_array_equal(read_head(tmp_path / "m.bin").block(0, 6), WEIGHT)


def test_encrypted_entries_are_refused(tmp_path: Path) -> None:
    at = directory_entry(b"archive/data/0") + 8
    assert "is encrypted" in fault(tmp_path, patched(at, struct.pack("<H", 0x801)))


def test_a_local_header_must_match_the_directory(tmp_path: Path) -> None:
    at = directory_entry(b"archive/data/0")
    other = VALID.index(b"archive/version") - 30
    swapped = patched(at + 42, struct.pack("<I", other))
    assert "zip entr" in fault(tmp_path, swapped)
    renamed = patched(VALID.index(b"archive/data/0"), b"archive/data/1")
    assert "differs from what the zip directory says of archive/data/0" in fault(tmp_path, renamed)


def test_entries_that_overlap_are_refused(tmp_path: Path) -> None:
    at = directory_entry(b"archive/data/0") + 42
    assert "overlap" in fault(tmp_path, patched(at, bytes(4)))


@pytest.mark.parametrize("axes", [65, 2000])
def test_a_shape_of_many_axes_takes_no_time(tmp_path: Path, axes: int) -> None:
    record = hostile.tensor(shape=(1 << 1000,) * axes, stride=(1,) * axes)
    assert "damaged" in fault(tmp_path, hostile.archive(hostile.state(record)))


def test_a_file_cut_off_after_it_was_opened_is_an_error(tmp_path: Path) -> None:
    """A process that maps such a file is killed by the system (SIGBUS)."""
    np.save(tmp_path / "m.npy", matrix(4000, 64))
    head = read_head(tmp_path / "m.npy")
    head.block(0, 10)
    with (tmp_path / "m.npy").open("r+b") as file:
        file.truncate(2000)
    with pytest.raises(FormatError, match="became shorter while it was read"):
        head.block(1000, 4000)
    with pytest.raises(FormatError, match="became shorter"):
        head.take(np.array([3999]))
