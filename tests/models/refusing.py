"""What a store says when it refuses, for tests of several of its sides."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labels.errors import StateError


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(StateError) as refused:
        act()
    return str(refused.value)
