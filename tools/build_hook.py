"""Bundle the explorer's front end when the package is built, so that users need no node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEnd(BuildHookInterface):
    """Hatch's hook: it runs before the files of a wheel or a source distribution are listed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is stale; where there is no node, an editable installation goes without."""
        source = Path(self.root) / "frontend"
        if not source.is_dir():  # a source distribution carries the bundle
            return
        npm = shutil.which("npm")
        if npm is None:
            if version == "editable":
                self.app.display_warning(
                    "no npm, so superscope explore has no page to write; install node, then make "
                    "frontend"
                )
                return
            raise RuntimeError("the explorer's front end is built with npm; install node 20")
        installed, lock = source / "node_modules", source / "package-lock.json"
        if not installed.is_dir() or installed.stat().st_mtime < lock.stat().st_mtime:  # as make
            subprocess.run([npm, "ci", "--silent"], cwd=source, check=True)
            installed.touch()
        subprocess.run([npm, "run", "--silent", "build"], cwd=source, check=True)
