"""What tests of documents share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.running import ROOT, run_page


@pytest.fixture
def run(tmp_path: Path) -> Callable[[str], None]:
    """Run a page of docs/ in an empty folder."""
    return lambda name: run_page(ROOT / "docs" / name, tmp_path)
