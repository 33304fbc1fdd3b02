"""The pages on tagging archives, on the service and for analysts do what they show.

Each says that a version was trained before; here one was, on a few articles.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.run_pages import ON_A_STORE
from tests.docs.running import ROOT, run_page
from tests.docs.small import put_store


@pytest.mark.parametrize("page", ON_A_STORE)
def test_a_page_runs(page: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    put_store(tmp_path_factory, tmp_path / "newstag" / "models" / "store")
    run_page(ROOT / "docs" / page, tmp_path)
