"""PyTorch checkpoints: what torch.save writes is read without executing it."""

from __future__ import annotations

import argparse
import datetime
import io
import struct
import sys
import types
import zipfile
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import hostile
import numpy as np
import pytest
import torch
from files import matrix, torch_bin

from superscope.errors import FormatError, SuperscopeError
from superscope.heads import FileRows, Head, read_head
from superscope.heads.torch_file import read_directory
from superscope.heads.transport import open_local

DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn, "F8_E5M2": torch.float8_e5m2,
}  # fmt: skip
W = torch.from_numpy(matrix(40, 6))


def read(tmp_path: Path, state: Any, **options: Any) -> Head:
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(torch_bin(state))
    return read_head(path, **options)


def whole(head: Head) -> np.ndarray:
    return head.block(0, head.features)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype: str, tmp_path: Path) -> None:
    values = W.to(DTYPES[dtype])
    head = read(tmp_path, {"a": torch.ones(3), "lm_head.weight": values})
    np.testing.assert_array_equal(whole(head), values.float().numpy())
    assert head.provenance.dtype == dtype
    assert isinstance(head.stored, FileRows), "mapped, not loaded"


def test_views_of_a_shared_storage(tmp_path: Path) -> None:
    flat = torch.from_numpy(matrix(1, 500))[0]
    state = {"wte.weight": flat[100:340].view(40, 6), "other": flat[:100], "bias": flat[7:20]}
    head = read(tmp_path, state)
    np.testing.assert_array_equal(whole(head), state["wte.weight"].numpy())
    half = flat.view(torch.bfloat16)[6:480].view(79, 6)
    np.testing.assert_array_equal(
        whole(read(tmp_path, {"lm_head.weight": half})), half.float().numpy()
    )


@pytest.mark.parametrize("dtype", ["F32", "BF16", "F8_E4M3"])
def test_a_transposed_head(dtype: str, tmp_path: Path) -> None:
    columns = W.T.contiguous().to(DTYPES[dtype])
    head = read(tmp_path, {"lm_head.weight": columns.T, "a": torch.ones(2)})
    np.testing.assert_array_equal(whole(head), columns.T.float().numpy())


@pytest.mark.parametrize("view", [W[:, :4], W[::2], W.expand(2, 40, 6)[0][:, ::3]])
def test_a_view_with_gaps_is_refused_in_words(view: torch.Tensor, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"lm_head.weight is a view with gaps.*a contiguous copy"):
        read(tmp_path, {"lm_head.weight": view})


def test_views_that_nobody_asks_for_do_not_matter(tmp_path: Path) -> None:
    state = {"mask": torch.ones(1).expand(500, 500), "part": W[:, :2], "lm_head.weight": W,
             "empty": torch.ones(0, 3), "number": torch.tensor(3), "ids": torch.arange(4),
             "flags": torch.ones(2, dtype=torch.bool), "waves": torch.ones(2, dtype=torch.cfloat),
             }  # fmt: skip
    np.testing.assert_array_equal(whole(read(tmp_path, state)), W.numpy())


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"state_dict": state, "epoch": 3, "loss": 0.5, "done": True, "name": "x"},
        lambda state: {"model": {"module": OrderedDict(state)}, "args": ["a", ("b", None)]},
        lambda state: {k: torch.nn.Parameter(v) for k, v in state.items()},
        OrderedDict,
    ],
)
def test_nested_dicts_and_parameters(wrap: Any, tmp_path: Path) -> None:
    head = read(tmp_path, wrap({"lm_head.weight": W, "model.norm.weight": torch.ones(6)}))
    np.testing.assert_array_equal(whole(head), W.numpy())
    assert str(head.provenance.tensor).endswith("lm_head.weight")


def test_what_a_module_saves(tmp_path: Path) -> None:
    """A module's state dict carries _metadata, which the pickle sets by BUILD."""
    module = torch.nn.Module()
    module.lm_head = torch.nn.Linear(6, 40, bias=False)
    head = read(tmp_path, module.state_dict())
    np.testing.assert_array_equal(whole(head), module.lm_head.weight.detach().numpy())


def test_a_lone_tensor(tmp_path: Path) -> None:
    np.testing.assert_array_equal(whole(read(tmp_path, W)), W.numpy())


def test_protocols_and_a_repacked_zip(tmp_path: Path) -> None:
    path = tmp_path / "m.bin"
    for protocol in (2, 3, 4, 5):
        path.write_bytes(torch_bin({"lm_head.weight": W}, pickle_protocol=protocol))
        np.testing.assert_array_equal(whole(read_head(path)), W.numpy())
    out = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, before.read(name))
    path.write_bytes(out.getvalue())
    np.testing.assert_array_equal(whole(read_head(path)), W.numpy())


def test_the_file_made_by_hand_is_one_that_torch_reads(tmp_path: Path) -> None:
    """So that the hostile ones differ from a good one by their fault alone."""
    path = tmp_path / "m.bin"
    path.write_bytes(hostile._VALID_BIN)
    loaded = torch.load(path, weights_only=True)["lm_head.weight"]
    np.testing.assert_array_equal(whole(read_head(path)), loaded.numpy())


def test_the_format_before_1_6_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "old.bin"
    path.write_bytes(torch_bin({"lm_head.weight": W}, _use_new_zipfile_serialization=False))
    with pytest.raises(FormatError, match=r"old format .*save it again: torch.save\(torch.load\("):
        read_head(path)


class Attack:
    """What torch.save would pickle as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def test_no_pickle_is_executed(tmp_path: Path) -> None:
    import os
    import subprocess

    marker = tmp_path / "marker"
    for attack in (
        Attack(os.system, f"touch {marker}"),
        Attack(subprocess.check_call, ["touch", str(marker)]),
        Attack(eval, f"open({str(marker)!r}, 'w')"),
        Attack(marker.touch),
        Attack(getattr, marker, "touch"),
    ):
        for state in ({"lm_head.weight": W, "extra": attack}, {"lm_head.weight": attack}):
            with pytest.raises(FormatError, match=r"uses .*; superscope did not run it"):
                read(tmp_path, state)
    assert not marker.exists()
    # The attack is a real one: Python's own unpickler does fall for it.
    import pickle

    pickle.loads(pickle.dumps(Attack(os.system, f"touch {marker}")))
    assert marker.exists()


def test_a_file_cut_anywhere(tmp_path: Path) -> None:
    data = torch_bin({"a": torch.ones(30), "lm_head.weight": W})
    path = tmp_path / "m.bin"
    for cut in [*range(1, 200, 7), *range(200, len(data) - 1, 61), len(data) - 1]:
        path.write_bytes(data[:cut])
        with pytest.raises(SuperscopeError) as raised:
            read_head(path)
        assert "m.bin" in str(raised.value)


def test_a_directory_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "m.bin"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 3_000_000_000, 0, 0)
    with path.open("wb") as file:
        file.write(b"PK\3\4")
        file.truncate(3_000_000_000)  # takes no room
        file.seek(0, 2)
        file.write(end)
    with pytest.raises(
        FormatError, match=r"m\.bin is damaged: its zip directory has 3,000,000,000"
    ):
        read_head(path)


def test_only_the_directory_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.bin"
    path.write_bytes(torch_bin({"big": torch.zeros(1 << 18), "lm_head.weight": W}))
    with open_local(path) as file:
        seen = []
        read_at = file.read_at
        file.read_at = lambda start, length: (seen.append(length), read_at(start, length))[1]  # type: ignore[method-assign]
        directory = read_directory(file)
    assert set(directory.tensors) == {"big", "lm_head.weight"}
    assert sum(seen) < 4_000


class AttributeDict(dict):  # type: ignore[type-arg]
    """As Lightning saves its settings."""


AttributeDict.__module__, AttributeDict.__qualname__ = (
    "lightning.fabric.utilities.data", "AttributeDict")  # fmt: skip


def test_a_checkpoint_of_lightning_in_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the tensors lie paths, counters and settings, which are read as nothing."""
    parts = AttributeDict.__module__.split(".")
    for count in range(1, len(parts) + 1):
        module = types.ModuleType(".".join(parts[:count]))
        module.AttributeDict = AttributeDict  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    state = {
        "epoch": 3,
        "state_dict": OrderedDict({"model.lm_head.weight": W}),
        "hyper_parameters": AttributeDict(path=PurePosixPath("runs/1"), names={"a", "b"}),
        "args": argparse.Namespace(
            lr=0.1, since=datetime.datetime(2026, 1, 2), share=np.float64(2)
        ),
        "loops": {"seen": Counter("aab"), "by_name": defaultdict(int, a=1)},
    }
    (tmp_path / "last.ckpt").write_bytes(torch_bin(state))
    (tmp_path / "hparams.yaml").write_text("lr: 0.1")
    np.testing.assert_array_equal(whole(read_head(tmp_path)), W.numpy())
