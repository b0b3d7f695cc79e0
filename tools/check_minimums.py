"""Install the least versions that pyproject.toml declares; measure, fit, train and score there.

torch alone is the version in use: older ones come with gigabytes for graphics cards.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from importlib.metadata import version
from pathlib import Path

from install import uv_settings

ROOT = Path(__file__).resolve().parent.parent
INPUTS = """
import json, sys, numpy, tokenizers, torch, transformers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
words = tokenizers.models.WordLevel({"<s>": 0, "a": 1, "b": 2}, unk_token="<s>")
tokenizer = tokenizers.Tokenizer(words)
tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
torch.manual_seed(0)
config = GPT2Config(vocab_size=3, n_positions=32, n_embd=8, n_layer=1, n_head=2,
                    bos_token_id=0, eos_token_id=0)
GPT2LMHeadModel(config).save_pretrained("model")
PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>").save_pretrained("model")
numpy.save("head.npy", numpy.random.default_rng(0).standard_normal((300, 16), "f"))
open("text.txt", "w").write("a b " * 12)
open("sweep.toml", "w").write(
    "n = 20\\nengine = 'torch'\\nwidth = [3, 4]\\nbatch = 32\\nsteps = 30\\n")
open("runs.csv", "w").write("width,loss\\n" + "".join(
    f"{m},{2 + 9 / m + 1e-3 * (-1) ** i}\\n" for i, m in enumerate((64, 96, 128, 192, 256, 384))))
"""
RUN = """
from superscope.cli import main
for words in sys.argv[1:]:
    try:
        main(words.split())
    except SystemExit as left:
        if left.code:
            sys.exit(f"superscope {words} exited {left.code}")
"""
COMMANDS = (
    "measure head.npy --json --report page.html --table heads.parquet",
    "fit runs.csv --law power --x width --resamples 100 --json",
    "toy sweep sweep.toml --out sweep --workers 1",
    "loss model --text text.txt --json",
)


def run(*command: str | Path, **options: object) -> str:
    """Run a command and return its output; stop with it if it fails."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} exited {done.returncode}:\n"
                 f"{done.stdout}\n{done.stderr}")  # fmt: skip
    return done.stdout


def main() -> None:
    """Check the declared minimums."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "venv")
        python = place / "venv" / "bin" / "python"
        override = place / "override.txt"
        override.write_text(f"torch=={version('torch')}\n")
        least = ["--resolution", "lowest-direct", "--override", override]
        uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python]
        run(*uv, *least, f"superscope[text] @ {ROOT.as_uri()}", env=uv_settings())
        # A kernel that runs once is compiled for longer than it runs.
        outer = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        once = {"HF_HOME": folder, "HF_HUB_OFFLINE": "1", "NUMBA_OPT": "0"}
        inside = {"cwd": folder, "env": {**outer, **once}}
        # All in one process: most of a command's time is the import of torch.
        run(python, "-c", INPUTS + RUN, *COMMANDS, **inside)
    print("run with the least versions:", *COMMANDS, sep="\n  superscope ")
    print(f"declared: {', '.join(declared)}")


if __name__ == "__main__":
    main()
