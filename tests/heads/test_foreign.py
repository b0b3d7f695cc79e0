"""Formats that are not read are named, by their first bytes, with the way out."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from files import matrix, safetensors, save, torch_bin

from superscope.errors import FormatError, NotFoundError
from superscope.heads import read_head

W = matrix(30, 6)


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("weights.pt"), io.BytesIO())
    return out.getvalue()


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return out.getvalue()


FORMATS = {
    "model.onnx": (b"\x08\x08\x12\x07pytorch\x1a\x052.4.1:" + bytes(90), "an ONNX model"),
    "saved_model.pb": (b"\x08\x01\x12\xff\x01" + bytes(90), "a SavedModel of TensorFlow"),
    "model.tflite": (b"\x1c\0\0\0TFL3" + bytes(90), "a TFLite model"),
    "model.bin": (struct.pack("<IH", 6, 16) + b"TransformerSpec\0" + bytes(90), "a CTranslate2"),
    "marian.bin": (struct.pack("<2Q4Q", 1, 60, 12, 0x404, 2, 4096) + bytes(90), "a Marian model"),
    "wiki.en.bin": (struct.pack("<2i", 793712314, 12) + bytes(90), "a fastText model"),
    "model.ggml": (b"lmgg" + bytes(90), "a GGML file from before GGUF"),
    "model.nemo": (tar(), "a tar archive"),
    "model.parquet": (b"PAR1" + bytes(90), "a Parquet table"),
    "tf_model.h5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file, as Keras writes"),
    "model.keras": (zipped("metadata.json", "model.weights.h5"), "a Keras model"),
    "weights.bin": (zipped("weights.txt"), "a zip archive but not a PyTorch checkpoint"),
    "flax_model.msgpack": (b"\x82\xa7lm_head\x81\xa6kernel" + bytes(90), "a MessagePack file"),
    "flax.msgpack": (b"\xde\0\x11\xa5model" + bytes(90), "a MessagePack file, as Flax writes"),
    "model.gz": (b"\x1f\x8b\x08" + bytes(90), "a gzip archive"),
    "page.bin": (b"\n<!doctype HTML><title>Sign in</title>", "a web page instead of the file"),
    "index.bin": (b'{"metadata": {"total_size": 1}}', "JSON text"),
    "arrays.pkl": (pickle.dumps({"a": np.ones(3)}), "a pickle, which superscope cannot read"),
    "short.pkl": (pickle.dumps([1.5] * 40, 2), "a pickle"),
    "old.pkl": (pickle.dumps({"a": 1.5, "b": "lm_head" * 9}, 0), "a pickle"),
    "old.bin": (torch_bin({"a": 1}, _use_new_zipfile_serialization=False),
                r"a file in PyTorch's old format \(before 1.6\), which superscope cannot read"),
    "__0_0.distcp": (torch_bin({"a": 1}), "a part of a distributed checkpoint of PyTorch"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_named(name: str, tmp_path: Path) -> None:
    data, message = FORMATS[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(FormatError, match=f"{name} is {message}"):
        read_head(tmp_path / name)


@pytest.mark.parametrize("name", ["tf_model.h5", "model.onnx", "model.tflite", "arrays.pkl"])
def test_a_folder_of_nothing_else_is_named_too(name: str, tmp_path: Path) -> None:
    data, message = FORMATS[name]
    folder = save(tmp_path, {name: data, "config.json": "{}", "training_args.bin": b"PK"})
    with pytest.raises(FormatError, match=message):
        read_head(folder)


def test_onnx_and_ctranslate2_folders_are_named(tmp_path: Path) -> None:
    onnx, translate = FORMATS["model.onnx"][0], FORMATS["model.bin"][0]
    nested = save(tmp_path / "nested", {"config.json": "{}"})
    save(nested / "onnx", {"model_q4.onnx": onnx, "model_q4.onnx_data": bytes(99)})
    for folder in (nested, nested / "onnx", nested / "onnx" / "model_q4.onnx"):
        with pytest.raises(FormatError, match=r"an ONNX model.*measure the checkpoint that it was"):
            read_head(folder)
    with pytest.raises(FormatError, match="onnx_data is the data of an ONNX model"):
        read_head(nested / "onnx" / "model_q4.onnx_data")
    files = {"model.bin": translate, "config.json": "{}", "vocabulary.json": '["a"]'}
    with pytest.raises(FormatError, match=r"a CTranslate2 model.*that it was converted from"):
        read_head(save(tmp_path / "translate", files))


def test_a_folder_of_folders_with_weights_names_them(tmp_path: Path) -> None:
    for name in ("checkpoint-20", "checkpoint-10"):
        save(tmp_path / name, {"model.safetensors": b""})
    with pytest.raises(NotFoundError, match=r"path of one: checkpoint-10, checkpoint-20$"):
        read_head(tmp_path)


def test_folders_whose_files_belong_together(tmp_path: Path) -> None:
    leveldb = bytes.fromhex("57fb808b247547db")
    for stem in ("bert_model.ckpt", "model-1000", "ckpt"):
        parts = {f"{stem}.index": bytes(9) + leveldb, f"{stem}.data-00000-of-00001": bytes(900)}
        folder = save(tmp_path / stem, {**parts, "checkpoint": "model_checkpoint_path: x"})
        for path in (folder, *(folder / part for part in parts)):
            with pytest.raises(FormatError, match=r"checkpoint of TensorFlow.*load_variable"):
                read_head(path)
        with pytest.raises(FormatError, match=f"{stem} is a checkpoint of TensorFlow.*load_var"):
            read_head(folder / stem)
    alone = save(tmp_path / "alone", {"model.ckpt.index": bytes(9) + leveldb})
    with pytest.raises(FormatError, match=r"model.ckpt is a checkpoint of TensorFlow.*load_var"):
        read_head(alone / "model.ckpt")
    with pytest.raises(FormatError, match="a SavedModel of TensorFlow"):
        read_head(save(tmp_path / "tf", {"saved_model.pb": b"\x08\x01\x12"}))
    with pytest.raises(NotFoundError, match="no weights file"):
        read_head(save(tmp_path / "beside", {"optimizer.pt": b"", "training_args.bin": b""}))


def test_a_safetensors_file_is_never_taken_for_another_format(tmp_path: Path) -> None:
    """The first bytes are the header's length, which may spell anything."""
    for pad in range(0, 300, 7):
        data = safetensors({"lm_head.weight": W}, {"pad": "x" * pad})
        head = read_head(save(tmp_path, {"m.safetensors": data}))
        np.testing.assert_array_equal(head.block(0, 30), W)
