"""A head larger than the memory there is: read in blocks, measured by the Gram route."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

V, M, COPIES = 131_072, 256, 64  # 134 MB in float32, 67 MB in bfloat16
LIMIT = 64 << 20  # of address space, for all that is done with the head

# The imports come before the limit, which is what they leave room for, no more.
SCRIPT = """
import json, resource, sys
import numpy as np
import superscope

superscope.measure(np.eye(300, dtype=np.float32)[:290], pairs=sys.argv[3])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    np.ones((131_072, 256), np.float32)
except MemoryError:
    pass
else:
    sys.exit("the limit holds nothing back")
geometry = superscope.measure(sys.argv[1], pairs=sys.argv[3])
print(json.dumps([
    [o.mean_square_overlap, o.mean_overlap, o.pairs and o.pairs.mean_absolute,
     o.pairs and o.pairs.mean_absolute_se] for o in geometry.overlaps
]))
"""


def expected(rows: np.ndarray, center: np.ndarray | float) -> tuple[float, float, float]:
    """Mean of c², of c and of |c| of a head that is `COPIES` times these rows."""
    wide = rows.astype(np.float64) - center
    unit = wide / np.linalg.norm(wide, axis=1, keepdims=True)
    overlaps = unit @ unit.T

    def mean(values: np.ndarray) -> float:  # a row with itself, not with its copies, is left out
        return (COPIES**2 * values.sum() - V) / (V * (V - 1))

    return mean(overlaps**2), mean(overlaps), mean(np.abs(overlaps))


def write_npy(path: Path, rows: np.ndarray) -> None:
    with path.open("wb") as file:
        header = {"descr": rows.dtype.str, "fortran_order": False, "shape": (V, M)}
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(COPIES):
            rows.tofile(file)


def write_bfloat16(path: Path, rows: np.ndarray) -> None:
    tensor = {"dtype": "BF16", "shape": [V, M], "data_offsets": [0, 2 * V * M]}
    header = json.dumps({"lm_head.weight": tensor}).encode()
    upper = (rows.view(np.uint32) >> 16).astype(np.uint16)
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for _ in range(COPIES):
            upper.tofile(file)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits memory as Linux does")
@pytest.mark.parametrize(("kind", "pairs"), [("float32", "none"), ("bfloat16", "sample")])
def test_a_head_larger_than_memory_is_measured(kind: str, pairs: str, tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((V // COPIES, M), np.float32) + np.float32(0.2)
    if kind == "bfloat16":
        rows = (rows.view(np.uint32) & 0xFFFF0000).view(np.float32)
        path = tmp_path / "model.safetensors"
        write_bfloat16(path, rows)
    else:
        path = tmp_path / "head.npy"
        write_npy(path, rows)
    assert path.stat().st_size > LIMIT
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, path, str(LIMIT), pairs],
        capture_output=True, text=True, check=False,
        # Each thread of BLAS has its buffers: one leaves most of the room to the head.
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    path.unlink()
    assert run.returncode == 0, run.stderr
    for measured, center in zip(
        json.loads(run.stdout), (0.0, rows.mean(0, np.float64)), strict=True
    ):
        square, mean, absolute = expected(rows, center)
        assert measured[0] == pytest.approx(square, rel=1e-6)
        assert measured[1] == pytest.approx(mean, rel=1e-5, abs=1e-8)
        if pairs == "sample":
            assert abs(measured[2] - absolute) < 4 * measured[3]
