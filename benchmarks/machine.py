"""The machine: on what the figures of a benchmark were measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = (
    "newstag",
    "numpy",
    "scipy",
    "scikit-learn",
    "rjieba",
    "jieba",
    "fasttext-wheel",
    "fastapi",
    "starlette",
    "pydantic",
    "uvicorn",
    "uvloop",
    "httptools",
    "orjson",
    "mlflow",
    "click",
)


def machine() -> dict[str, object]:
    """Processor, cores, memory, kernel, Python; neither names nor paths of the machine."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory GiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load average at the end": round(os.getloadavg()[0], 2),
    }


def versions(libraries: Sequence[str] = _LIBRARIES) -> dict[str, str]:
    """The installed ones of the libraries that a figure may hang on."""
    found = {}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
