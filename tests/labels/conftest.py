from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from labels.scheme import Scheme, shipped_scheme


@pytest.fixture
def scheme() -> Scheme:
    return shipped_scheme()


@pytest.fixture
def write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str | bytes | list[object]], str]:
    """Write a file and give its name, which is short because the test runs beside it.

    A list of rows becomes JSON lines.
    """
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, content: str | bytes | list[object]) -> str:
        if isinstance(content, list):
            content = "".join(json.dumps(row) + "\n" for row in content)
        if isinstance(content, str):
            content = content.encode()
        Path(name).write_bytes(content)
        return name

    return write_file
