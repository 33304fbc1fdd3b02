"""The pages on tagging archives, on the service and for analysts do what they show.

Each says that a version was trained before; here one was, on a few articles.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.running import ROOT, run_page
from tests.docs.small import put_store


@pytest.mark.parametrize("page", ["archive.md", "service.md", "analysts.md"])
def test_a_page_runs(page: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    put_store(tmp_path_factory, tmp_path / "newstag" / "models" / "store")
    run_page(ROOT / "docs" / page, tmp_path)
