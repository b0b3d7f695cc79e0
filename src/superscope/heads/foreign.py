"""Recognize file formats that superscope cannot read, and say what to do instead."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from superscope.errors import FormatError
from superscope.heads.transport import RangeFile

_EXPORTED = "measure the checkpoint that it was exported from"
_CONVERTED = "measure the checkpoint that it was converted from"
_UNPACK = "unpack it and pass the path of the file inside"
_LOADED = "load it with its own library and pass the matrix to superscope.measure"
_VARIABLE = (
    "load its matrix with tf.train.load_variable(PATH, NAME) and pass it to superscope.measure"
)
_WHOLE = "pass its folder, which has a .metadata file"


@dataclass(frozen=True)
class Foreign:
    """A format that superscope cannot read.

    Attributes
    ----------
    pattern
        Regular expression for the first bytes.
    what
        Name of such a file, with its article.
    way
        What the user can do instead.
    """

    pattern: bytes
    what: str
    way: str


# Tried in this order.
_FORMATS = (
    Foreign(rb"version https://git-lfs", "a pointer of git-lfs instead of the file",
            "run: git lfs pull"),
    Foreign(rb".{4}TFL3", "a TFLite model", _EXPORTED),
    Foreign(rb"\x08\x01\x12", "a SavedModel of TensorFlow", _LOADED),
    Foreign(rb"\x08[\x02-\x1f][\x12\x1a\x22\x28\x32\x3a\x42]", "an ONNX model", _EXPORTED),
    Foreign(rb".\0\0\0..[A-Za-z0-9]+Spec\0", "a CTranslate2 model", _CONVERTED),
    Foreign(rb"\x01\0{7}.{3}\0{5}.{2}\0{6}", "a Marian model", "convert it with transformers"),
    Foreign(rb"\xba\x16\x4f\x2f", "a fastText model", _LOADED),
    Foreign(rb"lmgg|fmgg|tjgg", "a GGML file from before GGUF", "convert it with llama.cpp"),
    Foreign(rb".{257}ustar", "a tar archive", _UNPACK),
    Foreign(rb"\x1f\x8b", "a gzip archive", _UNPACK),
    Foreign(rb"\x28\xb5\x2f\xfd", "a Zstandard archive", _UNPACK),
    Foreign(rb"\xfd7zXZ\0|BZh[1-9]|7z\xbc\xaf", "a compressed archive", _UNPACK),
    Foreign(rb"PAR1", "a Parquet table", _LOADED),
    Foreign(rb"ARROW1", "an Arrow table", _LOADED),
    Foreign(rb"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes", _LOADED),
    Foreign(rb"MATLAB 5", "a MATLAB file", _LOADED),
    Foreign(rb"SQLite format 3", "an SQLite database", _LOADED),
    Foreign(rb"(?:[\x81-\x8f]|\xde..)(?:[\xa1-\xbf]|\xd9.)[ -~]{2}",
            "a MessagePack file, as Flax writes", _LOADED),
    Foreign(rb"\x80[\x02-\x05].{0,16}\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19",
            "a file in PyTorch's old format (before 1.6)",
            "loading it would run code from it. If you trust it, save it again: "
            "torch.save(torch.load(FILE, weights_only=True), FILE)"),
    Foreign(rb"\x80[\x02-\x05]|\((?:dp|lp|i)|c[\w.]+\n[\w.]+\n",
            "a pickle",
            "loading it would run code from it. If you trust it, load it and save the matrix "
            "with numpy.save"),
    Foreign(rb"(?i)\s*<(?:!doctype|html|head|\?xml|error)", "a web page instead of the file",
            "download the file again"),
    Foreign(rb"\d{1,9} \d{1,6}\r?\n", "a list of word vectors, as word2vec writes", _LOADED),
    Foreign(rb"\s*[{\[]\s*[\"{\[\]}\d]", "JSON text", "name the file with the weights"),
)  # fmt: skip
_LONGEST = 300  # bytes: a tar archive has its mark at byte 257

# Files of a TensorFlow checkpoint: its data, and tables in LevelDB's format, by their last bytes.
_TENSORFLOW = re.compile(r".+\.(data-\d{5}-of-\d{5}|ckpt(-\d+)?\.(index|meta))")
_PART = re.compile(r"\.(data-\d{5}-of-\d{5}|index|meta)")
_LEVELDB = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"

SUFFIXES = (
    ".onnx", ".tflite", ".h5", ".hdf5", ".keras", ".msgpack", ".pb", ".parquet", ".arrow", ".tar",
    ".nemo", ".gz", ".zip", ".pkl", ".pickle", ".joblib", ".vec", ".ftz", ".ot", ".distcp",
)  # fmt: skip
"""Suffixes of files with weights in formats that superscope cannot read."""


def refuse_prefix(path: str, files: Collection[str]) -> None:
    """Raise if a path is that of a TensorFlow checkpoint, which is how its files' names begin.

    Raises
    ------
    FormatError
        The message names the format and says what to do.
    """
    name = PurePosixPath(path).name
    parts = [f for f in files if f.startswith(name) and _PART.fullmatch(f[len(name) :])]
    if any(_TENSORFLOW.fullmatch(part) for part in parts):
        raise _cannot_read(path, "a checkpoint of TensorFlow", _VARIABLE)


def format_of(file: RangeFile) -> Foreign | None:
    """Return the foreign format that a file's first bytes show, or None."""
    start = file.read_at(0, min(_LONGEST, file.size))
    return next((f for f in _FORMATS if re.match(f.pattern, start, re.DOTALL)), None)


def refuse(file: RangeFile) -> None:
    """Raise if the file has a known format that superscope cannot read.

    Raises
    ------
    FormatError
        The message names the format and says what to do.
    """
    last = file.read_at(max(file.size - 8, 0), min(file.size, 8))
    if last == _LEVELDB or _TENSORFLOW.fullmatch(PurePosixPath(file.name).name):
        raise _cannot_read(file.name, "a part of a checkpoint of TensorFlow", _VARIABLE)
    if file.name.endswith((".onnx_data", ".onnx.data")):
        raise _cannot_read(file.name, "the data of an ONNX model", _EXPORTED)
    found = format_of(file)
    if found is not None:
        raise _cannot_read(file.name, found.what, found.way)


def _cannot_read(name: str, what: str, way: str) -> FormatError:
    return FormatError(f"{name} is {what}, which superscope cannot read; {way}")


def refuse_zip(name: str, entries: Collection[str]) -> None:
    """Raise for a zip archive that is not a checkpoint of PyTorch.

    Raises
    ------
    FormatError
        The message names the format if the entries show it.
    """
    if any(entry.endswith(".weights.h5") for entry in entries):
        raise _cannot_read(name, "a Keras model", _LOADED)
    raise FormatError(
        f"{name} is a zip archive but not a PyTorch checkpoint: it must have exactly one "
        f"data.pkl; {_UNPACK}"
    )


def refuse_folder(name: str, files: Collection[str]) -> None:
    """Raise for a folder that is a checkpoint in a format that superscope cannot read.

    Raises
    ------
    FormatError
        The message names the format and says what to do.
    """
    if any(file.endswith(".distcp") for file in files):
        raise _cannot_read(name, "a part of a distributed checkpoint of PyTorch (DCP)", _WHOLE)
    if any(_TENSORFLOW.fullmatch(file) for file in files):
        raise _cannot_read(name, "a checkpoint of TensorFlow", _VARIABLE)
    if "saved_model.pb" in files:
        raise _cannot_read(name, "a SavedModel of TensorFlow", _LOADED)
    if "_METADATA" in files or "_CHECKPOINT_METADATA" in files:
        raise _cannot_read(name, "a checkpoint of Orbax (JAX)", _LOADED)
