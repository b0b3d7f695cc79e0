"""Install packages into an environment, with the versions of constraints.txt.

    python tools/install.py ENVIRONMENT/bin/python REQUIREMENT...

uv installs in seconds what takes pip minutes. It is told where pip looks for packages. Where uv
cannot install, pip does. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"
# Settings of uv, with those of pip that say the same.
SETTINGS = {
    "UV_DEFAULT_INDEX": "index-url",
    "UV_INDEX": "extra-index-url",
    "UV_FIND_LINKS": "find-links",
    "SSL_CERT_FILE": "cert",
}


def install(python: str | Path, *requirements: str | Path) -> int:
    """Install requirements into the environment of `python`; return the exit code."""
    wanted = ["--constraint", CONSTRAINTS, *requirements]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    run = subprocess.run([*uv, *wanted], check=False, env=uv_settings())
    if run.returncode == 0:
        return 0
    print("uv did not install it; pip tries", file=sys.stderr)
    return subprocess.run([*pip, "install", "--quiet", *wanted], check=False).returncode


def uv_settings() -> dict[str, str]:
    """Return the environment for uv: this one, and what pip's settings say."""
    environment = {"UV_INDEX_STRATEGY": "unsafe-best-match", **os.environ}  # as pip chooses
    for name, setting in SETTINGS.items():
        value = os.environ.get(f"PIP_{setting.upper().replace('-', '_')}") or configured(setting)
        if value:
            joint = "," if name == "UV_FIND_LINKS" else " "
            environment.setdefault(name, joint.join(value.split()))
    return environment


def configured(setting: str) -> str:
    """Return what pip's configuration files say of a setting, or nothing."""
    command = [sys.executable, "-m", "pip", "config", "get", f"global.{setting}"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(install(*sys.argv[1:]))
