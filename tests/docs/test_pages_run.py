"""The pages on tagging archives, on the service and for analysts do what they show.

Each says that a version was trained before; here one was, on a few articles.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.docs.run_pages import ON_A_STORE


@pytest.mark.parametrize("page", ON_A_STORE)
def test_a_page_runs(run: Callable[[str], None], page: str) -> None:
    run(page)
