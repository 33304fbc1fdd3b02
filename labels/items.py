"""An item of a file: a row with its place, or the error that stands for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from labels.errors import InputError

Row = tuple[str, object]  # where it stands, and what stands there
Item = Row | InputError
Reject = Callable[[InputError], None]


def raise_it(error: InputError) -> NoReturn:
    """The strict way to reject a row: stop at the first."""
    raise error
