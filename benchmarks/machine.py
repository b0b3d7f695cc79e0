"""The machine and the libraries that figures belong to."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

from superscope.device import usable_cores


def describe(load: float) -> str:
    """Return a paragraph: CPU, cores, memory, system, versions, date, and the load before."""
    libraries = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("superscope", "numpy", "torch", "numba", "scipy")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Measured on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}: {_cpu()}, "
        f"{usable_cores()} cores, {memory:.0f} GiB memory, "
        f"{platform.system()} {platform.release()}, load {load:.1f} before the run; "
        f"Python {platform.python_version()}, {libraries}."
    )


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    fields: dict[str, str] = {}
    if info.exists():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    name = fields.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in fields:  # hypervisors hide the name but not the numbers
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    return name
