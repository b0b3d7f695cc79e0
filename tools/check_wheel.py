"""Build wheel and sdist, install the wheel into an empty environment, measure a model there.

Without extras: it also shows that the core needs none, and that an absent one is
named with its install line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from install import install

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str | Path, expect: int = 0, **options: object) -> subprocess.CompletedProcess:
    """Run a command; stop with its output if it does not exit as expected."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )
    if done.returncode != expect:
        sys.exit(f"{command} exited {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def main() -> None:
    """Check the distribution."""
    run(sys.executable, ROOT / "tools" / "fetch_models.py", "minilm", "smollm2", cwd=ROOT)
    with tempfile.TemporaryDirectory() as folder:
        dist, place = Path(folder) / "dist", Path(folder) / "venv"
        # The wheel is built from the sdist, so both are shown to be complete.
        run(sys.executable, "-m", "build", "--installer", "uv", "--outdir", dist, ROOT)
        (wheel,) = dist.glob("*.whl")
        venv.create(place)
        python = place / "bin" / "python"
        if install(python, wheel):
            sys.exit("the wheel cannot be installed")
        # A kernel that runs once is compiled for longer than it runs.
        once = {"HF_HOME": folder, "NUMBA_OPT": "0"}
        outside = {"cwd": folder, "env": {**os.environ, **once}}
        models = ROOT / ".cache" / "models"
        command = [place / "bin" / "superscope", "measure"]
        report = Path(folder) / "report.html"
        measured = run(*command, models / "minilm", "--json", "--report", report, **outside)
        geometry = json.loads(measured.stdout)
        print(
            f"{wheel.name}: {geometry['provenance']['tensor']}, "
            f"mean square overlap {geometry['raw']['mean_square_overlap']:.6g}, "
            f"report of {report.stat().st_size:,} bytes"
        )
        page = Path(folder) / "page"
        run(command[0], "explore", models / "minilm", "--out", page, **outside)
        print(f"page of {len(list(page.rglob('*.js')))} scripts, without node")
        absent = run(*command, models / "smollm2", expect=2, **outside)
        if "pip install 'superscope[gguf]'" not in absent.stderr:
            sys.exit(f"an absent extra is not named: {absent.stderr}")
        print(f"without extras: {absent.stderr.strip()}")
        toy = [place / "bin" / "superscope", "toy"]
        sizes = ["--n", "20", "--width", "3", "--batch", "32", "--steps", "50"]
        print(run(*toy, "train", *sizes, **outside).stdout.splitlines()[0])
        sweep = Path(folder) / "sweep.toml"
        sweep.write_text("n = 20\nwidth = 3\nbatch = 32\nsteps = 50\n")
        absent = run(
            *toy, "sweep", sweep, "--out", folder, "--executor", "dask", expect=2, **outside
        )
        if "pip install 'superscope[cluster]'" not in absent.stderr:
            sys.exit(f"an absent extra is not named: {absent.stderr}")
        text = Path(folder) / "text.txt"
        text.write_text("some text")
        loss = [place / "bin" / "superscope", "loss", models / "minilm", "--text", text]
        absent = run(*loss, expect=2, **outside)
        if "pip install 'superscope[text]'" not in absent.stderr:
            sys.exit(f"an absent extra is not named: {absent.stderr}")
        page = Path(folder) / "law.html"
        law = ["fit", "published-llms", "--law", "width", "--resamples", "0", "--report", page]
        verdict = run(place / "bin" / "superscope", *law, **outside).stdout.splitlines()[0]
        print(f"a law of the shipped table: {verdict} (report of {page.stat().st_size:,} bytes)")


if __name__ == "__main__":
    main()
